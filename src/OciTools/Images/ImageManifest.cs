using System.Text.Json;

namespace OciTools;

/// <summary>The manifest of one image or artifact: its config and its layers (OCI image-spec, manifest.md).</summary>
public sealed class ImageManifest : ManifestDocument
{
    internal ImageManifest(string image, byte[] bytes, Digest digest, string mediaType, JsonFields fields)
        : base(image, bytes, digest, mediaType, fields)
    {
        if (fields.Value("config") is not { } config) throw fields.Missing("config");
        if (!fields.Has("layers")) throw fields.Missing("layers");
        Config = Descriptor.Read(config, fields.PathOf("config"));
        List<Descriptor> layers = [];
        foreach ((JsonElement element, string path) in fields.Array("layers")) layers.Add(Descriptor.Read(element, path));
        Layers = layers;
    }

    /// <summary>The config; its digest is the image id.</summary>
    public Descriptor Config { get; }

    /// <summary>The layers, the lowest first.</summary>
    public IReadOnlyList<Descriptor> Layers { get; }

    /// <summary>Whether the config is that of a container image, so that it has a history and a root file system.</summary>
    internal bool IsContainerImage => MediaTypes.IsImageConfig(Config.MediaType);
}
