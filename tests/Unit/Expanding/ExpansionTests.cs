using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

public sealed class ExpansionTests : IDisposable
{
    private readonly Expansion _expansion = new();

    public void Dispose() => _expansion.Dispose();

    [Fact]
    public async Task Files_directories_links_and_modes_come_out_as_they_are_in_the_image()
    {
        byte[] tar = new TarBytes()
            .Entry("etc", [], '5', change: Mode("0000750"))
            .Entry("etc/passwd", "root"u8.ToArray(), change: Mode("0000640"))
            .Entry("bin/su", "su"u8.ToArray(), change: Mode("0004755"))
            .Entry("tmp", [], '5', change: Mode("0001777"))
            .Symlink("etc/link", "/no/where")
            .HardLink("bin/again", "bin/su")
            .Entry("locked", [], '5', change: Mode("0000500"))
            .File("locked/in", "x").End();
        ExpandedImage result = await _expansion.RunAsync(tar);
        Assert.Equal((4, 5, 2, 8L), (result.Files + 1, result.Directories, result.Links, result.Size + 1));
        Assert.Equal(Expansion.IsRoot ? [] : ["/bin/again"], result.Skipped.Select(s => s.FilePath));
        Assert.Equal(_expansion.Path, result.Path);
        Assert.Equal(
            ["", "bin", "bin/again", "bin/su", "etc", "etc/link", "etc/passwd", "locked", "locked/in", "tmp"], _expansion.Find("%P"));
        string[] modes = _expansion.Find("%P %y %m %l");
        Assert.Equal(" d 755 ", modes[0]);
        Assert.Contains("bin d 755 ", modes);
        Assert.Contains("etc d 750 ", modes);
        Assert.Contains("etc/passwd f 640 ", modes);
        Assert.Contains("etc/link l 777 /no/where", modes);
        Assert.Contains("locked d 500 ", modes);
        Assert.Contains("tmp d 1777 ", modes);
        if (Expansion.IsRoot) Assert.Contains("bin/again f 4755 ", modes);
        string[] numbers = _expansion.Find("%P %i");
        Assert.Equal(numbers[3].Split(' ')[1], numbers[2].Split(' ')[1]);
        Assert.Equal([".root.ocitools.json", "root"], _expansion.Beside());
    }

