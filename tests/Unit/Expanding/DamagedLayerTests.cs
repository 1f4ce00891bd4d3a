using OciTools.Operations;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>A layer that is not what it should be leaves nothing behind, wherever it ends and whenever it changes.</summary>
public sealed class DamagedLayerTests : IDisposable
{
    private const string Gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    private const string Zstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    private static readonly LayerReading s_reading = LayeredImage.Reading with { InflateZstd = TestZstd.Inflate };

    private readonly MountedFolder? _memory = MountedFolder.TryMemory(64 << 20);
    private readonly Expansion _around;

    public DamagedLayerTests() => _around = new Expansion(_memory?.Path);

    public void Dispose()
    {
        _around.Dispose();
        _memory?.Dispose();
    }

    [Fact]
    public async Task A_layer_that_is_cut_anywhere_is_refused_and_leaves_nothing()
    {
        byte[] tar = Layer();
        string diffId = Tool.Sha256(tar);
        (string Name, byte[] Stored, string MediaType)[] forms = [("gzip", TestGzip.Compress(tar), Gzip), ("zstd", TestZstd.Compress(tar), Zstd), ("plain", tar, MediaTypes.OciLayer)];
        Figure cut = new("A7");
        Figure lost = new("A7, cut on the way");
        foreach ((string name, byte[] stored, string mediaType) in forms)
        {
            Assert.Equal(20, (await new Expansion($"{_around.Folder}/whole {name}").RunAsync(new LayeredImage([(stored, mediaType)], [diffId]), reading: s_reading)).Files);
            for (int i = 0; i < 64; i++)
            {
                byte[] part = stored[..(int)((long)stored.Length * i / 64)];
                // as the manifest says, so that only the diff id tells
                await RefusedAsync(cut, $"{name} {i}", new LayeredImage([(part, mediaType)], [diffId]));
                // against what the manifest says
                LayeredImage image = new([(stored, mediaType)], [diffId]);
                image.Store.AddLayerBytes(image.Digests[0], part);
                await RefusedAsync(lost, $"{name} {i}", image);
            }
        }

        cut.Report(192);
        lost.Report(192);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_layer_that_is_another_one_when_it_is_read_again_is_refused_and_leaves_nothing(bool gzip)
    {
        byte[][] tars = [.. FileTreeTests.Parse("Dir real, Link alias real, File far 1"), new TarBytes().File("alias/x", "good").File("alias/y", "good").End()];
        (string Name, byte[] Tar)[] others =
        [
            ("other contents", new TarBytes().File("alias/x", "evil").File("alias/y", "evil").End()),
            ("other order", new TarBytes().File("alias/y", "good").File("alias/x", "good").End()),
            ("one more", new TarBytes().File("alias/x", "good").File("alias/y", "good").File("alias/z", "evil").End()),
            ("one less", new TarBytes().File("alias/x", "good").End()),
            ("links", new TarBytes().Symlink("alias/x", "/etc").HardLink("alias/y", "alias/x").End()),
            ("empty", new TarBytes().End()),
            ("no end", new TarBytes().File("alias/x", "good").File("alias/y", "good").End(0)),
            ("longer", [.. tars[1], .. new byte[512]]),
            ("nothing", []),
            .. Enumerable.Range(0, 24).Select(i => ($"bit at {i * 85}", Flip(tars[1], i * 85))),
        ];
        Figure figure = new($"Read again, {(gzip ? "gzip" : "plain")}");
        foreach (bool isProved in new[] { true, false })
        {
            foreach ((string name, byte[] tar) in others)
            {
                LayeredImage image = new(tars, gzip);
                byte[] other = gzip ? TestGzip.Compress(tar) : tar;
                int opened = 0;
                FaultyStore store = new(image.Store, (descriptor, before, stream) =>
                {
                    if (descriptor.Digest == image.Digests[1]) opened = before + 1;
                    if (descriptor.Digest != image.Digests[1] || before == 0) return stream;
                    return isProved ? new VerifiedStream(new MemoryStream(other), descriptor, "a blob") : new MemoryStream(other);
                });
                await RefusedAsync(figure, $"{name}{(isProved ? "" : ", from a place that proves nothing")}", image, store, "/real");
                Assert.Equal(2, opened);
            }
        }

        figure.Report(60);
    }

    [Fact]
    public async Task A_layer_that_changes_while_it_is_read_is_refused_and_leaves_nothing()
    {
        byte[] tar = Layer();
        byte[] other = Layer(8);
        Assert.Equal(tar.Length, other.Length);
        Figure figure = new("Changed while it is read");
        for (int i = 1; i < 32; i++)
        {
            int at = tar.Length * i / 32;
            byte[] mixed = [.. tar[..at], .. other[at..]];
            foreach (bool isProved in new[] { true, false })
            {
                LayeredImage image = new([tar]);
                FaultyStore store = new(image.Store, (descriptor, _, stream) => descriptor.Digest != image.Digests[0] ? stream
                    : isProved ? new VerifiedStream(new ChunkStream(mixed, 700), descriptor, "a blob") : new ChunkStream(mixed, 700));
                await RefusedAsync(figure, $"at {at}{(isProved ? "" : ", from a place that proves nothing")}", image, store);
            }
        }

        figure.Report(62);
    }

    private async Task RefusedAsync(Figure figure, string what, LayeredImage image, FaultyStore? store = null, string? pattern = null)
    {
        string folder = _around.Folder + "/case";
        string? wrong;
        try
        {
            ImageInspector? inspector = store is null ? null : new ImageInspector(new ImagePlaces(new FixedOpener(store)), image.Log);
            await new Expansion(folder).RunAsync(image, patterns: pattern is null ? null : [pattern], reading: s_reading, inspector: inspector);
            wrong = "taken";
        }
        catch (OciException e)
        {
            wrong = e is IntegrityException or MalformedException ? null : e.ErrorId;
        }

        if (Directory.Exists(folder)) wrong = $"{wrong} and left {string.Join(", ", Expansion.FindIn(folder, "%P"))}";
        if (store?.Open > 0) wrong = $"{wrong} and {store.Open} streams are open";
        figure.Check(what, wrong is null, wrong);
    }

    // contents that no program can compress away
    private static byte[] Layer(int seed = 7)
    {
        Random random = new(seed);
        TarBytes tar = new();
        for (int i = 0; i < 20; i++)
        {
            byte[] content = new byte[2000 + (i * 100)];
            random.NextBytes(content);
            tar.File($"d{i % 4}/{i}", content);
        }

        return tar.End();
    }

    private static byte[] Flip(byte[] bytes, int at)
    {
        byte[] flipped = [.. bytes];
        flipped[at] ^= 1;
        return flipped;
    }
}
