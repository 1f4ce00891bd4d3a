using System.Buffers;
using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>What an entry has that most entries have not: a link target, extended attributes, further PAX records, a sparse map.</summary>
/// <param name="Link">The target of a link as it stands in the tar; empty for none.</param>
/// <param name="Attributes">The extended attributes.</param>
/// <param name="Records">PAX records that belong to the file and are kept as they are: those of Windows.</param>
/// <param name="Segments">The stored pieces of a sparse file; empty for another.</param>
/// <param name="IsSparse">Whether the file is sparse; one that is all hole has no segments.</param>
internal sealed record EntryExtra(
    ReadOnlyMemory<byte> Link, IReadOnlyList<TarAttribute> Attributes, IReadOnlyList<TarAttribute> Records, IReadOnlyList<SparseSegment> Segments, bool IsSparse)
{
    /// <summary>How many bytes of a sparse file are stored.</summary>
    internal long StoredSize
    {
        get
        {
            long size = 0;
            foreach (SparseSegment segment in Segments) size += segment.Length;
            return size;
        }
    }

    internal static EntryExtra None { get; } = new(default, [], [], [], false);

    /// <summary>The link target alone.</summary>
    internal static ReadOnlySpan<byte> LinkOf(ReadOnlySpan<byte> packed)
    {
        if (packed.IsEmpty) return default;
        int length = (int)ReadNumber(ref packed);
        return packed[..length];
    }

    /// <summary>Packs what an entry has; empty if it has nothing.</summary>
    internal static void Pack(ArrayBufferWriter<byte> packed, ReadOnlySpan<byte> link, IReadOnlyList<TarAttribute> attributes, IReadOnlyList<TarAttribute> records, IReadOnlyList<SparseSegment> segments, bool isSparse)
    {
        packed.ResetWrittenCount();
        bool isPlain = attributes.Count == 0 && records.Count == 0 && !isSparse;
        if (link.IsEmpty && isPlain) return;
        WriteText(packed, link);
        if (isPlain) return;
        WritePairs(packed, attributes);
        WritePairs(packed, records);
        if (!isSparse) return;
        WriteNumber(packed, segments.Count);
        foreach (SparseSegment segment in segments)
        {
            WriteNumber(packed, segment.Offset);
            WriteNumber(packed, segment.Length);
        }
    }

    internal static EntryExtra Unpack(ReadOnlySpan<byte> packed)
    {
        if (packed.IsEmpty) return None;
        byte[] link = ReadText(ref packed);
        if (packed.IsEmpty) return None with { Link = link };
        TarAttribute[] attributes = ReadPairs(ref packed);
        TarAttribute[] records = ReadPairs(ref packed);
        if (packed.IsEmpty) return new EntryExtra(link, attributes, records, [], false);
        SparseSegment[] segments = new SparseSegment[(int)ReadNumber(ref packed)];
        for (int i = 0; i < segments.Length; i++) segments[i] = new SparseSegment(ReadNumber(ref packed), ReadNumber(ref packed));
        return new EntryExtra(link, attributes, records, segments, true);
    }

    private static void WritePairs(ArrayBufferWriter<byte> packed, IReadOnlyList<TarAttribute> pairs)
    {
        WriteNumber(packed, pairs.Count);
        foreach (TarAttribute pair in pairs)
        {
            WriteText(packed, pair.Name.Span);
            WriteText(packed, pair.Value.Span);
        }
    }

    private static TarAttribute[] ReadPairs(ref ReadOnlySpan<byte> packed)
    {
        TarAttribute[] pairs = new TarAttribute[(int)ReadNumber(ref packed)];
        for (int i = 0; i < pairs.Length; i++) pairs[i] = new TarAttribute(ReadText(ref packed), ReadText(ref packed));
        return pairs;
    }

    private static void WriteText(ArrayBufferWriter<byte> packed, ReadOnlySpan<byte> text)
    {
        WriteNumber(packed, text.Length);
        packed.Write(text);
    }

    private static byte[] ReadText(ref ReadOnlySpan<byte> packed)
    {
        int length = (int)ReadNumber(ref packed);
        byte[] text = packed[..length].ToArray();
        packed = packed[length..];
        return text;
    }

    // seven bits a byte, the lowest first
    private static void WriteNumber(ArrayBufferWriter<byte> packed, long number)
    {
        Span<byte> target = packed.GetSpan(10);
        int length = 0;
        while (number > 0x7F)
        {
            target[length++] = (byte)(number | 0x80);
            number >>= 7;
        }

        target[length++] = (byte)number;
        packed.Advance(length);
    }

    private static long ReadNumber(ref ReadOnlySpan<byte> packed)
    {
        long number = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = packed[0];
            packed = packed[1..];
            number |= (long)(next & 0x7F) << shift;
            if (next < 0x80) return number;
        }
    }
}
