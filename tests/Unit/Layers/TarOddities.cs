using System.Globalization;
using System.Numerics;
using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>Tars that are odd, each in one way. A reader may refuse them, but must not see anything else in them than GNU tar does.</summary>
internal static class TarOddities
{
    internal static readonly string[] Numbers =
    [
        "", " ", "        ", "            ", "644", " 644 ", "0000644", "00000644", "000000644644", "\u0000644", "\t644", "644 644", "644 x", "644\0x", "644x", "-1", "+1", "+BA", "-A", "0x10", "8", "0000008",
        "7777777", "77777777", "777777777777", "2000000", "1777777", "20000000000", "\n17", "\v17\f", " \0", "1 \0 2",
    ];

    internal static readonly string[] Bytes =
    [
        "80", "8000000000000001", "80000000000000000000ABCD", "FF", "FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFFFFFFFF00", "81", "8100000000000001", "C000000000000000", "FE00000000000000", "BF000000000000", "80000000FFFFFFFF",
        "8000000100000000", "80000000000000007FFFFFFF", "800000007FFFFFFFFFFFFFFF", "8000000080000000000000", "FFFFFFFF8000000000000000", "FFFFFFFF7FFFFFFFFFFFFFFF", "80FFFFFFFFFFFFFF",
    ];

    private static readonly (string Name, int Offset, int Length, char Type)[] s_fields =
    [
        ("mode", 100, 8, '0'), ("uid", 108, 8, '0'), ("gid", 116, 8, '0'), ("size", 124, 12, '0'), ("mtime", 136, 12, '0'), ("major", 329, 8, '3'), ("minor", 337, 8, '4'), ("link size", 124, 12, '1'),
    ];

    private static readonly string[] s_magics = ["ustar\000", "ustar\0\0\0", "ustar\0  ", "ustar  \0", "ustar  ", "ustar 00", "ustar000", "USTAR\000", "\0\0\0\0\0\0\0\0", "GNUtar \0"];

    private static readonly string[] s_times =
    [
        "0", "1", "1.", "1.5", "-1.5", "-0", "-0.0", "-0.25", "+1", " 1", "1 ", "1e3", ".5", "-.5", "1.0000000001", "1.9999999999", "-1.0000000001", "-1.9999999999", "99999999999999999999", "-9223372036854775808",
        "-9223372036854775807", "9223372036854775807", "9223372036854775808", "1x", "1.5x", "1.5.5", "", "-", "007", "1,5", "0x1", "253402300799.999999999",
    ];

    private static readonly string[] s_ids = ["0", "1", "007", "2147483648", "4294967295", "4294967296", "18446744073709551616", "-1", "-0", "+1", "", " 1", "1 ", "1.5", "abc"];

    private static readonly string[] s_names = ["b", "b/", "/b", "../b", "b//c", ".", "/", "b\0c", "", "caf\u00E9", "\u00FF\u00FE", " b", "b\n", "b=c", "GNUSparseFile.1/b"];

    internal static IEnumerable<(string Name, byte[] Tar)> All() =>
        [.. Fields(), .. TypeFlags(), .. Magics(), .. PaxValues(), .. PaxSyntax(), .. Pairs(), .. GnuNames(), .. Globals(), .. TarSparseOddities.All(), .. Ends()];

    private static IEnumerable<(string, byte[])> Fields()
    {
        foreach ((string name, int offset, int length, char type) in s_fields)
        {
            foreach (string text in Numbers) yield return Field($"{name} '{text}'", Encoding.Latin1.GetBytes(text), offset, length, type);
            foreach (string hex in Bytes) yield return Field($"{name} {hex}", Convert.FromHexString(hex), offset, length, type);
        }
    }

    private static (string, byte[]) Field(string name, byte[] value, int offset, int length, char type) => (name, Tar().Entry("a", [], type, "t", change: h =>
    {
        h.AsSpan(offset, length).Clear();
        value.AsSpan(0, Math.Min(length, value.Length)).CopyTo(h.AsSpan(offset));
    }).File("after", "x").End());

