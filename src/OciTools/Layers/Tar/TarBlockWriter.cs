using System.Text;

namespace OciTools.Layers.Tar;

/// <summary>Composes 512-byte ustar headers. What does not fit goes to the PAX header, and the field holds 0 or the start of the text.</summary>
internal static class TarBlockWriter
{
    /// <summary>All but size and checksum.</summary>
    internal static void Compose(Span<byte> block, TarHeader header, PaxWriter pax)
    {
        Start(block, TypeFlag(header), header.Mode);
        ReadOnlySpan<byte> name = header.RawName.Span;
        if (header.IsSparse) Put(block, 0, 100, "GNUSparseFile.0"u8);
        else if (!TryPutName(block, name))
        {
            pax.AddText("path"u8, name);
            PutCut(block, 0, 100, name);
        }

        PutText(block, 157, 100, header.RawLink.Span, "linkpath"u8, pax);
        PutText(block, 265, 31, header.RawUserName.Span, "uname"u8, pax);
        PutText(block, 297, 31, header.RawGroupName.Span, "gname"u8, pax);
        if (!TryPutOctal(block.Slice(108, 8), header.UserId)) pax.AddNumber("uid"u8, header.UserId);
        if (!TryPutOctal(block.Slice(116, 8), header.GroupId)) pax.AddNumber("gid"u8, header.GroupId);
        bool isWhole = TryPutOctal(block.Slice(136, 12), header.ModifiedSeconds) && header.ModifiedNanoseconds == 0;
        if (!isWhole) pax.AddTime("mtime"u8, header.ModifiedSeconds, header.ModifiedNanoseconds);
        bool isDevice = header.Kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice;
        PutDevice(block.Slice(329, 8), isDevice ? header.DeviceMajor : 0);
        PutDevice(block.Slice(337, 8), isDevice ? header.DeviceMinor : 0);
    }

    /// <summary>The header of a PAX header.</summary>
    internal static void ComposePax(Span<byte> block, int size)
    {
        Start(block, (byte)'x', 0x1A4); // 0644
        Put(block, 0, 100, "PaxHeaders/entry"u8);
        foreach (int number in (ReadOnlySpan<int>)[108, 116, 329, 337]) TryPutOctal(block.Slice(number, 8), 0);
        TryPutOctal(block.Slice(136, 12), 0);
        TryPutOctal(block.Slice(124, 12), size);
        PutChecksum(block);
    }

    internal static void PutSize(Span<byte> block, long size, PaxWriter pax)
    {
        if (!TryPutOctal(block.Slice(124, 12), size)) pax.AddNumber("size"u8, size);
    }

    internal static void PutChecksum(Span<byte> block)
    {
        Span<byte> field = block.Slice(148, 8);
        field.Fill((byte)' ');
        int sum = TarBlock.Sum(block);
        TryPutOctal(field[..7], sum);
    }

    private static void Start(Span<byte> block, byte type, int mode)
    {
        block.Clear();
        block[156] = type;
        "ustar\000"u8.CopyTo(block[257..]);
        TryPutOctal(block.Slice(100, 8), mode & 0xFFF);
    }

    private static byte TypeFlag(TarHeader header) => header.Kind switch
    {
        TarEntryKind.File => (byte)'0',
        TarEntryKind.HardLink => (byte)'1',
        TarEntryKind.SymbolicLink => (byte)'2',
        TarEntryKind.CharacterDevice => (byte)'3',
        TarEntryKind.BlockDevice => (byte)'4',
        TarEntryKind.Directory => (byte)'5',
        TarEntryKind.Fifo => (byte)'6',
        _ => header.TypeFlag,
    };

    // the longest prefix that fits leaves the shortest name; a name of nothing is none
    private static bool TryPutName(Span<byte> block, ReadOnlySpan<byte> name)
    {
        if (!Ascii.IsValid(name)) return false;
        if (name.Length <= 100)
        {
            Put(block, 0, 100, name);
            return true;
        }

        if (name.Length > 256) return false;
        int slash = name[..Math.Min(156, name.Length - 1)].LastIndexOf((byte)'/');
        if (slash <= 0 || name.Length - slash - 1 > 100) return false;
        Put(block, 345, 155, name[..slash]);
        Put(block, 0, 100, name[(slash + 1)..]);
        return true;
    }

    private static void PutText(Span<byte> block, int offset, int length, ReadOnlySpan<byte> text, ReadOnlySpan<byte> key, PaxWriter pax)
    {
        if (text.Length <= length && Ascii.IsValid(text)) Put(block, offset, length, text);
        else
        {
            pax.AddText(key, text);
            PutCut(block, offset, length, text);
        }
    }

    private static void Put(Span<byte> block, int offset, int length, ReadOnlySpan<byte> text) => text.CopyTo(block.Slice(offset, length));

    private static void PutCut(Span<byte> block, int offset, int length, ReadOnlySpan<byte> text) => Put(block, offset, length, text[..Math.Min(text.Length, length)]);

    // Linux has no device numbers beyond octal; the base-256 form is read by all who read GNU tars
    private static void PutDevice(Span<byte> field, uint number)
    {
        if (TryPutOctal(field, number)) return;
        field.Clear();
        field[0] = 0x80;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(field[4..], number);
    }

    // digits up to the last byte, which is NUL
    private static bool TryPutOctal(Span<byte> field, long number)
    {
        bool fits = number >= 0 && number >> (3 * (field.Length - 1)) == 0;
        if (!fits) number = 0;
        field[^1] = 0;
        for (int i = field.Length - 2; i >= 0; i--, number >>= 3) field[i] = (byte)('0' + (number & 7));
        return fits;
    }
}
