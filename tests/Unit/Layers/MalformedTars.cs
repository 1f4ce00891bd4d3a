using System.Numerics;
using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>Tars that are broken, each in one way, so that no reader may take them.</summary>
internal static class MalformedTars
{
    private static readonly string[] s_noNumbers = ["8", "x", "0x10", "7 7", "1.5", "7z", "\u00017", "z7"];

    private static readonly (string Name, int Offset, int Length, char Type)[] s_fields =
    [
        ("mode", 100, 8, '0'), ("uid", 108, 8, '0'), ("gid", 116, 8, '0'), ("size", 124, 12, '0'), ("mtime", 136, 12, '0'), ("major", 329, 8, '3'), ("minor", 337, 8, '4'),
    ];

    /// <summary>Refused by everybody who reads headers.</summary>
    internal static IEnumerable<(string Name, byte[] Tar)> OfAnyKind()
    {
        yield return ("no bytes", []);
        yield return ("one byte", [1]);
        yield return ("text", Encoding.ASCII.GetBytes(new string('x', 2000)));
        yield return ("no end mark", new TarBytes().File("a", "x").End(0));
        yield return ("one zero block", new TarBytes().File("a", "x").End(1));
        yield return ("a lone zero block", new TarBytes().File("a", "x").Raw(new byte[512]).File("b", "y").End());
        yield return ("header cut", new TarBytes().File("a", "x").End()[..300]);
        yield return ("data cut", new TarBytes().File("a", new byte[3000]).End()[..1500]);
        yield return ("cut at the data's start", new TarBytes().File("a", new byte[3000]).End()[..512]);
        yield return ("no name", new TarBytes().Entry("", []).End());
        yield return ("checksum of sevens", new TarBytes().Entry("a", [], change: h => "0777777\0"u8.CopyTo(h.AsSpan(148)), fixChecksum: false).End());
        yield return ("checksum of spaces", new TarBytes().Entry("a", [], change: h => h.AsSpan(148, 8).Fill((byte)' '), fixChecksum: false).End());
        yield return ("checksum in base 256", new TarBytes().Entry("a", [], change: h => h[148] = 0x80, fixChecksum: false).End());
        yield return ("changed name", new TarBytes().Entry("a", [], change: h => h[0]++, fixChecksum: false).End());
        yield return ("size of letters", new TarBytes().Entry("a", [], size: Encoding.ASCII.GetBytes("zzzzzzzzzzz\0")).End());
        yield return ("size with eight", new TarBytes().Entry("a", [], size: Encoding.ASCII.GetBytes("00000000008\0")).End());
        yield return ("size with a sign", new TarBytes().Entry("a", [], size: Encoding.ASCII.GetBytes("-0000000001\0")).End());
        foreach ((string name, BigInteger size) in new (string, BigInteger)[]
        {
            ("-1", -1), ("-512", -512), ("-2^62", -BigInteger.Pow(2, 62)), ("2^63", BigInteger.Pow(2, 63)), ("2^63-1", long.MaxValue),
            ("2^63-512", BigInteger.Pow(2, 63) - 512), ("2^63-1024", BigInteger.Pow(2, 63) - 1024), ("2^64", BigInteger.Pow(2, 64)), ("2^94", BigInteger.Pow(2, 94)),
        })
        {
            yield return ($"file of {name} bytes", new TarBytes().Entry("a", [], size: TarBytes.Base256(size)).End());
            yield return ($"PAX header of {name} bytes", new TarBytes().Entry("a", [], 'x', size: TarBytes.Base256(size)).File("b", "x").End());
        }

        yield return ("PAX header of 1 GiB", new TarBytes().Entry("a", [], 'x', size: TarBytes.Octal(1 << 30)).End());
        yield return ("GNU name of 1 GiB", new TarBytes().Entry("a", [], 'L', size: TarBytes.Octal(1 << 30)).End());
        yield return ("global header of 1 GiB", new TarBytes().Entry("a", [], 'g', size: TarBytes.Octal(1 << 30)).End());
        yield return ("PAX size negative", new TarBytes().Pax(("size", "-1")).File("a", "x").End());
        yield return ("PAX size hexadecimal", new TarBytes().Pax(("size", "0x10")).File("a", "x").End());
        yield return ("PAX size 2^63", new TarBytes().Pax(("size", "9223372036854775808")).File("a", "x").End());
        yield return ("PAX size 2^63-1", new TarBytes().Pax(("size", "9223372036854775807")).File("a", "x").End());
        yield return ("PAX name with NUL", new TarBytes().Pax(("path", "a\0/../b")).File("a", "x").End());
        yield return ("PAX link with NUL", new TarBytes().Pax(("linkpath", "a\0b")).Symlink("a", "x").End());
        yield return ("PAX twice", new TarBytes().Pax(("path", "b")).Pax(("path", "c")).File("a", "x").End());
        yield return ("PAX before the end", new TarBytes().Pax(("path", "b")).End());
        yield return ("PAX and GNU names differ", new TarBytes().Pax(("path", "b")).Entry("long", "c\0"u8.ToArray(), 'L').File("a", "x").End());
        yield return ("global path", new TarBytes().Entry("g", Encoding.ASCII.GetBytes(TarBytes.Record("path", "b")), 'g').File("a", "x").End());
        yield return ("global size", new TarBytes().Entry("g", Encoding.ASCII.GetBytes(TarBytes.Record("size", "3")), 'g').File("a", "x").End());
        foreach (string record in new[] { "5 a=b\n", "7 a=b\n", "99 a=b\n", "a=b\n", "6 a=bX", "-6 a=b\n", "+6 a=b\n", "0 \n", "4 =\n", "5 ab\n", "6\ta=b\n", "99999999999999999999 a=b\n" })
            yield return ($"PAX record {record.TrimEnd()}", new TarBytes().Entry("p", Encoding.ASCII.GetBytes(record), 'x').File("a", "x").End());
        yield return ("directory with data", new TarBytes().Entry("d/", new byte[10], '5').End());
        yield return ("link with data", new TarBytes().Entry("l", new byte[10], '2', "x").End());
        yield return ("pipe with data", new TarBytes().Entry("p", new byte[10], '6').End());
        yield return ("Solaris header", new TarBytes().Entry("p", [], 'X').File("a", "x").End());
        yield return ("multi-volume", new TarBytes().Entry("p", [], 'M').File("a", "x").End());
        yield return ("sparse entry cut in its extensions", new TarBytes().Entry("s", [], 'S', change: h => h[482] = 1).End(0));
    }

