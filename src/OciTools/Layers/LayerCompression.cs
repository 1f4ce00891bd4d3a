namespace OciTools.Layers;

/// <summary>How content is compressed, told by its first bytes. The names are those of <see cref="MediaTypes.CompressionOf"/>.</summary>
internal static class LayerCompression
{
    internal const string None = "none";

    internal const string Gzip = "gzip";

    internal const string Zstd = "zstd";

    /// <summary>How many bytes <see cref="Sniff"/> wants to see.</summary>
    internal const int SniffLength = 4;

    /// <summary>Tells the compression: gzip with deflate (RFC 1952), zstd or a zstd skippable frame (RFC 8878), else none.</summary>
    /// <param name="start">The first bytes.</param>
    internal static string Sniff(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08])) return Gzip;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])) return Zstd;
        bool isSkippable = start.Length >= 4 && (start[0] & 0xF0) == 0x50 && start[1..4].SequenceEqual((ReadOnlySpan<byte>)[0x2A, 0x4D, 0x18]);
        return isSkippable ? Zstd : None;
    }
}