    private static IEnumerable<(string, byte[])> TypeFlags()
    {
        for (int type = 0; type < 256; type++)
        {
            if (type is >= 'b' and <= 'w' or > 130) continue;
            yield return ($"type {type}", Tar().Entry("a", [], '0', "t", change: h => h[156] = (byte)type).File("after", "x").End());
        }

        foreach (char type in "\01234567SVAEI~Z")
        {
            yield return ($"type {type} with content", Tar().Entry("a", new byte[600], type, "t").File("after", "x").End());
            yield return ($"type {type} with a slash", Tar().Entry("a/", [], type, "t").File("after", "x").End());
            yield return ($"type {type} with a PAX size", Tar().Pax(("size", "600")).Entry("a", new byte[600], type, "t", TarBytes.Octal(0)).File("after", "x").End());
            yield return ($"type {type} with a PAX size of nothing", Tar().Pax(("size", "0")).Entry("a", [], type, "t", TarBytes.Octal(600)).File("after", "x").End());
            yield return ($"type {type} with PAX and a size", Tar().Pax(("mtime", "5")).Entry("a", [], type, "t", TarBytes.Octal(600)).File("after", "x").End());
            yield return ($"type {type} without a target", Tar().Entry("a", [], type).File("after", "x").End());
        }
    }

    private static IEnumerable<(string, byte[])> Magics()
    {
        foreach (string magic in s_magics)
        {
            yield return ($"magic {magic} with a prefix", Tar().Entry("a", [], change: Magic(magic, h => "prefix"u8.CopyTo(h.AsSpan(345)))).File("after", "x").End());
            yield return ($"magic {magic} with a full prefix", Tar().Entry(new string('a', 100), [], change: Magic(magic, h => h.AsSpan(345, 155).Fill((byte)'p'))).File("after", "x").End());
            yield return ($"magic {magic} and only a prefix", Tar().Entry("", [], change: Magic(magic, h => "prefix"u8.CopyTo(h.AsSpan(345)))).File("after", "x").End());
            yield return ($"magic {magic} with a device", Tar().Entry("a", [], '3', change: Magic(magic, h => Device(h, "0000005\0", "0000006\0"))).File("after", "x").End());
            yield return ($"magic {magic} with a device of nothing", Tar().Entry("a", [], '4', change: Magic(magic, h => h.AsSpan(329, 16).Clear())).File("after", "x").End());
            yield return ($"magic {magic} with names", Tar().Entry("a", [], change: Magic(magic, h => h.AsSpan(265, 64).Fill((byte)'u'))).File("after", "x").End());
            yield return ($"magic {magic} with a PAX name", Tar().Pax(("path", "other")).Entry("a", [], change: Magic(magic, _ => { })).File("after", "x").End());
            yield return ($"magic {magic} of star", Tar().Entry("a", [], change: Magic(magic, h => Encoding.ASCII.GetBytes("00000000001 00000000002 ").CopyTo(h.AsSpan(476)))).File("after", "x").End());
        }
    }

    internal static Action<byte[]> Magic(string magic, Action<byte[]> more) => header =>
    {
        header.AsSpan(257, 8).Clear();
        Encoding.Latin1.GetBytes(magic).CopyTo(header, 257);
        more(header);
    };

    private static void Device(byte[] header, string major, string minor)
    {
        Encoding.ASCII.GetBytes(major).CopyTo(header, 329);
        Encoding.ASCII.GetBytes(minor).CopyTo(header, 337);
    }

    private static IEnumerable<(string, byte[])> PaxValues()
    {
        foreach (string time in s_times) yield return Pax("mtime", time);
        foreach (string key in (string[])["uid", "gid", "size", "SCHILY.devmajor", "SCHILY.realsize"])
            foreach (string id in s_ids) yield return Pax(key, id);
        foreach (string key in (string[])["path", "linkpath", "uname", "gname", "comment", "hdrcharset", "charset", "atime", "ctime", "unknown", "GNU.sparse.name", "GNU.dumpdir", "GNU.volume.label", "SCHILY.xattr.user.a", "SCHILY.fflags", "LIBARCHIVE.creationtime"])
            foreach (string name in s_names) yield return Pax(key, name);
        foreach (string key in (string[])["mtime", "uid", "path", "size", "linkpath", "gname"])
            foreach (string second in (string[])["1", "2", ""])
                yield return ($"PAX {key} twice, {second}", Tar().Pax((key, "1"), (key, second)).Entry("a", new byte[1], '0', "t").File("after", "x").End());
    }

