using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OciTools.Layers.Tar;

/// <summary>The fields of one 512-byte header block (POSIX.1-2017, pax, ustar Interchange Format; GNU tar manual, Basic Tar Format).</summary>
internal static class TarBlock
{
    internal const int Size = 512;

    private const int ChecksumOffset = 148;

    private const ulong EightZeros = 0x3030303030303030;

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
        ReadOnlySpan<byte> prefix = IsUstar(block) ? Text(block.Slice(345, 155)) : default;
        return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
    }

    internal static ReadOnlySpan<byte> Link(ReadOnlySpan<byte> block) => Text(block.Slice(157, 100));

    internal static byte TypeFlag(ReadOnlySpan<byte> block) => block[156];

    internal static ReadOnlySpan<byte> UserName(ReadOnlySpan<byte> block) => Text(block.Slice(265, 32));

    internal static ReadOnlySpan<byte> GroupName(ReadOnlySpan<byte> block) => Text(block.Slice(297, 32));

    internal static bool TrySize(ReadOnlySpan<byte> block, out long size) => TryNumber(block.Slice(124, 12), out size) && size >= 0;

    /// <summary>The permissions; what some writers put above them, the type among it, is left out.</summary>
    internal static bool TryMode(ReadOnlySpan<byte> block, out int mode)
    {
        bool isNumber = TryNumber(block.Slice(100, 8), out long number);
        mode = (int)(number & 0xFFF);
        return isNumber;
    }

    internal static bool TryUserId(ReadOnlySpan<byte> block, out uint id) => TryUnsigned(block.Slice(108, 8), out id);

    internal static bool TryGroupId(ReadOnlySpan<byte> block, out uint id) => TryUnsigned(block.Slice(116, 8), out id);

    internal static bool TryModified(ReadOnlySpan<byte> block, out long seconds) => TryNumber(block.Slice(136, 12), out seconds);

    /// <summary>The numbers of a device. Headers of the seventh edition had no place for them.</summary>
    internal static bool TryDevice(ReadOnlySpan<byte> block, out uint major, out uint minor)
    {
        minor = 0;
        return TryUnsigned(block.Slice(329, 8), out major) && TryUnsigned(block.Slice(337, 8), out minor)
            && major <= int.MaxValue && minor <= int.MaxValue && ((major | minor) == 0 || IsUstar(block) || IsOldGnu(block));
    }

    internal static bool IsUstar(ReadOnlySpan<byte> block) => block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    internal static bool IsOldGnu(ReadOnlySpan<byte> block) => block.Slice(257, 8).SequenceEqual("ustar  \0"u8);

    /// <summary>Whether it looks like a header of star, with times where the prefix of a ustar header ends.</summary>
    internal static bool IsStar(ReadOnlySpan<byte> block) =>
        IsUstar(block) && block[475] == 0 && block[476] is >= (byte)'0' and <= (byte)'7' && block[487] == ' ' && block[488] is >= (byte)'0' and <= (byte)'7' && block[499] == ' ';

    /// <summary>Whether the checksum is right, summed over unsigned bytes or, as some old writers did, over signed ones.</summary>
    internal static bool HasRightChecksum(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> field = block.Slice(ChecksumOffset, 8);
        if ((field[0] & 0x80) != 0 || !TryNumber(field, out long stated)) return false;
        long sum = Sum(block);
        foreach (byte b in field) sum += ' ' - b;
        if (stated == sum) return true;

        // a byte with its high bit set counts 256 less when it is signed
        foreach (byte b in block) sum -= (b & 0x80) << 1;
        foreach (byte b in field) sum += (b & 0x80) << 1;
        return stated == sum;
    }

    /// <summary>The sum of all bytes of a block.</summary>
    internal static int Sum(ReadOnlySpan<byte> block)
    {
        // 32 times two bytes of at most 255 stay within the 16 bits of a lane
        Vector128<ushort> sums = Vector128<ushort>.Zero;
        foreach (Vector128<byte> bytes in MemoryMarshal.Cast<byte, Vector128<byte>>(block[..Size]))
            sums += Vector128.WidenLower(bytes) + Vector128.WidenUpper(bytes);
        return (int)Vector128.Sum(Vector128.WidenLower(sums) + Vector128.WidenUpper(sums));
    }

    /// <summary>A number: octal digits between blanks and NULs, or base 256 if the first byte says so. What readers take for different numbers is none.</summary>
    internal static bool TryNumber(ReadOnlySpan<byte> field, out long value)
    {
        if (TryPlainOctal(field, out value)) return true;
        value = 0;
        if ((field[0] & 0x80) != 0) return TryBase256(field, out value);
        // GNU tar skips one NUL at the start, others end there
        if (field[0] == 0) return !field.ContainsAnyExcept((byte)0);
        int i = 0;
        while (i < field.Length && IsBlank(field[i])) i++;
        int start = i;
        for (; i < field.Length && field[i] is >= (byte)'0' and <= (byte)'7'; i++)
        {
            if (value > long.MaxValue >> 3) return false;
            value = (value << 3) | (long)(field[i] - '0');
        }

        if (i == start) return i < field.Length && field[i] == 0;
        while (i < field.Length && IsBlank(field[i])) i++;
        return i == field.Length || field[i] == 0;
    }

    // what nearly all writers write: digits in all but the last byte, 7 or 11 of them
    private static bool TryPlainOctal(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if (field.Length is not (8 or 12) || field[^1] is not (0 or (byte)' ')) return false;
        ulong last = (BinaryPrimitives.ReadUInt64LittleEndian(field[^8..]) << 8) | '0';
        ulong first = field.Length == 8 ? EightZeros : BinaryPrimitives.ReadUInt32LittleEndian(field) | (EightZeros << 32);
        if ((((last ^ EightZeros) | (first ^ EightZeros)) & 0xF8F8F8F8F8F8F8F8) != 0) return false;
        value = (EightDigits(last ^ EightZeros) | (EightDigits((first ^ EightZeros) << 32) << 21));
        return true;
    }

    // the first digit stands in the lowest byte; neighbours are joined three times
    private static long EightDigits(ulong digits)
    {
        digits = ((digits << 3) + (digits >> 8)) & 0x00FF00FF00FF00FF;
        digits = ((digits << 6) + (digits >> 16)) & 0x0000FFFF0000FFFF;
        return (long)(((digits << 12) + (digits >> 32)) & 0xFFFFFFFF);
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r');

    private static bool TryUnsigned(ReadOnlySpan<byte> field, out uint value)
    {
        bool fits = TryNumber(field, out long number) && number is >= 0 and <= uint.MaxValue;
        value = fits ? (uint)number : 0;
        return fits;
    }

    // two's complement behind a first byte that is 0x80, or 0xFF for negative numbers; others are not written by anybody and not read by all
    private static bool TryBase256(ReadOnlySpan<byte> field, out long value)
    {
        value = field[0] == 0xFF ? -1 : 0;
        if (field[0] is not (0x80 or 0xFF)) return false;
        foreach (byte b in field[1..])
        {
            if (value is > long.MaxValue >> 8 or < long.MinValue >> 8) return false;
            value = (value << 8) | b;
        }

        return true;
    }
}
