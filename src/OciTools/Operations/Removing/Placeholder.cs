using System.Text;

namespace OciTools.Operations.Removing;

/// <summary>A manifest that is like no other, to stand under a tag for the moment in which the tag is removed with it.</summary>
internal static class Placeholder
{
    private static readonly byte[] s_config = "{}"u8.ToArray();

    /// <summary>The config of all placeholders (OCI image-spec, Guidance for an Empty Descriptor).</summary>
    internal static Descriptor Config { get; } = new("application/vnd.oci.empty.v1+json", Digest.Compute(s_config), s_config.Length);

    internal static Stream OpenConfig() => new MemoryStream(s_config, writable: false);

    /// <summary>Makes one.</summary>
    /// <param name="name">The tag.</param>
    /// <param name="like">What stands under the tag: a registry that takes that takes this.</param>
    internal static ManifestDocument Make(ImageLocation name, ManifestDocument like)
    {
        bool isDocker = like.MediaType is MediaTypes.DockerList or MediaTypes.DockerManifest;
        (string type, string config) = isDocker ? (MediaTypes.DockerManifest, MediaTypes.DockerConfig) : (MediaTypes.OciManifest, Config.MediaType);
        string json = $$"""
            {"schemaVersion":2,"mediaType":"{{type}}","config":{"mediaType":"{{config}}","digest":"{{Config.Digest}}","size":{{Config.Size}}},"layers":[],"annotations":{"io.github.ocitools.removing":"{{Guid.NewGuid():n}}"} }
            """;
        return ManifestDocument.Parse(Encoding.UTF8.GetBytes(json), name.ToString(), type);
    }
}
