using System.Collections.Frozen;
using System.Text.Json;

namespace OciTools;

/// <summary>
/// What the name of an image points at: an <see cref="ImageManifest"/> or an <see cref="ImageIndex"/>. It is parsed from exact bytes,
/// keeps them, and is refused when it can be read two ways (OCI image-spec 1.1, manifest.md and image-index.md; Docker image manifest
/// version 2, schema 2; GHSA-mc8v-mgrf-8f4m gives the reason).
/// </summary>
public abstract class ManifestDocument
{
    private static readonly FrozenSet<string> s_keys = FrozenSet.Create(StringComparer.Ordinal,
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations", "fsLayers");

    private readonly byte[] _bytes;
    private readonly Digest _digest;

    private protected ManifestDocument(string image, byte[] bytes, Digest digest, string mediaType, JsonFields fields)
    {
        Image = image;
        _bytes = bytes;
        _digest = digest;
        MediaType = mediaType;
        ArtifactType = fields.String("artifactType") is { Length: > 0 } type ? type : null;
        Subject = fields.Value("subject") is { } subject ? Descriptor.Read(subject, fields.PathOf("subject")) : null;
        Annotations = (IReadOnlyDictionary<string, string>?)Descriptor.ReadAnnotations(fields) ?? FrozenDictionary<string, string>.Empty;
    }

    /// <summary>The canonical name of exactly this document, usable as input.</summary>
    public string Image { get; }

    /// <summary>The digest of the exact bytes.</summary>
    public string Digest => _digest.ToString();

    /// <summary>The media type of the document.</summary>
    public string MediaType { get; }

    /// <summary>The type of artifact that the document states; null for a container image.</summary>
    public string? ArtifactType { get; }

    /// <summary>The manifest that this one refers to, as a signature refers to an image; null for none.</summary>
    public Descriptor? Subject { get; }

    /// <summary>Annotations; empty for none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; }

    /// <summary>The size of the document itself, in bytes.</summary>
    public long Size => _bytes.Length;

    /// <summary>The exact bytes, whose digest is <see cref="Digest"/>; fields that no specification knows are in them.</summary>
    public byte[] GetBytes() => (byte[])_bytes.Clone();

    /// <summary>The digest as a typed identity.</summary>
    public Digest GetDigest() => _digest;

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;

    /// <summary>Media type, digest and size of this document.</summary>
    internal Descriptor ToDescriptor() => new(MediaType, _digest, _bytes.Length, artifactType: ArtifactType, annotations: Annotations);

    /// <summary>The type by which a list of referrers shows it: its own, else that of its config (OCI distribution-spec, Listing Referrers).</summary>
    internal string? ReferrerType => ArtifactType ?? (this as ImageManifest)?.Config.MediaType;

    /// <summary>Checks how deep indexes nest.</summary>
    /// <param name="depth">How many indexes stand above this document.</param>
    /// <exception cref="MalformedException">There are too many (<c>MalformedDocument</c>).</exception>
    internal void RequireDepth(int depth)
    {
        if (depth > Limits.IndexDepth) throw ErrorCatalogue.MalformedDocument.Error($"The index {DisplayText.Excerpt(Image)} nests indexes more than {Limits.IndexDepth} deep.");
    }

    /// <summary>The exact bytes, not copied.</summary>
    internal ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Parses a manifest or an index.</summary>
    /// <param name="bytes">The exact bytes; not copied, so they must not change.</param>
    /// <param name="image">The name of the document, for <see cref="Image"/> and for messages.</param>
    /// <param name="mediaType">What the descriptor or the server calls it; a generic type yields to the document's own.</param>
    /// <param name="digest">The digest that the bytes were checked against; null computes sha256.</param>
    /// <exception cref="MalformedException">The document breaks the specification (<c>MalformedDocument</c>) or can be read two ways (<c>AmbiguousDocument</c>).</exception>
    /// <exception cref="UnsupportedException">It is schema 1 (<c>ManifestSchema1</c>), or no manifest at all (<c>UnsupportedContent</c>).</exception>
    /// <exception cref="IntegrityException">Content embedded in a descriptor is not what the descriptor states (<c>DigestMismatch</c>).</exception>
    /// <exception cref="RefusedException">It is larger than <see cref="Limits.Manifest"/> (<c>TooLarge</c>).</exception>
    public static ManifestDocument Parse(byte[] bytes, string image, string? mediaType = null, Digest? digest = null) =>
        Parse(bytes, image, mediaType, digest, Limits.Manifest);

    /// <summary>The same under another limit: the index of a layout may be larger than what a registry takes.</summary>
    internal static ManifestDocument Parse(byte[] bytes, string image, string? mediaType, Digest? digest, int limit)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        string what = $"manifest of {DisplayText.Excerpt(image)}";
        if (bytes.Length > limit) throw BoundedReading.TooLarge($"The {what}", limit);
        digest ??= OciTools.Digest.Compute(bytes);

        JsonFields fields = JsonFields.Parse(bytes, what, s_keys, out JsonDocument document);
        using (document)
        {
            string ownType = Decide(fields, MediaTypes.FromHeader(mediaType), what);
            return MediaTypes.IsIndex(ownType)
                ? new ImageIndex(image, bytes, digest, ownType, fields)
                : new ImageManifest(image, bytes, digest, ownType, fields);
        }
    }

