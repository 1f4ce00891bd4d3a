using System.Globalization;
using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>Sparse files in tars, sound and unsound, in GNU's four forms.</summary>
internal static class TarSparseOddities
{
    // what the pieces are, what the size of the file is, and how many bytes are stored
    private static readonly (string Name, (string Offset, string Length)[] Pieces, string RealSize, int Stored)[] s_maps =
    [
        ("one piece", [("0", "512")], "512", 512),
        ("one piece and the end", [("0", "512"), ("1000", "0")], "1000", 512),
        ("only the end", [("1000", "0")], "1000", 0),
        ("two pieces", [("512", "512"), ("2048", "512")], "2560", 1024),
        ("an odd last piece", [("512", "512"), ("2048", "3")], "2051", 515),
        ("an odd first piece", [("512", "3"), ("2048", "512")], "2560", 515),
        ("an odd piece and the end", [("512", "3"), ("2048", "0")], "2048", 3),
        ("pieces that touch", [("0", "512"), ("512", "512")], "1024", 1024),
        ("pieces that overlap", [("0", "1024"), ("512", "512")], "1024", 1536),
        ("pieces out of order", [("2048", "512"), ("0", "512")], "2560", 1024),
        ("the same piece twice", [("0", "512"), ("0", "512")], "512", 1024),
        ("an empty piece between", [("0", "512"), ("1024", "0"), ("2048", "512")], "2560", 1024),
        ("an empty piece first", [("0", "0"), ("2048", "512")], "2560", 512),
        ("an end that steps back", [("2048", "512"), ("1000", "0")], "2560", 512),
        ("two ends", [("512", "512"), ("2000", "0"), ("2000", "0")], "2000", 512),
        ("a piece beyond the end", [("0", "512"), ("2048", "512")], "2048", 1024),
        ("a file longer than its map", [("0", "512")], "4096", 512),
        ("a file shorter than its map", [("0", "512")], "100", 512),
        ("more stored than mapped", [("0", "512")], "512", 1024),
        ("less stored than mapped", [("0", "1024")], "1024", 512),
        ("no pieces", [], "0", 0),
        ("no pieces of a file", [], "1000", 0),
        ("no pieces and content", [], "1000", 512),
        ("a negative piece", [("-512", "512")], "512", 512),
        ("a piece of negative size", [("0", "-512")], "512", 512),
        ("a piece at 2^63", [("9223372036854775807", "512")], "9223372036854775807", 512),
        ("a piece beyond 2^63", [("9223372036854775808", "512")], "512", 512),
        ("pieces that overflow together", [("9223372036854775296", "1024")], "9223372036854775807", 1024),
        ("a far piece", [("1099511627776", "512")], "1099511628288", 512),
        ("a number with blanks", [(" 0", "512")], "512", 512),
        ("a number with a sign", [("+0", "512")], "512", 512),
        ("a number in hexadecimal", [("0x0", "512")], "512", 512),
        ("a number with zeros in front", [("000", "0000512")], "00512", 512),
        ("an empty number", [("", "512")], "512", 512),
        ("21 digits", [("000000000000000000000", "512")], "512", 512),
        ("20 digits", [("00000000000000000000", "512")], "512", 512),
        ("a size of the file that is none", [("0", "512")], "x", 512),
        ("a size of the file that is negative", [("0", "512")], "-1", 512),
        ("a size of the file that is empty", [("0", "512")], "", 512),
    ];

    internal static IEnumerable<(string Name, byte[] Tar)> All()
    {
        foreach ((string name, (string Offset, string Length)[] pieces, string realSize, int stored) in s_maps)
        {
            if (TryOld(pieces, realSize, stored) is { } old) yield return ($"old: {name}", old);
            yield return ($"0.0: {name}", Form00(pieces, realSize, stored).End());
            yield return ($"0.1: {name}", Form01(pieces, realSize, stored).End());
            yield return ($"1.0: {name}", Form10(pieces, realSize, stored).End());
        }

        foreach ((string, byte[]) odd in Old().Concat(Records()).Concat(Maps())) yield return odd;
    }

