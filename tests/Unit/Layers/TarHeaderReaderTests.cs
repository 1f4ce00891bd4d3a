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
        (string Name, byte[] Tar)[] cases = [.. MalformedTars.OfAnyKind()];
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
    public async Task Too_many_of_something_are_counted_and_not_called_bytes()
    {
        (string, string)[] attributes = [.. Enumerable.Range(0, Limits.TarAttributes + 1).Select(number => ($"SCHILY.xattr.user.{number}", "x"))];
        string map = string.Concat(Enumerable.Range(0, Limits.TarSparsePieces + 1).Select(_ => "0\n0\n"));
        byte[] stored = new byte[(map.Length + 1023) / 512 * 512];
        Encoding.ASCII.GetBytes($"{Limits.TarSparsePieces + 1}\n{map}").CopyTo(stored, 0);
        foreach ((byte[] tar, int most) in new[]
        {
            (new TarBytes().Pax(attributes).File("a", "").End(), Limits.TarAttributes),
            (new TarBytes().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "a"), ("GNU.sparse.realsize", "0")).File("a", stored).End(), Limits.TarSparsePieces),
        })
        {
            OciException error = await Assert.ThrowsAnyAsync<OciException>(() => ReadAsync(tar));
            Assert.Equal("TooLarge", error.ErrorId);
            Assert.Contains($"more than {most} ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain($"{most} bytes", error.Message, StringComparison.Ordinal);
        }
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
