using OciTools.Stores;
using OciTools.Stores.DockerArchive;
using OciTools.Stores.Layout;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

public sealed class PathProbeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Archives_are_told_by_what_they_hold(string compression)
    {
        byte[] docker = new TarBytes().File("manifest.json", "[]").End();
        byte[] both = new TarBytes().File("oci-layout", ImageBytes.Version).File("index.json", ImageBytes.Index()).File("manifest.json", "[]").End();
        byte[] old = new TarBytes().File("repositories", "{}").End();
        byte[] layout = new TarBytes().File("./oci-layout", ImageBytes.Version).File("./index.json", ImageBytes.Index()).End();
        foreach ((byte[] tar, ImageTransport transport, Type store) in new[]
        {
            (docker, ImageTransport.DockerArchive, typeof(DockerArchiveStore)), (both, ImageTransport.DockerArchive, typeof(DockerArchiveStore)),
            (old, ImageTransport.DockerArchive, typeof(DockerArchiveStore)), (layout, ImageTransport.OciArchive, typeof(OciLayoutStore)),
        })
        {
            string path = _folder.Write("archive", compression == "none" ? tar : Tool.Run(compression, ["-c"], tar));
            ImageLocation location = ImageLocation.FromPath(path);
            (ImageLocation found, IImageStore opened) = await PathProbe.OpenAsync(location, TestZstd.Inflate, Token);
            await using (opened)
            {
                Assert.Equal((transport, path), (found.Transport, found.Path));
                Assert.IsType(store, opened);
                if (tar != old) Assert.Empty(await opened.ListAsync(Token).ToListAsync(Token));
            }
        }
    }

    [Fact]
    public async Task A_directory_with_the_version_file_is_a_layout_and_the_name_stays()
    {
        _folder.Write("oci-layout", ImageBytes.Version);
        (ImageLocation found, IImageStore store) = await PathProbe.OpenAsync(ImageLocation.Parse(_folder.Path + ":v1"), TestZstd.Inflate, Token);
        await store.DisposeAsync();
        Assert.Equal((ImageTransport.Oci, "v1"), (found.Transport, found.RefName));
    }

    [Fact]
    public async Task Everything_else_is_refused_with_what_it_is_not()
    {
        Directory.CreateDirectory(Path.Join(_folder.Path, "empty"));
        _folder.Write("text", "hello, this is no tar"u8.ToArray());
        _folder.Write("long", [.. Enumerable.Repeat((byte)'x', 5000)]);
        _folder.Write("nothing", []);
        _folder.Write("other.tar", new TarBytes().File("a", "b").End());
        _folder.Write("cut.tar", new TarBytes().File("manifest.json", "[]").End(1));
        _folder.Write("cut.gz", Tool.Run("gzip", ["-c"], new TarBytes().File("manifest.json", "[]").End())[..50]);
        foreach ((string name, string errorId) in new[]
        {
            ("none", "PathNotFound"), ("empty", "UnsupportedPlace"), ("text", "UnsupportedPlace"), ("long", "UnsupportedPlace"), ("nothing", "MalformedContent"),
            ("other.tar", "UnsupportedPlace"), ("cut.tar", "MalformedContent"), ("cut.gz", "MalformedContent"),
        })
        {
            OciException error = await Assert.ThrowsAnyAsync<OciException>(
                () => PathProbe.OpenAsync(ImageLocation.FromPath(Path.Join(_folder.Path, name)), TestZstd.Inflate, Token));
            Assert.Equal((name, errorId), (name, error.ErrorId));
            Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
        }
    }
}