    private static IEnumerable<(string, byte[])> Old()
    {
        foreach (int count in (int[])[4, 5, 24, 25, 26, 46, 47])
        {
            (string, string)[] pieces = [.. Enumerable.Range(0, count).Select(i => ((i * 1024).ToString(CultureInfo.InvariantCulture), "512"))];
            string end = ((count * 1024) - 512).ToString(CultureInfo.InvariantCulture);
            yield return ($"old: {count} pieces", TryOld(pieces, end, count * 512)!);
            yield return ($"1.0: {count} pieces", Form10(pieces, end, count * 512).End());
            yield return ($"0.1: {count} pieces", Form01(pieces, end, count * 512).End());
            yield return ($"old: {count} pieces, the last block says that there are more", TryOld(pieces, end, count * 512, moreAtEnd: true)!);
        }

        yield return ("old: a map that ends in the header though blocks follow", TryOld([("0", "512")], "512", 512, moreAtEnd: true)!);
        yield return ("old: a gap in the map", OldTar(512, h => { Piece(h, 386, 0, 512); Piece(h, 386 + 48, 1024, 512); Octal(h, 483, 1536); }));
        yield return ("old: in a ustar header", OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); "ustar\000"u8.CopyTo(h.AsSpan(257)); }));
        yield return ("old: in a header without a mark", OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); h.AsSpan(257, 8).Clear(); }));
        yield return ("old: a size of the file in base 256", OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); TarBytes.Base256(512).CopyTo(h, 483); }));
        yield return ("old: a piece in base 256", OldTar(512, h => { TarBytes.Base256(0).CopyTo(h, 386); TarBytes.Base256(512).CopyTo(h, 398); Octal(h, 483, 512); }));
        yield return ("old: no size of the file", OldTar(512, h => Piece(h, 386, 0, 512)));
        yield return ("old: the name ends in a slash", OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); h[1] = (byte)'/'; }));
        yield return ("old: with a PAX name", new TarBytes().Pax(("path", "other")).Raw(OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); })).End(0));
        yield return ("old: with a PAX size", new TarBytes().Pax(("size", "512")).Raw(OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); })).End(0));
        yield return ("old: with a PAX sparse size", new TarBytes().Pax(("GNU.sparse.size", "512")).Raw(OldTar(512, h => { Piece(h, 386, 0, 512); Octal(h, 483, 512); })).End(0));
    }

    private static IEnumerable<(string, byte[])> Records()
    {
        (string, string)[] form00 = [("size", "1000"), ("numblocks", "2"), ("offset", "0"), ("numbytes", "512"), ("offset", "1000"), ("numbytes", "0")];
        (string, string)[] form01 = [("size", "1000"), ("numblocks", "2"), ("name", "real"), ("map", "0,512,1000,0")];
        (string, string)[] form10 = [("major", "1"), ("minor", "0"), ("name", "real"), ("realsize", "1000")];
        foreach ((string form, (string Key, string Value)[] records) in ((string, (string, string)[])[])[("0.0", form00), ("0.1", form01), ("1.0", form10)])
        {
            byte[] content = form == "1.0" ? [.. Block("2\n0\n512\n1000\n0\n"), .. new byte[512]] : new byte[512];
            for (int i = 0; i < records.Length; i++)
            {
                yield return ($"{form} without record {i}", Sparse([.. records[..i], .. records[(i + 1)..]], content).End());
                yield return ($"{form} with record {i} twice", Sparse([.. records[..i], records[i], .. records[i..]], content).End());
                yield return ($"{form} with record {i} first", Sparse([records[i], .. records[..i], .. records[(i + 1)..]], content).End());
                foreach (string other in (string[])["", "0", "1", "2", "3", "-1", "x", "99999999999999999999"])
                    yield return ($"{form} with '{other}' in record {i}", Sparse([.. records[..i], (records[i].Key, other), .. records[(i + 1)..]], content).End());
            }

            foreach ((string key, string value) in ((string, string)[])[("major", "0"), ("minor", "1"), ("map", "0,512"), ("offset", "0"), ("numblocks", "9"), ("realsize", "5"), ("size", "1000"), ("other", "1")])
                yield return ($"{form} with {key}={value} behind", Sparse([.. records, (key, value)], content).End());
            foreach (char type in "\0125767") yield return ($"{form} of type {type}", Sparse(records, content, type).End());
            foreach (string magic in (string[])["ustar  \0", "\0\0\0\0\0\0\0\0"]) yield return ($"{form} in a header of {magic}", Sparse(records, content, change: TarOddities.Magic(magic, _ => { })).End());
            yield return ($"{form} in a header of star", Sparse(records, content, change: h => "00000000001 00000000002 "u8.CopyTo(h.AsSpan(476))).End());
            yield return ($"{form} with a PAX name", Sparse(records, content, more: ("path", "other")).End());
            yield return ($"{form} with a PAX size", Sparse(records, content, more: ("size", content.Length.ToString(CultureInfo.InvariantCulture))).End());
            yield return ($"{form} with a wrong PAX size", Sparse(records, content, more: ("size", "511")).End());
            yield return ($"{form} and a file after it", Sparse(records, content).File("after", "x").End());
        }

        foreach (string map in (string[])["", ",", "0", "0,512,", "0,512,1000", "0,512,1000,", ",0,512", "0, 512,1000,0", "0,512;1000,0", "0,512,1000,0,2000,0", "0,512\n,1000,0"])
            yield return ($"0.1 with the map '{map}'", Sparse([("size", "1000"), ("numblocks", "2"), ("map", map)], new byte[512]).End());
    }

    private static IEnumerable<(string, byte[])> Maps()
    {
        (string, string)[] records = [("major", "1"), ("minor", "0"), ("name", "real"), ("realsize", "1000")];
        string[] texts =
        [
            "", "2", "2\n", "2\n0\n512\n1000\n", "2\n0\n512\n1000\n0", "2\r\n0\n512\n1000\n0\n", "3\n0\n512\n1000\n0\n", "1\n0\n512\n1000\n0\n", "02\n00\n0512\n1000\n0\n", "2\n\n512\n1000\n0\n", "-2\n0\n512\n1000\n0\n", "2 \n0\n512\n1000\n0\n",
            "18446744073709551615\n0\n512\n", "9223372036854775807\n0\n512\n", "99999999999\n0\n512\n", "2\n0\n512\n1000\n0\nrest", "\n2\n0\n512\n1000\n0\n", "0\n", "2,0,512,1000,0\n",
        ];
        foreach (string text in texts) yield return ($"1.0 with the map '{text}'", Sparse(records, [.. Block(text), .. new byte[512]]).File("after", "x").End());
        yield return ("1.0 with a map of two blocks where the content has one", Sparse(records, Block("2\n" + new string('0', 600))[..512]).File("after", "x").End());
        yield return ("1.0 with nothing stored", Sparse(records, []).File("after", "x").End());
        yield return ("1.0 with less than a block stored", Sparse(records, "2\n0\n512\n1000\n0\n"u8.ToArray()).File("after", "x").End());
        yield return ("1.0 with a map over the edge of a block", Form10([.. Enumerable.Range(0, 60).Select(i => ((i * 100_000 * 512L).ToString(CultureInfo.InvariantCulture), "512"))], (59 * 100_000 * 512L + 512).ToString(CultureInfo.InvariantCulture), 60 * 512).End());
    }

    private static byte[]? TryOld((string Offset, string Length)[] pieces, string realSize, int stored, bool moreAtEnd = false)
    {
        if (pieces.Any(p => !long.TryParse(p.Offset, out _) || !long.TryParse(p.Length, out _)) || !long.TryParse(realSize, out long real)) return null;
        List<byte[]> extensions = [];
        byte[] tar = OldTar(stored, header =>
        {
            Octal(header, 483, real);
            for (int i = 0; i < Math.Min(4, pieces.Length); i++) Piece(header, 386 + (24 * i), pieces[i]);
            for (int i = 4; i < pieces.Length; i += 21)
            {
                byte[] extension = new byte[512];
                for (int k = i; k < Math.Min(i + 21, pieces.Length); k++) Piece(extension, 24 * (k - i), pieces[k]);
                extension[504] = i + 21 < pieces.Length || moreAtEnd ? (byte)1 : (byte)0;
                extensions.Add(extension);
            }

            header[482] = extensions.Count > 0 || moreAtEnd ? (byte)1 : (byte)0;
        });
        return [.. tar[..512], .. extensions.SelectMany(e => e), .. tar[512..]];
    }

    private static byte[] OldTar(int stored, Action<byte[]> change) => new TarBytes().Entry("sparse", Enumerable.Repeat((byte)'x', stored).ToArray(), 'S', change: h =>
    {
        "ustar  \0"u8.CopyTo(h.AsSpan(257));
        change(h);
    }).File("after", "x").End();

    private static void Piece(byte[] block, int at, (string Offset, string Length) piece) =>
        Piece(block, at, long.Parse(piece.Offset, CultureInfo.InvariantCulture), long.Parse(piece.Length, CultureInfo.InvariantCulture));

    private static void Piece(byte[] block, int at, long offset, long length)
    {
        Octal(block, at, offset);
        Octal(block, at + 12, length);
    }

    private static void Octal(byte[] block, int at, long value) => (value is < 0 or > 0x1_FFFF_FFFF ? TarBytes.Base256(value) : TarBytes.Octal(value)).CopyTo(block, at);

    private static TarBytes Form00((string Offset, string Length)[] pieces, string realSize, int stored) =>
        Sparse([("size", realSize), ("numblocks", Count(pieces)), .. pieces.SelectMany(p => ((string, string)[])[("offset", p.Offset), ("numbytes", p.Length)])], Stored(stored)).File("after", "x");

    private static TarBytes Form01((string Offset, string Length)[] pieces, string realSize, int stored) =>
        Sparse([("size", realSize), ("numblocks", Count(pieces)), ("name", "real"), ("map", string.Join(',', pieces.Select(p => p.Offset + "," + p.Length)))], Stored(stored)).File("after", "x");

    private static TarBytes Form10((string Offset, string Length)[] pieces, string realSize, int stored)
    {
        byte[] map = Block(Count(pieces) + "\n" + string.Concat(pieces.Select(p => p.Offset + "\n" + p.Length + "\n")));
        return Sparse([("major", "1"), ("minor", "0"), ("name", "real"), ("realsize", realSize)], [.. map, .. Stored(stored)]).File("after", "x");
    }

    private static string Count((string, string)[] pieces) => pieces.Length.ToString(CultureInfo.InvariantCulture);

    private static byte[] Stored(int size) => Enumerable.Repeat((byte)'x', size).ToArray();

    private static byte[] Block(string text)
    {
        byte[] block = new byte[Math.Max(512, (text.Length + 511) / 512 * 512)];
        Encoding.Latin1.GetBytes(text).CopyTo(block, 0);
        return block;
    }

    private static TarBytes Sparse((string Key, string Value)[] records, byte[] content, char type = '0', Action<byte[]>? change = null, (string, string)? more = null)
    {
        IEnumerable<(string, string)> all = records.Select(r => ("GNU.sparse." + r.Key, r.Value));
        if (more is { } record) all = all.Append(record);
        return new TarBytes().Pax([.. all]).Entry("stored", content, type, change: change);
    }
}
