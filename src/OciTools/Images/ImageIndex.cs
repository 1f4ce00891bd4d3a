using System.Text.Json;

namespace OciTools;

/// <summary>An OCI image index or Docker manifest list: one image for several platforms (OCI image-spec, image-index.md).</summary>
public sealed class ImageIndex : ManifestDocument
{
    internal ImageIndex(string image, byte[] bytes, Digest digest, string mediaType, JsonFields fields)
        : base(image, bytes, digest, mediaType, fields)
    {
        if (!fields.Has("manifests")) throw fields.Missing("manifests");
        List<Descriptor> manifests = [];
        foreach ((JsonElement element, string path) in fields.Array("manifests")) manifests.Add(Descriptor.Read(element, path));
        Manifests = manifests;
    }

    /// <summary>The entries, in the order of the document; attestations are among them.</summary>
    public IReadOnlyList<Descriptor> Manifests { get; }

    /// <summary>The platforms that the entries state, without attestations.</summary>
    public IReadOnlyList<string> Platforms => [.. Manifests.Where(m => !m.IsAttestation && m.Platform is not null).Select(m => m.Platform!)];
}