    /// <summary>Refused where headers become a file system: also names that lead out of it, and entries that cannot be where they are.</summary>
    internal static IEnumerable<(string Name, byte[] Tar)> OfLayers()
    {
        foreach ((string name, byte[] tar) in OfAnyKind())
            if (name is not ("no bytes" or "no end mark" or "one zero block")) yield return (name, tar);
        foreach ((string name, int offset, int length, char type) in s_fields)
            foreach (string text in s_noNumbers)
                yield return ($"{name} of '{text}'", Tar().Entry("a", [], type, change: h => Put(h, offset, length, text)).File("b", "x").End());
        foreach ((string key, string value) in PaxValues()) yield return ($"PAX {key} of '{value}'", Tar().Pax((key, value)).File("a", "x").End());
        foreach (char type in "012345")
            foreach (string name in (string[])["..", "../a", "/../a", "a/../../b", "a/..", "./../a", "a/b/../../../c", "..//a"])
                yield return ($"type {type} named '{name}'", Tar().Entry(name, [], type, "t").End());
        foreach (string name in (string[])[".wh.", "d/.wh.", ".wh..", "d/.wh..", ".wh...", ".wh.d/a", "d/.wh.e/f"])
            yield return ($"whiteout '{name}'", Tar().Directory("d/").Directory("d/e").File(name, "").End());
        foreach (char type in "012346")
            yield return ($"type {type} as the root", Tar().Entry("./", [], type == '0' ? '7' : type, "t").End());
        foreach (string link in (string[])["nowhere", "../f", "/", ".", "d", "/d/", "f/g", "d/../f"])
            yield return ($"hard link to '{link}'", Tar().Directory("d").File("f", "x").HardLink("h", link).End());
        foreach (char type in "0123456")
            yield return ($"type {type} below a file", Tar().File("f", "x").Entry("f/a", [], type, "f").End());
        foreach (char type in "89AEQaz~")
            yield return ($"unknown type {type}", Tar().File("f", "x").Entry("a", [], type).End());
        foreach (char type in "LK")
            yield return ($"GNU {type} that goes on in its padding", Tar().Entry("././@LongLink", "abcdef"u8.ToArray(), type, size: TarBytes.Octal(3)).Entry("a", [], '2', "t").End());
        foreach (string name in (string[])["loop", "loop/a", "loop/a/b"])
            yield return ($"'{name}' by way of a circle", Tar().Symlink("loop", "loop2").Symlink("loop2", "loop").File(name + "/x", "x").End());
        foreach (int byteOffset in Enumerable.Range(0, 500).Where(i => i % 8 == 3 && i is < 148 or >= 156))
            yield return ($"changed byte {byteOffset}", Tar().Entry("a", [], change: h => h[byteOffset] ^= 0x55, fixChecksum: false).End());
    }

    private static IEnumerable<(string, string)> PaxValues()
    {
        foreach (string value in (string[])["x", "0x1", "1e3", "--1", "1 1", "18446744073709551616", "1,5"])
            foreach (string key in (string[])["size", "uid", "gid", "mtime"])
                if (key != "mtime" || value != "18446744073709551616") yield return (key, value);
        foreach (string key in (string[])["path", "linkpath", "uname", "gname"]) yield return (key, "a\0b");
        foreach (string key in (string[])["GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.numblocks", "GNU.sparse.realsize", "GNU.sparse.major"]) yield return (key, "x");
    }

    private static void Put(byte[] header, int offset, int length, string text)
    {
        header.AsSpan(offset, length).Clear();
        Encoding.Latin1.GetBytes(text).CopyTo(header, offset);
    }

    private static TarBytes Tar() => new();
}
