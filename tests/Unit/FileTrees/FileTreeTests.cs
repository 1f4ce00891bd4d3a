using OciTools.Layers.Tar;
using OciTools.Operations.Files;
using OciTools.Operations.Layers;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>The merge of layers by the rules of the OCI image-spec, layer.md; expected lists are worked out from its text by hand.</summary>
public sealed class FileTreeTests
{
    public static TheoryData<string, string[]> Merges => new()
    {
        { "File a x | Whiteout a", ["/"] },
        { "File a/b x, File a/c y | Whiteout a/b", ["/", "/a/", "/a/c"] },
        { "File a/b x | Whiteout a", ["/"] },
        { "File a/b x | Whiteout a, File a/c y", ["/", "/a/", "/a/c"] },
        { "File a/b x | File a/c y, Whiteout a", ["/", "/a/", "/a/c"] },
        { "File a/b x, File a/d/e y | Dir a, Opaque a, File a/c y", ["/", "/a/", "/a/c"] },
        { "File a/b x | File a/c y, Opaque a, File a/d z", ["/", "/a/", "/a/c", "/a/d"] },
        { "File a/b x | File a y", ["/", "/a"] },
        { "File a x | Dir a, File a/b y", ["/", "/a/", "/a/b"] },
        { "Link a /x, Dir x | Dir a, File a/b y", ["/", "/a/", "/a/b", "/x/"] },
        { "Link a /x, Dir x | File a/b y", ["/", "/a -> /x", "/x/", "/x/b"] },
        { "Link a x/../y, Dir x, Dir y | File a/b z", ["/", "/a -> x/../y", "/x/", "/y/", "/y/b"] },
        { "Link a ../../y | File a/b z", ["/", "/a -> ../../y", "/y/", "/y/b"] },
        { "Link a /x, File x/f y | Whiteout a/f", ["/", "/a -> /x", "/x/"] },
        { "Link a /x, File x/f y | Dir a, Whiteout a/f", ["/", "/a/", "/x/", "/x/f"] },
        { "File a x, Hard b a", ["/", "/a", "/b = /a"] },
        { "File a x, Hard b a | Whiteout a", ["/", "/b"] },
        { "File b x, Hard a b", ["/", "/a", "/b = /a"] },
        { "File a x | Hard b a", ["/", "/a", "/b = /a"] },
        { "File a x | Hard b a | File a y", ["/", "/a", "/b"] },
        { "Link a t, Hard b a", ["/", "/a -> t", "/b = /a"] },
        { "File a x, File a y", ["/", "/a"] },
        { "File a x | Hard b a, Whiteout a", ["/", "/b"] },
        { "File a/b x | Opaque ., File c y", ["/", "/c"] },
        { "Dir a, Fifo a/p | Dir a", ["/", "/a/", "/a/p"] },
        { "File .wh..wh.plnk/1 x, File a y", ["/", "/a"] },
        { "File a/b/c x | Whiteout a/b | Dir a/b, File a/b/d y | Opaque a", ["/", "/a/"] },
    };

    [Theory]
    [MemberData(nameof(Merges))]
    public async Task Layers_merge_as_the_specification_says(string layers, string[] expected)
    {
        string[] paths = await new LayeredImage(Parse(layers)).PathsAsync();
        Assert.Equal(expected, paths);
    }

