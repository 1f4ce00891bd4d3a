using System.Text;

namespace OciTools.UnitTests.Support;

/// <summary>Writes tars byte by byte, also such as no honest program writes.</summary>
internal sealed class TarBytes
{
    private readonly MemoryStream _out = new();

    internal TarBytes File(string name, string content) => Entry(name, Encoding.UTF8.GetBytes(content));

    internal TarBytes File(string name, byte[] content) => Entry(name, content);

    internal TarBytes Directory(string name) => Entry(name, [], '5');

    internal TarBytes Symlink(string name, string target) => Entry(name, [], '2', target);

    internal TarBytes HardLink(string name, string target) => Entry(name, [], '1', target);

    internal TarBytes Entry(string name, byte[] content, char type = '0', string link = "", byte[]? size = null, Action<byte[]>? change = null, bool fixChecksum = true)
    {
        byte[] header = new byte[512];
        Put(header, 0, 100, name);
        Put(header, 100, 8, "0000644\0");
        Put(header, 108, 8, "0000000\0");
        Put(header, 116, 8, "0000000\0");
        (size ?? Octal(content.Length)).CopyTo(header, 124);
        Put(header, 136, 12, "00000000000\0");
        header[156] = (byte)type;
        Put(header, 157, 100, link);
        Put(header, 257, 8, "ustar\000");
        if (fixChecksum) change?.Invoke(header);
        FixChecksum(header);
        if (!fixChecksum) change?.Invoke(header);
        _out.Write(header);
        return Raw(content).Raw(new byte[(512 - (content.Length % 512)) % 512]);
    }

    internal TarBytes Pax(params (string Key, string Value)[] records)
    {
        StringBuilder text = new();
        foreach ((string key, string value) in records) text.Append(Record(key, value));
        return Entry("pax", Encoding.Latin1.GetBytes(text.ToString()), 'x');
    }

    internal TarBytes Raw(byte[] bytes)
    {
        _out.Write(bytes);
        return this;
    }

    internal byte[] End(int zeroBlocks = 2)
    {
        _out.Write(new byte[512 * zeroBlocks]);
        return _out.ToArray();
    }

    internal static void FixChecksum(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in header) sum += b;
        Put(header, 148, 8, Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ");
    }

    internal static string Record(string key, string value)
    {
        int length = key.Length + value.Length + 3;
        int total = length + length.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
        if (total.ToString(System.Globalization.CultureInfo.InvariantCulture).Length + length != total) total++;
        return $"{total} {key}={value}\n";
    }

    internal static byte[] Octal(long value) => Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(11, '0') + "\0");

    /// <summary>A number as base 256 in 12 bytes.</summary>
    internal static byte[] Base256(System.Numerics.BigInteger value)
    {
        byte[] field = new byte[12];
        field.AsSpan().Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        byte[] bytes = value.ToByteArray(isBigEndian: true);
        bytes.CopyTo(field, 12 - bytes.Length);
        field[0] |= 0x80;
        return field;
    }

    private static void Put(byte[] header, int offset, int length, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(bytes.Length, length)).CopyTo(header.AsSpan(offset));
    }
}
