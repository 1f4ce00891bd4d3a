using System.Security.Cryptography;
using System.Text;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>Writes OCI layouts of uncompressed layers.</summary>
internal static class TinyLayout
{
    /// <param name="layout">The folder to be made.</param>
    /// <param name="images">The layers of each image; the images are called <c>case-0</c> and so on.</param>
    internal static void Write(string layout, byte[][][] images)
    {
        string blobs = Path.Join(layout, "blobs", "sha256");
        Directory.CreateDirectory(blobs);
        string Add(byte[] bytes, string mediaType, string more = "")
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
            File.WriteAllBytes(Path.Join(blobs, hash), bytes);
            return $$"""{"mediaType":"{{mediaType}}","digest":"sha256:{{hash}}","size":{{bytes.Length}}{{more}}}""";
        }

        List<string> entries = [];
        foreach (byte[][] layers in images)
        {
            string diffIds = string.Join(',', layers.Select(l => $"\"sha256:{Convert.ToHexStringLower(SHA256.HashData(l))}\""));
            string config = Add(Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[{{diffIds}}] } }"""), MediaTypes.OciConfig);
            string list = string.Join(',', layers.Select(l => Add(l, MediaTypes.OciLayer)));
            string manifest = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{{config}},"layers":[{{list}}] }""";
            entries.Add(Add(Encoding.UTF8.GetBytes(manifest), MediaTypes.OciManifest, $$""","annotations":{"org.opencontainers.image.ref.name":"case-{{entries.Count}}"}"""));
        }

        File.WriteAllText(Path.Join(layout, "index.json"), $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', entries)}}] }""");
        File.WriteAllText(Path.Join(layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
    }
}