    [Theory]
    [InlineData("File ../x y", "..")]
    [InlineData("File a/../x y", "..")]
    [InlineData("Link . x", "root")]
    [InlineData("Fifo ./ ", "root")]
    [InlineData("File a x | File a/b y", "no directory")]
    [InlineData("Hard a b", "not there")]
    [InlineData("Dir b, Hard a b", "directory")]
    [InlineData("File b x, Hard a ../b", "..")]
    [InlineData("File a x, Hard a a", "not there")]
    [InlineData("Whiteout a/..", "no name")]
    [InlineData("File .wh.a/b x", "whiteout")]
    [InlineData("Link a b, Link b a | File a/x y", "chain of links")]
    public async Task What_could_be_read_in_two_ways_or_leave_the_root_is_refused(string layers, string reason)
    {
        MalformedException error = await Assert.ThrowsAsync<MalformedException>(() => new LayeredImage(Parse(layers)).PathsAsync());
        Assert.Equal("MalformedContent", error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hidden_entries_name_the_layer_that_hides_them_and_what_they_waste()
    {
        LayeredImage image = new(Parse("File a 12345, File b 123, File d/e 1 | File a 1234567, Whiteout d | Hard c b, Whiteout b"));
        ImageFile[] files = await image.ListAsync(new FileSelection { IncludeHidden = true });
        Assert.Equal(["/", "/a", "/c", "/a", "/b", "/d/e"], files.Where(f => f.Type is not "Whiteout").Select(f => f.FilePath));
        Assert.Equal(5, files[1].WastedSize);
        Assert.Equal(["/.wh.d:1", "/.wh.b:0"], files.Where(f => f.Type is "Whiteout").Select(f => $"{f.FilePath}:{f.WastedSize}"));
        Assert.Equal(["/a:1", "/b:2", "/d/e:1"], files.Where(f => f.HiddenByLayer is not null).Select(f => $"{f.FilePath}:{f.HiddenByLayer}"));
    }

    // a sparse file takes a few bytes in a tar, whatever size it claims
    [Fact]
    public async Task Files_that_claim_more_than_a_number_holds_waste_as_much_as_it_holds()
    {
        static byte[] Layer(params TarHeader[] headers)
        {
            MemoryStream bytes = new();
            using TarWriter writer = new(bytes);
            foreach (TarHeader header in headers)
            {
                writer.WriteHeader(header);
                writer.EndEntry();
            }

            writer.End();
            return bytes.ToArray();
        }

        TarHeader huge = new() { Kind = TarEntryKind.File, RawName = "d/a"u8.ToArray(), IsSparse = true, RealSize = long.MaxValue };
        byte[] lower = Layer(huge, huge with { RawName = "d/b"u8.ToArray() }, huge with { RawName = "d/c"u8.ToArray() });
        byte[] upper = Layer(new TarHeader { Kind = TarEntryKind.File, RawName = "d"u8.ToArray() });
        ImageFile[] files = await new LayeredImage([lower, upper]).ListAsync(new FileSelection { IncludeHidden = true });
        Assert.Equal(long.MaxValue, files.Single(file => file.FilePath == "/d").WastedSize);
        Assert.Equal(3, files.Count(file => file.HiddenByLayer == 1 && file.Size == long.MaxValue));
    }

    [Fact]
    public async Task A_layer_shows_its_own_entries_with_whiteouts_as_such()
    {
        LayeredImage image = new(Parse("File a 1 | Whiteout a, Opaque d, File d/x 1"));
        ImageFile[] files = await image.ListAsync(new FileSelection { Layers = LayerSelection.Parse(["1"]) });
        Assert.Equal([("/.wh.a", "Whiteout"), ("/d/.wh..wh..opq", "OpaqueWhiteout"), ("/d/x", "File")], files.Select(f => (f.FilePath, f.Type)));
        Assert.Equal([1], image.LayersRead);
    }

    [Theory]
    [InlineData("d/a")]
    [InlineData("/d/a")]
    [InlineData("./d/a")]
    [InlineData("/./d/a")]
    [InlineData("d//a")]
    [InlineData("d/./a/")]
    public async Task A_layer_shows_the_target_of_a_hard_link_as_the_path_that_it_is_listed_under(string target)
    {
        LayeredImage image = new(Parse($"Dir d, File d/a x, Hard b {target}"));
        ImageFile[] files = await image.ListAsync(new FileSelection { Layers = LayerSelection.Parse(["0"]) });
        Assert.Equal("/d/a", files.Single(f => f.Type == "HardLink").LinkTarget);
        Assert.Contains(files, f => f.FilePath == "/d/a");
    }

    [Fact]
    public async Task A_Windows_layer_shows_the_target_of_a_hard_link_without_Files()
    {
        LayeredImage image = new(Parse("Dir Files, File Files/a x, Hard Files/b Files/a"), platform: "\"os\":\"windows\",\"architecture\":\"amd64\"");
        ImageFile[] files = await image.ListAsync(new FileSelection { Layers = LayerSelection.Parse(["0"]) });
        Assert.Equal("/a", files.Single(f => f.Type == "HardLink").LinkTarget);
    }

    [Fact]
    public async Task Windows_layers_start_below_Files()
    {
        byte[] tar = new TarBytes().Directory("Files").Directory("Files/Windows").File("Files/Windows/a.dll", "x").Directory("Hives").File("Hives/DefaultUser_Delta", "h").End();
        LayeredImage image = new([tar, new TarBytes().File("Files/Windows/.wh.a.dll", "").End()], platform: "\"os\":\"windows\",\"architecture\":\"amd64\"");
        Assert.Equal(["/", "/Hives/", "/Hives/DefaultUser_Delta", "/Windows/"], await image.PathsAsync());
    }

    [Theory]
    [InlineData("/usr/*", "/usr/a,/usr/lib")]
    [InlineData("usr/**", "/usr/a,/usr/lib,/usr/lib/b.so,/usr/lib/x,/usr/lib/x/c.so")]
    [InlineData("/usr/**/*.so", "/usr/lib/b.so,/usr/lib/x/c.so")]
    [InlineData("/usr/?", "/usr/a")]
    [InlineData("/USR/a", "")]
    [InlineData("/usr/lib/", "/usr/lib")]
    [InlineData("**/c.so", "/usr/lib/x/c.so")]
    [InlineData("/n\\xff", "/n\\xff")]
    [InlineData("/n?", "/né,/n\\xff")]
    public async Task Patterns_stay_within_segments_unless_two_stars_cross_them(string pattern, string expected)
    {
        byte[] tar = new TarBytes().File("usr/a", "").File("usr/lib/b.so", "").File("usr/lib/x/c.so", "").File("né", "")
            .Entry("n?", [], change: header => header[1] = 0xFF).End();
        ImageFile[] files = await new LayeredImage([tar]).ListAsync(new FileSelection([pattern]));
        Assert.Equal(expected, string.Join(',', files.Select(f => f.FilePath)));
    }

    internal static byte[][] Parse(string layers) => [.. layers.Split('|').Select(layer =>
    {
        TarBytes tar = new();
        foreach (string entry in layer.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] words = entry.Split(' ');
            string path = words[1];
            int slash = path.LastIndexOf('/') + 1;
            _ = words[0] switch
            {
                "File" => tar.File(path, words[2]),
                "Dir" => tar.Directory(path),
                "Link" => tar.Symlink(path, words[2]),
                "Hard" => tar.HardLink(path, words[2]),
                "Fifo" => tar.Entry(path, [], '6'),
                "Whiteout" => tar.File(path[..slash] + ".wh." + path[slash..], ""),
                "Opaque" => tar.File(path == "." ? ".wh..wh..opq" : path + "/.wh..wh..opq", ""),
                _ => throw new ArgumentException(entry),
            };
        }

        return tar.End();
    })];
}
