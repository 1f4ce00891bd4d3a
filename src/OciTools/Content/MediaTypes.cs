namespace OciTools;

/// <summary>The media types of images (OCI image-spec, media-types.md; Docker image manifest version 2).</summary>
public static class MediaTypes
{
    /// <summary>OCI image index.</summary>
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>OCI image manifest.</summary>
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>OCI image config.</summary>
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>OCI empty descriptor.</summary>
    public const string OciEmpty = "application/vnd.oci.empty.v1+json";

    /// <summary>OCI layer, not compressed.</summary>
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>OCI layer, gzip.</summary>
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>OCI layer, zstd.</summary>
    public const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>Docker manifest list.</summary>
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Docker image manifest version 2, schema 2.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker image config.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>Docker layer, gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Docker layer, not compressed.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Docker image manifest version 2, schema 1.</summary>
    public const string DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

    /// <summary>Docker image manifest version 2, schema 1, signed.</summary>
    public const string DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// <summary>Whether the type is an OCI index or a Docker manifest list.</summary>
    /// <param name="mediaType">A media type without parameters.</param>
    public static bool IsIndex(string? mediaType) => mediaType is OciIndex or DockerList;

    /// <summary>Whether the type is an OCI or Docker image manifest.</summary>
    /// <param name="mediaType">A media type without parameters.</param>
    public static bool IsManifest(string? mediaType) => mediaType is OciManifest or DockerManifest;

    /// <summary>Whether the type is schema 1, signed or not.</summary>
    /// <param name="mediaType">A media type without parameters.</param>
    public static bool IsSchema1(string? mediaType) => mediaType is DockerSchema1 or DockerSchema1Signed;

    /// <summary>Whether the type says which of the known manifest documents it is, so that the body may not say otherwise.</summary>
    /// <param name="mediaType">A media type without parameters.</param>
    public static bool IsKnownManifest(string? mediaType) => IsIndex(mediaType) || IsManifest(mediaType) || IsSchema1(mediaType);

    /// <summary>Whether the type is the config of a container image.</summary>
    /// <param name="mediaType">A media type without parameters.</param>
    public static bool IsImageConfig(string? mediaType) => mediaType is OciConfig or DockerConfig;

    /// <summary>
    /// Whether a layer need not be where its manifest is, since who made it does not let others pass it on (OCI image-spec, layer.md,
    /// Non-Distributable Layers; Docker's foreign layers).
    /// </summary>
    /// <param name="mediaType">The media type of a layer.</param>
    internal static bool IsNonDistributable(string mediaType) =>
        mediaType.StartsWith("application/vnd.oci.image.layer.nondistributable.v1.tar", StringComparison.Ordinal)
        || mediaType.StartsWith("application/vnd.docker.image.rootfs.foreign.diff.tar", StringComparison.Ordinal);

    /// <summary>The type of a header value: without parameters, in lower case; null for none.</summary>
    /// <param name="header">A Content-Type header.</param>
    public static string? FromHeader(string? header)
    {
        if (string.IsNullOrWhiteSpace(header)) return null;
        int end = header.IndexOf(';', StringComparison.Ordinal);
#pragma warning disable CA1308 // media types are compared without case and written in lower case
        return (end < 0 ? header : header[..end]).Trim().ToLowerInvariant();
#pragma warning restore CA1308
    }

    /// <summary>What a layer's media type says about its compression: <c>gzip</c>, <c>zstd</c>, <c>none</c>, or null if it says nothing.</summary>
    /// <param name="mediaType">The media type of a layer.</param>
    public static string? CompressionOf(string? mediaType)
    {
        if (string.IsNullOrEmpty(mediaType)) return null;
        if (mediaType.EndsWith("+gzip", StringComparison.Ordinal) || mediaType.EndsWith(".tar.gzip", StringComparison.Ordinal)) return "gzip";
        if (mediaType.EndsWith("+zstd", StringComparison.Ordinal) || mediaType.EndsWith(".tar.zstd", StringComparison.Ordinal)) return "zstd";
        return mediaType.EndsWith(".tar", StringComparison.Ordinal) ? "none" : null;
    }
}
