using System.IO.Compression;

namespace OciTools.UnitTests.Support;

/// <summary>gzip for tests.</summary>
internal static class TestGzip
{
    internal static byte[] Compress(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return compressed.ToArray();
    }
}