    // Which of the known documents this is; every sign in it and around it must agree.
    private static string Decide(JsonFields fields, string? outerType, string what)
    {
        string? innerType = fields.String("mediaType");
        long? version = fields.Int64("schemaVersion");
        bool hasManifests = fields.Has("manifests");
        if (fields.Has("fsLayers") && (hasManifests || fields.Has("layers") || fields.Has("config")))
            throw TwoWays(what, "'fsLayers' beside 'manifests', 'layers' or 'config'");
        if (version == 1 || MediaTypes.IsSchema1(innerType) || (MediaTypes.IsSchema1(outerType) && !MediaTypes.IsKnownManifest(innerType)) || fields.Has("fsLayers"))
            throw ErrorCatalogue.ManifestSchema1.Error($"The {what} is a Docker image manifest of schema 1.");
        if (hasManifests && (fields.Has("layers") || fields.Has("config")))
            throw TwoWays(what, "'manifests' beside 'layers' or 'config'");
        if (MediaTypes.IsKnownManifest(innerType) && MediaTypes.IsKnownManifest(outerType) && innerType != outerType)
            throw TwoWays(what, $"it calls itself {innerType}, and what points at it calls it {outerType}");
        if (version is not null and not 2)
            throw ErrorCatalogue.MalformedDocument.Error($"The {what} has schemaVersion {version}, not 2.");

        bool hasImage = fields.Has("layers") || fields.Has("config");
        string? type = MediaTypes.IsKnownManifest(innerType) ? innerType : null;
        if (type is null && innerType is { Length: > 0 })
            throw ErrorCatalogue.UnsupportedContent.Error($"The {what} is a document of the type '{DisplayText.Excerpt(innerType, 100)}', not an image manifest or index.");
        type ??= MediaTypes.IsKnownManifest(outerType) ? outerType : null;
        type ??= hasManifests ? MediaTypes.OciIndex : hasImage ? MediaTypes.OciManifest : null;
        if (type is null)
            throw ErrorCatalogue.UnsupportedContent.Error($"The {what} is neither an image manifest nor an index: it has no 'manifests', 'layers' or 'config'.");
        if (version is null) throw fields.Missing("schemaVersion");

        if (MediaTypes.IsIndex(type) && hasImage) throw TwoWays(what, $"it is called {type} and has 'layers' or 'config'");
        if (MediaTypes.IsManifest(type) && hasManifests) throw TwoWays(what, $"it is called {type} and has 'manifests'");
        return type;
    }

    private static OciException TwoWays(string what, string why) => ErrorCatalogue.AmbiguousDocument.Error($"The {what} can be read in two ways: {why}.");
}
