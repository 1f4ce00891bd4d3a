using System.Numerics;
using System.Text;
using OciTools.Layers.Tar;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

public sealed class TarHeaderReaderTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gnu")]
    [InlineData("pax")]
    [InlineData("ustar")]
    [InlineData("oldgnu")]
    [InlineData("v7")]
    public async Task The_names_sizes_and_links_are_those_that_GNU_tar_lists(string format)
    {
        using TempFolder folder = new();
        string input = Path.Join(folder.Path, "in");
        string deep = format switch { "v7" => "short", "ustar" => new string('d', 90) + "/" + new string('e', 60), _ => string.Join('/', Enumerable.Repeat(new string('x', 60), 5)) };
        folder.Write("in/" + deep + "/file", new byte[1234]);
        folder.Write("in/empty", []);
        folder.Write("in/block", new byte[512]);
        File.CreateSymbolicLink(Path.Join(input, "link"), format is "v7" or "ustar" ? "target" : new string('t', 180));
        Tool.Run("ln", [Path.Join(input, "block"), Path.Join(input, "second")]);
        string archive = Path.Join(folder.Path, "a.tar");
        Tool.Run("tar", ["-C", input, "--format=" + format, "--sort=name", "-cf", archive, "."]);

        List<string> own = [];
        foreach (TarHeader header in await ReadAsync(await File.ReadAllBytesAsync(archive, Token)))
            own.Add($"{Letter(header.Kind)} {header.Size} {header.Name}{header.Kind switch { TarEntryKind.SymbolicLink => " -> " + header.Link, TarEntryKind.HardLink => " link to " + header.Link, _ => "" }}");
        string[] listed = Tool.Text("tar", "-tvf", archive, "--quoting-style=literal").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(listed.Select(Listed), own);
        Assert.Equal(listed.Length, own.Count);
        Assert.True(own.Count >= 6);
    }

    [Fact]
    public async Task The_data_of_an_entry_can_be_read_and_the_rest_of_it_is_skipped()
    {
        byte[] tar = new TarBytes().File("a", "first").File("b", "second").End();
        foreach (bool canSeek in new[] { false, true })
        {
            using Stream stream = canSeek ? new MemoryStream(tar) : new ChunkStream(tar, 100);
            TarHeaderReader reader = new(stream, "The tar");
            byte[] buffer = new byte[100];
            Assert.Equal("a", (await reader.ReadNextAsync(Token))!.Name);
            Assert.Equal(2, await reader.ReadDataAsync(buffer.AsMemory(0, 2), Token));
            Assert.Equal("b", (await reader.ReadNextAsync(Token))!.Name);
            Assert.Equal(6, await reader.ReadDataAsync(buffer, Token));
            Assert.Equal("second", Encoding.ASCII.GetString(buffer, 0, 6));
            Assert.Equal(0, await reader.ReadDataAsync(buffer, Token));
            Assert.Null(await reader.ReadNextAsync(Token));
        }
    }

    [Fact]
    public async Task Names_keep_their_bytes()
    {
        byte[] tar = new TarBytes().Pax(("path", "caf\u00E9 \u00FF\n")).Entry("short", []).End();
        Assert.Equal("636166E920FF0A", Convert.ToHexString(Assert.Single(await ReadAsync(tar)).RawName.Span));
    }

    [Fact]
    public async Task PAX_and_base_256_sizes_are_taken()
    {
        byte[] content = new byte[700];
        byte[] tar = new TarBytes()
            .Pax(("size", "700")).Entry("a", content, size: TarBytes.Octal(0))
            .Entry("b", content, size: TarBytes.Base256(700)).File("c", "x").End();
        Assert.Equal(["a 700", "b 700", "c 1"], (await ReadAsync(tar)).Select(h => $"{h.Name} {h.Size}"));
    }

    [Fact]
    public async Task A_sparse_file_of_GNU_tar_in_each_form_is_walked_over_and_marked()
    {
        using TempFolder folder = new();
        string file = Path.Join(folder.Path, "hole");
        await using (FileStream stream = File.Create(file))
        {
            for (int i = 0; i < 60; i++)
            {
                stream.Position = i * 1_000_000L;
                stream.WriteByte(1);
            }
        }

        foreach (string[] form in new string[][] { ["--format=gnu"], ["--format=pax", "--sparse-version=0.0"], ["--format=pax", "--sparse-version=0.1"], ["--format=pax", "--sparse-version=1.0"] })
        {
            string archive = Path.Join(folder.Path, "a.tar");
            Tool.Run("tar", [.. form, "-C", folder.Path, "--sparse", "-cf", archive, "hole"]);
            TarHeader header = Assert.Single(await ReadAsync(await File.ReadAllBytesAsync(archive, Token)));
            Assert.True(header.IsSparse, form[^1]);
        }
    }

    [Fact]
    public async Task Malformed_tars_are_refused_each_with_its_reason()
    {
        int held = 0;
        (string Name, byte[] Tar)[] cases = [.. Malformed()];
        foreach ((string name, byte[] tar) in cases)
        {
            OciException error = await Assert.ThrowsAnyAsync<OciException>(() => ReadAsync(tar));
            Assert.True(error.ErrorId is "MalformedContent" or "TooLarge", $"{name}: {error.ErrorId}");
            held++;
        }

        output.WriteLine($"malformed tars: tried {cases.Length}, held {held}");
        Assert.True(cases.Length >= 40);
    }

    [Fact]
    public async Task Every_flipped_bit_of_a_header_is_found()
    {
        byte[] tar = new TarBytes().File("name", "text").End();
        int tried = 0, held = 0;
        for (int bit = 0; bit < 512 * 8; bit++)
        {
            byte[] copy = [.. tar];
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            tried++;
            try
            {
                TarHeader header = Assert.Single(await ReadAsync(copy));
                // what is left is a flip in the spaces and NULs around the checksum's digits
                if (bit / 8 is >= 148 and < 156 && header.Name == "name" && header.Size == 4) held++;
            }
            catch (OciException)
            {
                held++;
            }
        }

        output.WriteLine($"flipped bits of a header: tried {tried}, held {held}");
        Assert.Equal(tried, held);
    }

    [Theory]
    [InlineData("0000001\0", 1L)]
    [InlineData("     17 ", 15L)]
    [InlineData("\0\0\0\0\0\0\0\0", 0L)]
    [InlineData("77777777", 16777215L)]
    [InlineData("12\0garb ", 10L)]
    public void Octal_numbers_are_read(string field, long value)
    {
        Assert.True(TarBlock.TryNumber(Encoding.Latin1.GetBytes(field), out long number));
        Assert.Equal(value, number);
    }

    [Fact]
    public void Base_256_numbers_are_read_as_long_as_they_fit()
    {
        foreach (BigInteger value in new BigInteger[] { 0, 1, 255, 256, long.MaxValue, -1, -256, long.MinValue })
        {
            Assert.True(TarBlock.TryNumber(TarBytes.Base256(value), out long number));
            Assert.Equal(value, number);
        }

        foreach (BigInteger value in new[] { BigInteger.Pow(2, 63), BigInteger.Pow(2, 64), BigInteger.Pow(2, 94), -BigInteger.Pow(2, 63) - 1 })
            Assert.False(TarBlock.TryNumber(TarBytes.Base256(value), out _));
    }

    private static IEnumerable<(string Name, byte[] Tar)> Malformed()
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

    private static string Listed(string line)
    {
        // "-rw-r--r-- root/root 1234 1970-01-01 00:00 name"
        string[] parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        return $"{line[0]} {parts[2]} {parts[5]}";
    }

    private static char Letter(TarEntryKind kind) => kind switch
    {
        TarEntryKind.File => '-',
        TarEntryKind.Directory => 'd',
        TarEntryKind.SymbolicLink => 'l',
        TarEntryKind.HardLink => 'h',
        _ => '?',
    };

    private static async Task<List<TarHeader>> ReadAsync(byte[] tar)
    {
        // both ways of skipping must see the same
        List<TarHeader> sought = await ReadAsync(new MemoryStream(tar));
        List<TarHeader> read = await ReadAsync(new ChunkStream(tar, 1000));
        Assert.Equal(sought.Select(h => (h.Name, h.Size, h.DataOffset)), read.Select(h => (h.Name, h.Size, h.DataOffset)));
        return sought;
    }

    private static async Task<List<TarHeader>> ReadAsync(Stream stream)
    {
        TarHeaderReader reader = new(stream, "The tar");
        List<TarHeader> headers = [];
        while (await reader.ReadNextAsync(Token) is { } header) headers.Add(header);
        return headers;
    }
}
