using System.Text;

namespace OciTools.UnitTests.Support;

/// <summary>A small image as documents and blobs, to be laid into layouts and archives. Digests come from the program sha256sum.</summary>
internal sealed class ImageBytes
{
    private readonly Dictionary<string, byte[]> _blobs = [];

    /// <param name="content">Tells one image from another.</param>
    /// <param name="architecture">The architecture in the config.</param>
    /// <param name="compress">How the layer is stored; null for plain.</param>
    internal ImageBytes(string content = "hello", string architecture = "amd64", Func<byte[], byte[]>? compress = null)
    {
        Tars = [new TarBytes().File("etc/one", content).End(), new TarBytes().File("etc/two", content + "!").End()];
        DiffIds = [.. Tars.Select(Hash)];
        StoredLayers = [.. Tars.Select(compress ?? (tar => tar))];
        Config = Encoding.UTF8.GetBytes($$"""
            {"architecture":"{{architecture}}","os":"linux","config":{"Cmd":["{{content}}"]},"rootfs":{"type":"layers","diff_ids":["{{DiffIds[0]}}","{{DiffIds[1]}}"] } }
            """);
        string type = "application/vnd.oci.image.layer.v1.tar" + (compress is null ? "" : "+gzip");
        string layers = string.Join(',', StoredLayers.Select(l => Describe(l, type)));
        Manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{{Describe(Config, MediaTypes.OciConfig)}},"layers":[{{layers}}] }
            """);
        foreach (byte[] blob in (byte[][])[.. StoredLayers, Config, Manifest]) _blobs[Hash(blob)] = blob;
    }

    internal byte[][] Tars { get; }

    internal string[] DiffIds { get; }

    internal byte[][] StoredLayers { get; }

    internal byte[] Config { get; }

    internal byte[] Manifest { get; }

    internal string ConfigDigest => Hash(Config);

    internal string ManifestDigest => Hash(Manifest);

    internal IEnumerable<(string Path, byte[] Bytes)> Blobs => _blobs.Select(b => ("blobs/" + b.Key.Replace(':', '/'), b.Value));

    /// <summary>A descriptor in JSON.</summary>
    internal static string Describe(byte[] bytes, string mediaType, string? annotations = null) =>
        $$"""{"mediaType":"{{mediaType}}","digest":"{{Hash(bytes)}}","size":{{bytes.Length}}{{(annotations is null ? "" : ",\"annotations\":{" + annotations + "}")}} }""";

    internal string DescribeManifest(string? annotations = null) => Describe(Manifest, MediaTypes.OciManifest, annotations);

    internal static byte[] Index(params string[] descriptors) => Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{string.Join(',', descriptors)}}] }""");

    internal static string RefName(string name) => $"\"org.opencontainers.image.ref.name\":\"{name}\"";

    internal static byte[] Version => """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray();

    private static readonly Dictionary<string, string> s_hashes = [];

    // one run of sha256sum per content
    private static string Hash(byte[] bytes)
    {
        string key = Convert.ToBase64String(bytes);
        lock (s_hashes) return s_hashes.TryGetValue(key, out string? hash) ? hash : s_hashes[key] = Tool.Sha256(bytes);
    }
}
