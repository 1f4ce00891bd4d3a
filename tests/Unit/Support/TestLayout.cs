using System.Text;

namespace OciTools.UnitTests.Support;

/// <summary>A layout directory that a test fills by itself.</summary>
internal sealed class TestLayout
{
    private readonly List<string> _entries = [];

    internal TestLayout(string path)
    {
        Path = path;
        Directory.CreateDirectory(path + "/blobs/sha256");
        File.WriteAllText(path + "/oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
        Save();
    }

    internal string Path { get; }

    internal string IndexPath => Path + "/index.json";

    internal string OwnFolder => Path + "/.ocitools";

    internal string PathOf(Digest digest) => $"{Path}/blobs/{digest.Algorithm}/{digest.Hex}";

    internal bool Has(Digest digest) => File.Exists(PathOf(digest));

    internal Digest AddBlob(string text, string algorithm = "sha256") => AddBlob(Encoding.UTF8.GetBytes(text), algorithm);

    internal Digest AddBlob(byte[] bytes, string algorithm = "sha256")
    {
        Digest digest = Digest.Compute(bytes, algorithm);
        Directory.CreateDirectory($"{Path}/blobs/{algorithm}");
        File.WriteAllBytes(PathOf(digest), bytes);
        return digest;
    }

    /// <summary>Adds an image of one layer, without an entry.</summary>
    internal (Digest Manifest, Digest Config, Digest Layer) AddImage(string content, string more = "")
    {
        Digest config = AddConfig(content);
        Digest layer = AddBlob("layer of " + content);
        return (AddBlob(Manifest(config, [layer], more)), config, layer);
    }

    /// <summary>Adds a config that differs from those with other notes.</summary>
    internal Digest AddConfig(string note) => AddBlob($$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"note":"{{note}}"}""");

    internal string Manifest(Digest config, IEnumerable<Digest> layers, string more = "") =>
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{{Describe(config, MediaTypes.OciConfig)}},"layers":[{{string.Join(',', layers.Select(layer => Describe(layer, MediaTypes.OciLayer)))}}]{{more}}}""";

    internal Digest AddIndex(params string[] descriptors) =>
        AddBlob($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', descriptors)}}]}""");

    /// <summary>The descriptor of a blob that is there.</summary>
    internal string Describe(Digest digest, string mediaType, string more = "") =>
        $$"""{"mediaType":"{{mediaType}}","digest":"{{digest}}","size":{{new FileInfo(PathOf(digest)).Length}}{{more}}}""";

    internal void AddEntry(Digest digest, string mediaType, string? name = null) =>
        AddEntry(Describe(digest, mediaType, name is null ? "" : $$""","annotations":{"org.opencontainers.image.ref.name":"{{name}}"}"""));

    internal void AddEntry(string descriptor)
    {
        _entries.Add(descriptor);
        Save();
    }

    internal void AddEntries(IEnumerable<(Digest Manifest, string Name)> entries)
    {
        _entries.AddRange(entries.Select(entry => Describe(entry.Manifest, MediaTypes.OciManifest, $$""","annotations":{"org.opencontainers.image.ref.name":"{{entry.Name}}"}""")));
        Save();
    }

    private void Save() => File.WriteAllText(IndexPath, $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', _entries)}}]}""");
}
