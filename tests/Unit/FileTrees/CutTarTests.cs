using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>Tars that end too early, under a diff id that is right for what is there.</summary>
public sealed class CutTarTests
{
    private static readonly byte[] s_tar = new TarBytes().File("a", "one").Pax(("mtime", "1.5")).File("b", new string('x', 700)).End(0);

    // a: header 0, content 512; b: PAX header 1024, its record 1536, header 2048, content 2560 to 3260, filled up to 3584
    [Theory]
    [InlineData(100, "within a header")]
    [InlineData(512, "before the content")]
    [InlineData(514, "within the content")]
    [InlineData(1536, "before a record")]
    [InlineData(1540, "within a record")]
    [InlineData(2048, "before the header that the record is for")]
    [InlineData(3000, "within the last content")]
    public async Task A_tar_that_ends_within_an_entry_is_refused(int length, string where)
    {
        LayeredImage image = new([s_tar[..length]], gzip: true);
        OciException error = await Assert.ThrowsAsync<MalformedException>(() => image.ListAsync());
        Assert.True(error.ErrorId == "MalformedContent", where);
        error = await Assert.ThrowsAsync<MalformedException>(() => image.ContentAsync("/a"));
        Assert.True(error.ErrorId == "MalformedContent", where);
    }

    // GNU tar takes it too; the diff id proves that nothing is missing
    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(10240)]
    public async Task A_tar_that_ends_behind_an_entry_is_whole_without_an_end_mark(int zeros)
    {
        LayeredImage image = new([[.. s_tar, .. new byte[zeros]]]);
        Assert.Equal(["/", "/a", "/b"], (await image.ListAsync()).Select(f => f.FilePath));
        Assert.Equal(new string('x', 700), await image.ContentAsync("/b"));
    }

    // umoci ends its layers with the last byte of content
    [Theory]
    [InlineData(515, "/a")]
    [InlineData(1023, "/a")]
    [InlineData(3260, "/b")]
    [InlineData(3583, "/b")]
    public async Task The_zeros_behind_the_last_content_may_be_missing(int length, string last)
    {
        LayeredImage image = new([s_tar[..length]], gzip: true);
        Assert.Equal(last, (await image.ListAsync())[^1].FilePath);
    }
}