    [Fact]
    public async Task Owners_times_attributes_and_devices_come_out_as_they_are_in_the_image()
    {
        Assert.SkipUnless(Expansion.IsRoot, "This needs root.");
        byte[] tar = new TarBytes()
            .Pax(("mtime", "-1.5"), ("SCHILY.xattr.user.one", "a\nb"), ("SCHILY.xattr.security.capability", "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
            .Entry("owned", "x"u8.ToArray(), change: Mode("0006711", "0001750", "0003641"))
            .Pax(("mtime", "1234567890.123456789")).Entry("d", [], '5', change: Mode("0000711", "0001750", "0003641"))
            .Pax(("mtime", "5000000000")).Entry("d/link", [], '2', "x", change: Mode("0000777", "0000001", "0000002"))
            .Entry("d/null", [], '3', change: h => { Mode("0000666")(h); "0000001"u8.CopyTo(h.AsSpan(329)); "0000003"u8.CopyTo(h.AsSpan(337)); })
            .Entry("d/block", [], '4', change: h => { Mode("0000660", "0000000", "0000006")(h); "0000010"u8.CopyTo(h.AsSpan(329)); "0000401"u8.CopyTo(h.AsSpan(337)); })
            .Entry("d/pipe", [], '6', change: Mode("0000622")).End();
        ExpandedImage result = await _expansion.RunAsync(tar);
        Assert.Empty(result.Skipped);
        Assert.True(result.HasOwners);
        Assert.Equal(3, result.Devices);
        Assert.Equal("1000:1953 6711", Stat("owned", "%U:%G %m"));
        Assert.Equal("-1.500000000", Tool.Text("stat", "-c", "%.9Y", _expansion.Path + "/owned").TrimEnd());
        Assert.Equal("1000:1953 711 1234567890.1234567890", Stat("d", "%U:%G %m %T@"));
        Assert.Equal("1:2 5000000000.0000000000", Stat("d/link", "%U:%G %T@"));
        Assert.Equal("c 666 1:3\nb 660 8:257\np 622 0:0", string.Join('\n', new[] { "null", "block", "pipe" }.Select(Device)));
        Assert.Equal("a\nb", Tool.Text("getfattr", "--only-values", "-n", "user.one", _expansion.Path + "/owned"));
        Assert.Equal("0x0100000200200000000000000000000000000000", Tool.Text("getfattr", "-e", "hex", "--absolute-names", "-n", "security.capability", _expansion.Path + "/owned").Split('=')[1].Trim());

        string Stat(string path, string format) => Tool.Text("find", $"{_expansion.Path}/{path}", "-maxdepth", "0", "-printf", format);
        string Device(string name) => Tool.Text("stat", "-c", "%F %a %Hr:%Lr", $"{_expansion.Path}/d/{name}").TrimEnd()
            .Replace("character special file", "c", StringComparison.Ordinal).Replace("block special file", "b", StringComparison.Ordinal).Replace("fifo", "p", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_are_merged_and_what_is_hidden_leaves_no_trace()
    {
        await _expansion.RunAsync(FileTreeTests.Parse("File a/x 1, File a/y 2, File b 3, Link c a | Whiteout a/x, File c/z 4, File b 5 | Dir b, File b/n 6"));
        Assert.Equal(["", "a", "a/y", "a/z", "b", "b/n", "c"], _expansion.Find("%P"));
        Assert.Equal("4", _expansion.Read("a/z"));
        Assert.Equal([".root.ocitools.json", "root"], _expansion.Beside());
    }

    [Fact]
    public async Task A_name_that_is_no_text_comes_out_as_the_bytes_that_it_is()
    {
        byte[] tar = new TarBytes().Entry("n?\n*", "x"u8.ToArray(), change: header => header[1] = 0xFF).Symlink("l", "t?").End();
        await _expansion.RunAsync(tar);
        Assert.Equal(["", "l", "n\u00ff\n*"], _expansion.Find("%P"));
    }

    [Theory]
    [InlineData("/usr/lib/b.so", "usr usr/lib usr/lib/b.so")]
    [InlineData("/usr/lib", "usr usr/lib usr/lib/b.so usr/lib/x usr/lib/x/c.so")]
    [InlineData("usr/*", "usr usr/a usr/lib usr/lib/b.so usr/lib/x usr/lib/x/c.so")]
    [InlineData("**/c.so", "usr usr/lib usr/lib/x usr/lib/x/c.so")]
    [InlineData("/", "again link usr usr/a usr/lib usr/lib/b.so usr/lib/x usr/lib/x/c.so")]
    [InlineData("/again", "again")]
    [InlineData("/link", "link")]
    public async Task A_pattern_brings_what_it_fits_and_all_below(string pattern, string expected)
    {
        byte[] tar = new TarBytes().Entry("usr", [], '5', change: Mode("0000711")).File("usr/a", "a").File("usr/lib/b.so", "b").File("usr/lib/x/c.so", "c").Symlink("link", "usr/lib").End();
        LayeredImage image = new([tar, new TarBytes().HardLink("again", "usr/a").End()]);
        ExpandedImage result = await _expansion.RunAsync(image, patterns: [pattern]);
        Assert.Equal(expected, string.Join(' ', _expansion.Find("%P")).Trim());
        if (expected.Contains("usr", StringComparison.Ordinal)) Assert.Contains("usr 711", _expansion.Find("%P %m"));
        if (expected == "again")
        {
            Assert.Equal("a", _expansion.Read("again"));
            Assert.Contains("again 1", _expansion.Find("%P %n"));
            Assert.Equal((1, 0), (result.Files, result.Links));
        }
    }

    [Fact]
    public async Task What_lies_behind_a_link_is_read_again_only_where_it_is_meant()
    {
        LayeredImage image = new(FileTreeTests.Parse("Dir real, Link alias real, File far 1 | File alias/x 2"));
        await _expansion.RunAsync(image, patterns: ["/real"]);
        Assert.Equal("2", _expansion.Read("real/x"));
        Assert.Equal(["", "real", "real/x"], _expansion.Find("%P"));
        Assert.Equal([0, 1, 1], image.LayersRead.Order());
    }

    [Theory]
    [InlineData("/nothing", "no file '/nothing'.")]
    [InlineData("/link/b", "leads to '/usr/b'")]
    [InlineData("/none/*", "fits the pattern")]
    [InlineData("/Usr", "no file '/Usr'.")]
    public async Task A_path_that_is_not_there_is_an_error_and_nothing_is_written(string path, string reason)
    {
        LayeredImage image = new(FileTreeTests.Parse("File usr/b 1, Link link usr"));
        OciException error = await Assert.ThrowsAsync<NotFoundException>(() => _expansion.RunAsync(image, patterns: path.Contains('*', StringComparison.Ordinal) ? [path] : ["/usr", path]));
        Assert.Empty(_expansion.Beside());
        Assert.Equal("FileNotFound", error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Holes_stay_holes()
    {
        byte[] data = new byte[4096];
        data.AsSpan().Fill(7);
        // PAX format 1.0: the map stands before the data
        byte[] map = new byte[512];
        "2\n1048576\n4096\n1099511627776\n0\n"u8.CopyTo(map);
        byte[] tar = new TarBytes().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "holes"), ("GNU.sparse.realsize", "1099511627776"))
            .Entry("GNUSparseFile.0/holes", [.. map, .. data]).End();
        await _expansion.RunAsync(tar);
        string[] words = Tool.Text("stat", "-c", "%s %b", _expansion.Path + "/holes").Trim().Split(' ');
        Assert.Equal("1099511627776", words[0]);
        Assert.True(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture) <= 64, words[1]);
        using FileStream file = File.OpenRead(_expansion.Path + "/holes");
        file.Position = 1048575;
        Assert.Equal((0, 7), (file.ReadByte(), file.ReadByte()));
    }

    [Fact]
    public async Task Without_owners_all_belongs_to_the_user_and_no_setuid_lends_his_rights()
    {
        byte[] tar = new TarBytes().Entry("own", "x"u8.ToArray(), change: Mode("0004755", "0001750", "0001750"))
            .Entry("root", "x"u8.ToArray(), change: Mode("0004755")).Entry("d", [], '5', change: Mode("0002755", "0001750", "0001750")).End();
        ExpandedImage result = await _expansion.RunAsync(new LayeredImage([tar]), noOwner: true);
        Assert.False(result.HasOwners);
        Assert.All(_expansion.Find("%U"), owner => Assert.Equal(Tool.Text("id", "-u").Trim(), owner));
        Assert.Contains("own 755", _expansion.Find("%P %m"));
        if (Expansion.IsRoot) Assert.Contains("root 4755", _expansion.Find("%P %m"));
        Assert.Contains("d 2755", _expansion.Find("%P %m"));
        SkippedFile skipped = result.Skipped[0];
        Assert.Equal(("/own", true), (skipped.FilePath, skipped.IsWritten));
        Assert.Contains("setuid", skipped.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owners_and_modes_that_a_file_system_forgets_in_silence_are_listed()
    {
        using MountedFolder mounted = MountedFolder.Ntfs("ntfs-3g", "umask=022");
        byte[] tar = new TarBytes().Entry("secret", "x"u8.ToArray(), change: Mode("0000600")).Entry("plain", "x"u8.ToArray(), change: Mode("0000755"))
            .Entry("own", "x"u8.ToArray(), change: Mode("0000755", "0001750", "0001750")).Entry("d", [], '5', change: Mode("0000700", "0000001"))
            .Entry("link", [], '2', "x", change: Mode("0000777", "0000000", "0001750")).End();
        ExpandedImage result = await new Expansion(mounted.Path).RunAsync(tar);
        Assert.Equal(["/d: its owner was not set (the file system keeps another); its mode was not set (the file system keeps another)",
            "/link: its owner was not set (the file system keeps another)",
            "/own: its owner was not set (the file system keeps another)",
            "/secret: its mode was not set (the file system keeps another)"], result.Skipped.Select(s => s.ToString()).Order());
        Assert.All(result.Skipped, s => Assert.True(s.IsWritten));
    }

    internal static Action<byte[]> Mode(string mode, string user = "0000000", string group = "0000000") => header =>
    {
        System.Text.Encoding.ASCII.GetBytes(mode).CopyTo(header, 100);
        System.Text.Encoding.ASCII.GetBytes(user).CopyTo(header, 108);
        System.Text.Encoding.ASCII.GetBytes(group).CopyTo(header, 116);
    };
}