    private static (string, byte[]) Pax(string key, string value) =>
        ($"PAX {key}={value}", Tar().Pax((key, value)).Entry("a", [], '2', "t").File("after", "x").Pax((key, value)).Entry("c", [], '3').Pax((key, value)).Entry("d/", [], '5').End());

    private static IEnumerable<(string, byte[])> PaxSyntax()
    {
        string[] records =
        [
            "", "6 a=b\n", "006 path=b\n", "011 path=b\n", "  10 path=b", "11  path=b\n", "11 \tpath=b\n", "10 path =b\n", "11 path=b\n\0", "11 path=b\n\0\0\0", "11 path=b\n\n", "11 path=b\n 11 uname=c\n", "12 path=b\n", "9 path=b\n", "10 path=b\n\n",
            "10 path=b\n10 gname", "11 path=b=c\n", "12 path=b\nc\n", "13 pa\0th=bc\n", "10 PATH=b\n", "13 path=b\0\0\0\n", "6 =ab\n", "5 ab\n", "10\tpath=b\n", "+10 path=b\n", "-10 path=b\n", "0x0b path=b\n", "1\u00300 path=b\n", "99999999999 path=b\n",
        ];
        foreach (string record in records)
        {
            yield return ($"PAX records '{record}'", Tar().Entry("p", Encoding.Latin1.GetBytes(record), 'x').File("a", "x").File("after", "x").End());
            yield return ($"global records '{record}'", Tar().Entry("p", Encoding.Latin1.GetBytes(record.Replace("path", "note", StringComparison.Ordinal)), 'g').File("a", "x").File("after", "x").End());
        }

        foreach (int size in (int[])[512, 1024, 511, 513]) yield return ($"PAX of {size} bytes", Tar().Pax(("path", new string('p', size - 10))).File("a", "x").End());
        yield return ("PAX name of the longest kind", Tar().Pax(("path", new string('p', 1_000_000))).File("a", "x").End());
    }

    // what stands before an entry, in all pairs
    private static IEnumerable<(string, byte[])> Pairs()
    {
        (string Name, Func<TarBytes, TarBytes> Add)[] parts =
        [
            ("path", t => t.Pax(("path", "p"))), ("mtime", t => t.Pax(("mtime", "7"))), ("size", t => t.Pax(("size", "1"))), ("name", t => t.Entry("././@LongLink", "p\0"u8.ToArray(), 'L')), ("other name", t => t.Entry("././@LongLink", "q\0"u8.ToArray(), 'L')),
            ("link", t => t.Entry("././@LongLink", "l\0"u8.ToArray(), 'K')), ("linkpath", t => t.Pax(("linkpath", "l"))), ("global time", t => Global(t, ("mtime", "9"))), ("global owner", t => Global(t, ("uid", "9"), ("uname", "nine"))), ("global comment", t => Global(t, ("comment", "c"))),
            ("zero block", t => t.Raw(new byte[512])), ("label", t => t.Entry("label", [], 'V')),
        ];
        foreach ((string first, Func<TarBytes, TarBytes> addFirst) in parts)
        {
            yield return ($"{first} before the end", addFirst(Tar()).End());
            foreach ((string second, Func<TarBytes, TarBytes> addSecond) in parts)
                yield return ($"{first} and {second}", addSecond(addFirst(Tar())).Entry("a", [], '1', "t").File("after", "x").End());
        }
    }

    private static IEnumerable<(string, byte[])> GnuNames()
    {
        foreach (char type in "LK")
        {
            foreach (string text in (string[])["", "\0", "b", "b\0", "b\0c\0", "b/\0", "/\0", new string('b', 100), new string('b', 512), new string('b', 1023) + "\0", " \0", "\u00FF\0"])
            {
                yield return ($"GNU {type} {text.Length} bytes, {(text.Length < 5 ? text : "")}", Tar().Entry("././@LongLink", Encoding.Latin1.GetBytes(text), type).Entry("a", [], '2', "t").File("after", "x").End());
                yield return ($"GNU {type} {text.Length} bytes before a directory, {(text.Length < 5 ? text : "")}", Tar().Entry("././@LongLink", Encoding.Latin1.GetBytes(text), type).Entry("a/", [], '5', "t").File("after", "x").End());
            }

            foreach (int size in (int[])[0, 1, 5, 6])
                foreach (string text in (string[])["b/c/d", "b/c\0d", "\0b/c/", "b/c/d/"])
                    yield return ($"GNU {type} of {size} bytes said of '{text}'", Tar().Entry("././@LongLink", Encoding.Latin1.GetBytes(text), type, size: TarBytes.Octal(size)).Entry("a", [], '2', "t").File("after", "x").End());

            yield return ($"GNU {type} with a prefix", Tar().Entry("././@LongLink", "b\0"u8.ToArray(), type).Entry("a", [], change: h => "prefix"u8.CopyTo(h.AsSpan(345))).End());
        }
    }

