using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Fuzz;

/// <summary>Changes bytes by chance: text with pieces that parsers stumble over, tars with regard to their blocks and headers.</summary>
internal static class Mutation
{
    private const int Block = 512;

    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\u006d", "null", "true", "-1", "1e999", "9223372036854775808", "\0", "\uFEFF", "\u202E", "é", "😀", "//", "/*", "@", "@0", "sha256:", "::", "docker://", "oci:", "C:\\", "..", "/",
        "\"manifests\":[],", "\"layers\":null,", "\"config\":{},", "\"mediaType\":\"\",", "%", "(", ")", "+", "linux", "windows", "v8.9", "[::1]", "\u001B[2J", " ", "\n",
    ];

    private static readonly string[] s_names =
    [
        "", ".", "..", "/", "./", "../x", "a/../b", "/etc/x", "a//b", "a/./b/", "a", "d", "s", "d/a", "s/a", ".wh.", ".wh..", ".wh.a", "d/.wh.a", ".wh..wh..opq", "d/.wh..wh..opq", ".wh..wh.aufs", ".wh.a/b", "a\\b", "C:x", "\u001B[31m", "\u202E", "a\nb",
        "Files/x", "Hives/y", "\xFF\xFE", "GNUSparseFile.0/x",
    ];

    // offset and length of each field of a header
    private static readonly (int Offset, int Length)[] s_fields =
        [(0, 100), (100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (157, 100), (257, 8), (265, 32), (297, 32), (329, 8), (337, 8), (345, 155), (386, 96), (482, 1), (483, 12)];

    private static readonly string[] s_numbers =
        ["", "0", "1", "7", "511", "1000", "1777", "2000", "777777", "7777777", "77777777777", "37777777777", "-1", " 12 ", "8", "9", "x", "\u0080\0\0\0\0\0\0\u0001", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\u0080\0\0\0\u007F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"];

    internal static byte[] Text(Random random, byte[] bytes)
    {
        List<byte> list = [.. bytes];
        for (int n = random.Next(0, 4); n > 0; n--)
        {
            int at = random.Next(list.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < list.Count:
                    list[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < list.Count:
                    list.RemoveRange(at, Math.Min(random.Next(1, 20), list.Count - at));
                    break;
                case 2:
                    list.InsertRange(at, Encoding.UTF8.GetBytes(s_pieces[random.Next(s_pieces.Length)]));
                    break;
                case 3:
                    list.Insert(at, (byte)random.Next(256));
                    break;
                case 4 when at < list.Count:
                    list.InsertRange(at, list.GetRange(at, Math.Min(random.Next(1, 60), list.Count - at)));
                    break;
                case 5 when at < list.Count:
                    list[at] = (byte)random.Next(256);
                    break;
                default:
                    break;
            }
        }

        return [.. list];
    }

    /// <summary>Changes any bytes.</summary>
    internal static byte[] Bytes(Random random, byte[] bytes)
    {
        byte[] changed = [.. bytes];
        if (changed.Length == 0) return changed;
        int at = random.Next(changed.Length);
        switch (random.Next(5))
        {
            case 0:
                return changed[..at];
            case 1:
                return [.. changed, .. changed.AsSpan(at)];
            case 2:
                return [.. changed.AsSpan(0, at), .. changed.AsSpan(Math.Min(changed.Length, at + random.Next(1, 64)))];
            case 3:
                for (int n = random.Next(1, 8); n > 0; n--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
                return changed;
            default:
                changed[at] ^= (byte)(1 << random.Next(8));
                return changed;
        }
    }

    /// <summary>Changes a tar; most changed headers get a right checksum.</summary>
    /// <param name="random">Chance.</param>
    /// <param name="tar">The tar.</param>
    /// <param name="other">Another tar, to take blocks from.</param>
    internal static byte[] Tar(Random random, byte[] tar, byte[] other)
    {
        List<byte> list = [.. tar];
        for (int n = random.Next(1, 4); n > 0 && list.Count >= Block; n--) ChangeTar(random, list, other);
        return [.. list];
    }

    private static void ChangeTar(Random random, List<byte> list, byte[] other)
    {
        int blocks = list.Count / Block;
        int at = random.Next(blocks) * Block;
        switch (random.Next(11))
        {
            case 0:
                list[random.Next(list.Count)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                list.RemoveRange(at, Math.Min(list.Count - at, random.Next(1, 3) * Block));
                break;
            case 2:
                list.InsertRange(at, list.GetRange(at, Math.Min(list.Count - at, random.Next(1, 4) * Block)));
                break;
            case 3:
                int cut = random.Next(list.Count);
                list.RemoveRange(cut, list.Count - cut);
                break;
            case 4:
                list.InsertRange(at, new byte[Block * random.Next(1, 3)]);
                break;
            case 5:
                int from = random.Next(other.Length / Block) * Block;
                list.InsertRange(at, other[from..Math.Min(other.Length, from + (random.Next(1, 6) * Block))]);
                break;
            case 6:
                // a digit or letter of metadata or content
                list[at + random.Next(Block)] = (byte)"0123456789=\n /."[random.Next(15)];
                break;
            default:
                ChangeHeader(random, list);
                break;
        }
    }

    private static void ChangeHeader(Random random, List<byte> list)
    {
        List<int> headers = [];
        for (int i = 0; i + Block <= list.Count; i += Block)
            if (list[i + 257] == 'u' && list[i + 258] == 's') headers.Add(i);
        if (headers.Count == 0) return;
        int at = headers[random.Next(headers.Count)];
        byte[] header = [.. list.GetRange(at, Block)];
        if (random.Next(4) == 0) header[156] = (byte)"\01234567xgLKSDMNXVZ"[random.Next(19)];
        else
        {
            (int offset, int length) = s_fields[random.Next(s_fields.Length)];
            bool isName = length is 100 or 155 or 32;
            string[] choices = isName ? s_names : s_numbers;
            Span<byte> field = header.AsSpan(offset, length);
            if (random.Next(3) > 0) field.Clear();
            byte[] value = Encoding.Latin1.GetBytes(choices[random.Next(choices.Length)]);
            value.AsSpan(0, Math.Min(value.Length, length)).CopyTo(field);
        }

        if (random.Next(8) > 0) TarBytes.FixChecksum(header);
        for (int i = 0; i < Block; i++) list[at + i] = header[i];
    }
}
