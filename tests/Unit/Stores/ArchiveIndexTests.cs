using System.Diagnostics;
using System.Text;
using OciTools.Stores.DockerArchive;
using OciTools.Stores.Files;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

public sealed class ArchiveIndexTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Asking_a_large_archive_for_its_config_reads_kilobytes()
    {
        ImageBytes image = new();
        string path = LargeArchive(image, layers: 20, layerSize: 1L << 30);
        await using (TarFiles files = await TarFiles.OpenAsync(path, TestZstd.Inflate, Token))
        {
            Assert.NotNull(await files.FindAsync("manifest.json", Token));
            output.WriteLine($"index of an archive of {new FileInfo(path).Length} bytes: {files.IndexBytesRead} bytes read");
            Assert.InRange(files.IndexBytesRead, 1, 400_000);
        }

        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        ImageLocation location = ImageLocation.Parse("docker-archive:" + path);
        Assert.Equal(image.ConfigDigest, (await store.InspectAsync(location, Token)).Config.ImageId);
    }

    [Fact]
    public async Task The_headers_of_an_archive_of_1_GB_are_walked_in_milliseconds()
    {
        string path = LargeArchive(new ImageBytes(), layers: 40, layerSize: 25_000_000);
        List<double> times = [];
        for (int i = 0; i < 9; i++)
        {
            await using TarFiles files = await TarFiles.OpenAsync(path, TestZstd.Inflate, Token);
            long start = Stopwatch.GetTimestamp();
            await files.FindAsync("manifest.json", Token);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        output.WriteLine($"headers of {new FileInfo(path).Length} bytes: {times[4]:0.00} ms (median of 9)");
        Assert.InRange(times[0], 0, 20);
    }

    [Fact]
    public async Task A_layer_of_an_archive_is_read_by_several_readers_at_once()
    {
        byte[] content = new byte[3_000_000];
        new Random(3).NextBytes(content);
        string path = _folder.Write("a.tar", new TarBytes().File("layer", content).End());
        await using TarFiles files = await TarFiles.OpenAsync(path, TestZstd.Inflate, Token);
        ContentFile file = (await files.FindAsync("layer", Token))!;
        string expected = Tool.Sha256(content);
        string[] digests = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            await using Stream stream = await files.OpenAsync(file, Token);
            MemoryStream bytes = new();
            await stream.CopyToAsync(bytes, Token);
            return Digest.Compute(bytes.ToArray()).ToString();
        })));
        Assert.All(digests, d => Assert.Equal(expected, d));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(100_000)]
    public async Task Documents_of_a_compressed_archive_are_read_whole(int size)
    {
        byte[] document = Encoding.ASCII.GetBytes("[" + new string(' ', size - 2) + "]");
        byte[] archive = Tool.Run("gzip", ["-c"], new TarBytes().File("a", new byte[5000]).File("d.json", document).File("empty", []).File("z", new byte[700]).End());
        await using TarFiles files = await TarFiles.OpenAsync(_folder.Write("a.tar.gz", archive), TestZstd.Inflate, Token);
        Assert.Equal(document, await files.ReadDocumentAsync("d.json", Limits.StoreIndex, Token));
        Assert.Empty((await files.ReadDocumentAsync("empty", Limits.StoreIndex, Token))!);
        Assert.Equal(new byte[700], await files.ReadDocumentAsync("z", Limits.StoreIndex, Token));
    }

    [Fact]
    public async Task Names_of_an_image_are_read_in_the_time_that_their_number_takes()
    {
        string tags = string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"app:{i}\""));
        byte[] archive = new TarBytes().File("manifest.json", $$"""[{"Config":"c","RepoTags":[{{tags}}],"Layers":[]}]""").File("c", new byte[200_000]).File("index.json", ImageBytes.Index()).End();
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(_folder.Write("a.tar", archive), TestZstd.Inflate, Token);
        int count = await Task.Run(async () => await store.ListAsync(Token).CountAsync(Token), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(200_000, count);
    }

    [Fact]
    public async Task A_failed_pass_over_a_compressed_archive_can_be_tried_again_and_leaves_nothing()
    {
        byte[] archive = Tool.Run("gzip", ["-c"], new TarBytes().File("manifest.json", "[]").File("layer", new byte[100_000]).End());
        await using TarFiles files = await TarFiles.OpenAsync(_folder.Write("a.tar.gz", archive), TestZstd.Inflate, Token);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => files.PrepareContentAsync(cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => files.FindAsync("layer", cancelled.Token));
        Assert.Equal(100_000, (await files.FindAsync("layer", Token))!.Size);
        await using Stream layer = await files.OpenAsync((await files.FindAsync("layer", Token))!, Token);
        MemoryStream bytes = new();
        await layer.CopyToAsync(bytes, Token);
        Assert.Equal(new byte[100_000], bytes.ToArray());
    }

    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("./a//b/.", "a/b")]
    [InlineData("a/", "a")]
    [InlineData(".", "")]
    [InlineData("..a/b..", "..a/b..")]
    [InlineData("", null)]
    [InlineData("/a", null)]
    [InlineData("a/../b", null)]
    [InlineData("..", null)]
    [InlineData("a\0", null)]
    public void Paths_of_an_archive_are_normalised_or_refused(string path, string? expected) => Assert.Equal(expected, ArchivePath.Normalize(path));

    [Theory]
    [InlineData("a/b", "../c", "a/c")]
    [InlineData("a", "../c", "c")]
    [InlineData("a", "../../c", null)]
    [InlineData("", "c", "c")]
    [InlineData("", "../c", null)]
    [InlineData("a", "/c", null)]
    [InlineData("a", "", null)]
    public void Targets_of_links_stay_in_the_archive(string directory, string target, string? expected) => Assert.Equal(expected, ArchivePath.Combine(directory, target));

    // an archive with holes for layers: large, and written in no time
    private string LargeArchive(ImageBytes image, int layers, long layerSize)
    {
        string path = Path.Join(_folder.Path, "large.tar");
        using FileStream stream = new(path, FileMode.Create);
        for (int i = 0; i < layers; i++)
        {
            stream.Write(new TarBytes().Entry($"layer{i}", [], size: TarBytes.Base256(layerSize)).End(0));
            stream.Position += (layerSize + 511) / 512 * 512;
        }

        stream.Write(new TarBytes().File(image.ConfigDigest[7..] + ".json", image.Config)
            .File("manifest.json", Encoding.UTF8.GetBytes($$"""[{"Config":"{{image.ConfigDigest[7..]}}.json","RepoTags":["large:1"],"Layers":["layer0","layer1"]}]""")).End());
        return path;
    }
}
