using System.Buffers.Binary;

namespace OciTools.Layers;

/// <summary>What the first and last bytes of a compressed layer tell of the size of the tar inside. Nothing proves it.</summary>
internal static class SizeHints
{
    /// <summary>How many of the first bytes are wanted: the largest header of a zstd frame (RFC 8878, 3.1.1.1).</summary>
    internal const int HeadLength = 18;

    /// <summary>How many of the last bytes are wanted: ISIZE of a gzip member (RFC 1952, 2.3.1).</summary>
    internal const int TailLength = 4;

    /// <summary>The size modulo 4 GiB of the last member of a gzip, by its last bytes; null where they are too few.</summary>
    internal static long? OfGzip(ReadOnlySpan<byte> tail) => tail.Length == TailLength ? BinaryPrimitives.ReadUInt32LittleEndian(tail) : null;

    /// <summary>The content size that the first zstd frame states; null where it states none, where it is a skippable one, and where the bytes are too few.</summary>
    internal static long? OfZstd(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) || head.Length < 5) return null;
        byte descriptor = head[4];
        bool isSingleSegment = (descriptor & 0x20) != 0;
        int dictionary = (descriptor & 3) switch { 3 => 4, var length => length };
        int fieldLength = (descriptor >> 6) switch { 0 => isSingleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int start = 5 + (isSingleSegment ? 0 : 1) + dictionary;
        if (fieldLength == 0 || head.Length < start + fieldLength) return null;
        ReadOnlySpan<byte> field = head.Slice(start, fieldLength);
        ulong size = fieldLength switch
        {
            1 => field[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256UL,
            4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(field),
        };
        return size <= Limits.Blob ? (long)size : null;
    }
}
