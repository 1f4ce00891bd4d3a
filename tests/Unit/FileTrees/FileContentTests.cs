using OciTools.Operations.Files;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>Contents of files, read from the top layer down and only as far as needed.</summary>
public sealed class FileContentTests
{
    // layers | path | content, or the id of the error | the layers that are read, in order
    [Theory]
    [InlineData("Dir etc, File etc/a old | Dir etc, File etc/b x | Dir etc, File etc/a new", "/etc/a", "new", "2")]
    [InlineData("Dir etc, File etc/a old | Dir etc, File etc/b x | Dir etc, File etc/c y", "/etc/a", "old", "2,1,0")]
    [InlineData("Dir etc, File etc/a old | Dir etc, Whiteout etc/a", "/etc/a", "FileNotFound", "1")]
    [InlineData("Dir etc, File etc/a old | Whiteout etc | File x y", "/etc/a", "FileNotFound", "2,1")]
    [InlineData("Dir etc, File etc/a old | Dir etc, Opaque etc | File x y", "/etc/a", "FileNotFound", "2,1")]
    [InlineData("Dir etc, File etc/a old | Dir etc, Opaque etc, File etc/b x", "/etc/b", "x", "1")]
    [InlineData("Dir usr, File usr/r yes | Dir etc, Link etc/r ../usr/r", "/etc/r", "yes", "1,0")]
    [InlineData("File z q | Dir usr, File usr/r yes, Dir etc, Link etc/r ../usr/r", "/etc/r", "yes", "1")]
    [InlineData("Dir a, File a/t body | Hard h a/t", "/h", "body", "1,0")]
    [InlineData("File z q | Dir a, File a/t body, Hard h a/t", "/h", "body", "1")]
    [InlineData("Dir x, Dir real, Link link real | File link/f below | File q z", "/real/f", "below", "2,1,0")]
    [InlineData("Dir real, File real/f old, Link link real | File link/f new", "/real/f", "new", "1,0")]
    [InlineData("File d/f old | File d/f new", "/d/f", "new", "1,0")]
    [InlineData("Dir d, File d/f old | File d x", "/d/f", "FileNotFound", "1")]
    [InlineData("File f x | Dir f", "/f", "NotAFile", "1")]
    [InlineData("File z q | Dir etc, File etc/b x | File etc/a new", "/etc/a", "new", "2,1")]
    [InlineData("File z q | Dir x, Link etc x | File etc/a new", "/etc/a", "new", "2,1")]
    [InlineData("Dir x, Link etc x, File x/a old | File etc/b x | File etc/a new", "/x/a", "new", "2,1,0")]
    [InlineData("Dir x, Dir etc, Link y etc | File y/a new | Dir etc, File etc/a old", "/etc/a", "old", "2")]
    [InlineData("Dir x, Link etc x, File x/a old | Dir etc, File b/a q | File etc/a new | Dir etc", "/etc/a", "new", "3,2,1,0")]
    [InlineData("Dir d, File d/a old | Dir etc, File etc/z q | File f/a x | Dir d", "/d/a", "old", "3,2,1,0")]
    [InlineData("Dir x, Link etc x, File x/b old | Dir x, File x/b mid | File etc/z q, File top t, File etc/b new", "/x/b", "new", "2,1,0")]
    [InlineData("Dir d, File d/a old | Whiteout d/a | Dir d", "/d/a", "FileNotFound", "2,1,0")]
    [InlineData("Dir d, File d/a old | File z q | Whiteout d | Dir d", "/d/a", "FileNotFound", "3,2")]
    [InlineData("Dir d, Dir d/e, File d/e/a old | File d x | Dir d, Dir d/e", "/d/e/a", "FileNotFound", "2,1")]
    [InlineData("Link a b, Link b a", "/a", "MalformedContent", "0")]
    [InlineData("Dir etc, File etc/f x", "/etc/../etc/./f", "InvalidFilePath", "")]
    public async Task Only_the_layers_that_decide_are_read(string layers, string path, string expected, string read)
    {
        LayeredImage image = new(FileTreeTests.Parse(layers), gzip: true);
        string found;
        try
        {
            found = await image.ContentAsync(path);
        }
        catch (OciException e)
        {
            found = e.ErrorId;
        }

        Assert.Equal(expected, found);
        Assert.Equal(read, string.Join(',', image.LayersRead));
    }