    private static IEnumerable<(string, byte[])> Globals()
    {
        yield return ("global and a later one of the same", Global(Global(Tar(), ("mtime", "1")).File("a", "x"), ("mtime", "2")).File("b", "x").End());
        yield return ("global and a later one of more", Global(Global(Tar(), ("mtime", "1")).File("a", "x"), ("mtime", "2"), ("uid", "3")).File("b", "x").End());
        yield return ("global and a later one of less", Global(Global(Tar(), ("mtime", "1"), ("uid", "3")).File("a", "x"), ("mtime", "2")).File("b", "x").End());
        yield return ("global and a later one of nothing", Global(Global(Tar(), ("mtime", "1")).File("a", "x"), ("comment", "2")).File("b", "x").End());
        yield return ("global and PAX over it", Global(Tar(), ("mtime", "1"), ("uid", "1")).Pax(("mtime", "2")).File("a", "x").File("b", "x").End());
        yield return ("global says it twice", Global(Tar(), ("mtime", "1"), ("mtime", "2")).File("a", "x").End());
        yield return ("global of all", Global(Tar(), ("mtime", "-1.5"), ("uid", "7"), ("gid", "8"), ("uname", "u"), ("gname", "g"), ("atime", "1"), ("comment", "c")).File("a", "x").Pax(("uid", "0"), ("uname", "")).File("b", "x").End());
        yield return ("global before the end", Global(Tar().File("a", "x"), ("mtime", "1")).End());
        yield return ("global alone", Global(Tar(), ("mtime", "1")).End());
        foreach (string key in (string[])["path", "linkpath", "size", "GNU.sparse.major", "GNU.sparse.size", "SCHILY.xattr.user.a", "GNU.volume.filename", "GNU.volume.size", "GNU.volume.offset", "GNU.volume.label", "SCHILY.devmajor", "hdrcharset", "uname", "mtime", "uid"])
            foreach (string value in (string[])["1", "", "x"])
                yield return ($"global {key}={value}", Global(Tar(), (key, value)).File("a", "x").Symlink("b", "t").End());
        foreach (int count in (int[])[2, 16, 17])
        {
            TarBytes tar = Tar();
            for (int i = 0; i < count; i++) Global(tar, ("mtime", i.ToString(CultureInfo.InvariantCulture)));
            yield return ($"{count} globals", tar.File("a", "x").End());
        }
    }

    private static IEnumerable<(string, byte[])> Ends()
    {
        byte[] tar = Tar().File("a", "x").End(0);
        foreach (int zeros in (int[])[0, 1, 511, 512, 513, 1023, 1024, 1025, 1536, 10240, 20480]) yield return ($"{zeros} zeros at the end", [.. tar, .. new byte[zeros]]);
        yield return ("a tar behind the end mark", [.. tar, .. new byte[1024], .. tar, .. new byte[1024]]);
        yield return ("a tar behind one block of zeros", [.. tar, .. new byte[512], .. tar, .. new byte[1024]]);
        yield return ("a byte behind the end mark", [.. tar, .. new byte[1024], 1]);
        yield return ("text behind the end mark", [.. tar, .. new byte[1024], .. "text"u8]);
        yield return ("only the end mark", new byte[1024]);
        yield return ("only zeros", new byte[10240]);
        yield return ("one block of zeros", new byte[512]);
        foreach (BigInteger size in (BigInteger[])[new BigInteger(long.MaxValue), BigInteger.Pow(2, 62), 512, 513, 1])
            yield return ($"a size of {size} and nothing behind it", Tar().Entry("a", [], size: TarBytes.Base256(size)).End());
    }

    internal static TarBytes Global(TarBytes tar, params (string Key, string Value)[] records) =>
        tar.Entry("g", Encoding.Latin1.GetBytes(string.Concat(records.Select(r => TarBytes.Record(r.Key, r.Value)))), 'g');

    internal static TarBytes Tar() => new();
}
