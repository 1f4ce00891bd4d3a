namespace OciTools.Layers.Tar;

/// <summary>The fields of one 512-byte header block (POSIX.1-2017, pax, ustar Interchange Format; GNU tar manual, Basic Tar Format).</summary>
internal static class TarBlock
{
    internal const int Size = 512;

    private const int ChecksumOffset = 148;

    /// <summary>The bytes of the data with the padding behind it. Sizes come checked, so that this does not overflow.</summary>
    internal static long Pad(long size) => (size + (Size - 1)) & ~(long)(Size - 1);

    /// <summary>The text of a field: up to its first NUL.</summary>
    internal static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>Name and prefix of a ustar header; other formats use the prefix for other things.</summary>
    internal static byte[] Name(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> name = Text(block[..100]);
        ReadOnlySpan<byte> prefix = block.Slice(257, 6).SequenceEqual("ustar\0"u8) ? Text(block.Slice(345, 155)) : default;
        return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
    }

    internal static ReadOnlySpan<byte> Link(ReadOnlySpan<byte> block) => Text(block.Slice(157, 100));

    internal static byte TypeFlag(ReadOnlySpan<byte> block) => block[156];

    internal static bool TrySize(ReadOnlySpan<byte> block, out long size) => TryNumber(block.Slice(124, 12), out size);

    /// <summary>Whether the checksum is right, summed over unsigned bytes or, as some old writers did, over signed ones.</summary>
    internal static bool HasRightChecksum(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> field = block.Slice(ChecksumOffset, 8);
        if ((field[0] & 0x80) != 0 || !TryNumber(field, out long stated)) return false;
        long unsigned = 8 * ' ';
        long signed = 8 * ' ';
        for (int i = 0; i < Size; i++)
        {
            if (i is >= ChecksumOffset and < ChecksumOffset + 8) continue;
            unsigned += block[i];
            signed += (sbyte)block[i];
        }

        return stated == unsigned || stated == signed;
    }

    /// <summary>A number: octal digits between spaces and NULs, or base 256 if the first bit is set.</summary>
    internal static bool TryNumber(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0) return TryBase256(field, out value);
        int i = 0;
        while (i < field.Length && field[i] == ' ') i++;
        for (; i < field.Length && field[i] is not (0 or (byte)' '); i++)
        {
            if (field[i] is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3) return false;
            value = (value << 3) | (long)(field[i] - '0');
        }

        return true;
    }

    // two's complement, the first bit of the first byte not being part of it
    private static bool TryBase256(ReadOnlySpan<byte> field, out long value)
    {
        bool isNegative = (field[0] & 0x40) != 0;
        value = isNegative ? -1 : 0;
        for (int i = 0; i < field.Length; i++)
        {
            byte b = i > 0 ? field[i] : isNegative ? (byte)(field[0] | 0x80) : (byte)(field[0] & 0x7F);
            if (value is > long.MaxValue >> 8 or < long.MinValue >> 8) return false;
            value = (value << 8) | b;
        }

        return true;
    }
}