    [Fact]
    public async Task Nothing_comes_out_of_a_layer_that_is_not_what_its_digest_says()
    {
        LayeredImage image = new(FileTreeTests.Parse("File a good, File b rest"));
        byte[] changed = FileTreeTests.Parse("File a evil, File b rest")[0];
        image.Store.AddLayerBytes(image.Digests[0], changed);
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => image.ContentAsync("/a"));
        Assert.Equal("DigestMismatch", error.ErrorId);
    }

    [Fact]
    public async Task Files_of_one_image_share_what_was_read()
    {
        LayeredImage image = new(FileTreeTests.Parse("File a one, File b two"), gzip: true);
        await using FileContents contents = new(_ => throw new NotSupportedException(), null);
        foreach (string path in (string[])["/a", "/b", "/a"]) Assert.Single(await OpenAndCloseAsync(contents, image, LayeredImage.Name, path));
        Assert.Equal([0], image.LayersRead);
    }

    [Fact]
    public async Task A_file_that_was_found_keeps_its_content_while_more_layers_are_read()
    {
        LayeredImage image = new(FileTreeTests.Parse("Dir d, File d/a lowest | File b middle | Dir e, File e/c topmost"), gzip: true);
        await using FileContents contents = new(_ => throw new NotSupportedException(), null);
        List<FileContent> found = [];
        foreach (string path in (string[])["/e/c", "/b", "/d/a"])
            found.AddRange((await contents.OpenAsync(image.Inspector, LayeredImage.Name, null, path, true, NoProgress.Instance, TestContext.Current.CancellationToken)).Files);
        Assert.Equal([2, 1, 0], image.LayersRead);
        List<string> texts = [];
        foreach (FileContent file in found)
        {
            using StreamReader reader = new(file.Open());
            texts.Add(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(["topmost", "middle", "lowest"], texts);
    }

    [Fact]
    public async Task Of_many_images_those_that_were_read_last_are_kept_and_those_that_are_read()
    {
        LayeredImage image = new(FileTreeTests.Parse("File a first"));
        ImageLocation[] others = [.. Enumerable.Range(0, 8).Select(i => image.Add($"other{i}", new TarBytes().File("a", $"{i}").End()))];
        await using FileContents contents = new(_ => throw new NotSupportedException(), null);
        await using OpenedFiles open = await contents.OpenAsync(image.Inspector, LayeredImage.Name, null, "/a", true, NoProgress.Instance, TestContext.Current.CancellationToken);
        foreach (ImageLocation other in others) await OpenAndCloseAsync(contents, image, other, "/a");
        int before = BlobsRead(image);
        await OpenAndCloseAsync(contents, image, LayeredImage.Name, "/a");
        await OpenAndCloseAsync(contents, image, others[^1], "/a");
        Assert.Equal(before, BlobsRead(image));
        await OpenAndCloseAsync(contents, image, others[0], "/a");
        Assert.True(BlobsRead(image) > before);
        using StreamReader reader = new(Assert.Single(open.Files).Open());
        Assert.Equal("first", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static int BlobsRead(LayeredImage image) => image.Store.Requests.Count(request => request.StartsWith("BLOB ", StringComparison.Ordinal));

    private static async Task<IReadOnlyList<FileContent>> OpenAndCloseAsync(FileContents contents, LayeredImage image, ImageLocation name, string path)
    {
        await using OpenedFiles opened = await contents.OpenAsync(image.Inspector, name, null, path, true, NoProgress.Instance, TestContext.Current.CancellationToken);
        return opened.Files;
    }
}
