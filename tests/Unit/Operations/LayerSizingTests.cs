using System.Text;
using OciTools.Layers;
using OciTools.Operations;
using OciTools.Operations.Layers;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class LayerSizingTests
{
    private const string SizeKey = "io.containers.estargz.uncompressed-size";

    private static readonly byte[] s_tar = new TarBytes().File("etc/one", new string('a', 70_000)).End();

    private readonly MemoryStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(100)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(65_791)]
    [InlineData(65_792)]
    [InlineData(3_000_000)]
    public void The_header_of_a_frame_that_zstd_wrote_tells_the_size_of_the_file(int size)
    {
        using TempFolder folder = new();
        string path = folder.Write("content", Noise(size));
        byte[] frame = Tool.Run("zstd", ["-q", "-c", path], []);
        Assert.Equal(size, SizeHints.OfZstd(frame.AsSpan(0, Math.Min(frame.Length, SizeHints.HeadLength))));
        byte[] single = Tool.Run("zstd", ["-q", "-c", "--ultra", "-22", path], []);
        Assert.Equal(size, SizeHints.OfZstd(single.AsSpan(0, Math.Min(single.Length, SizeHints.HeadLength))));
    }

    [Fact]
    public void A_frame_that_zstd_wrote_from_a_pipe_and_a_skippable_one_tell_nothing_and_no_cut_of_a_header_fails()
    {
        byte[] frame = Tool.Run("zstd", ["-q", "-c"], Noise(3_000_000));
        Assert.Null(SizeHints.OfZstd(frame.AsSpan(0, SizeHints.HeadLength)));
        Assert.Null(SizeHints.OfZstd([0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0]));
        for (int last = 0; last < 256; last++)
            for (int length = 0; length <= SizeHints.HeadLength; length++)
                SizeHints.OfZstd([.. new byte[] { 0x28, 0xB5, 0x2F, 0xFD, (byte)last, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 }.Take(length)]);
    }

    [Theory]
    [InlineData("gzip", MediaTypes.OciLayerGzip)]
    [InlineData("gzip", MediaTypes.OciLayerZstd)]
    [InlineData("zstd", MediaTypes.OciLayerZstd)]
    [InlineData("zstd", "application/octet-stream")]
    public async Task The_bytes_of_a_layer_tell_the_size_of_its_tar_whatever_its_type_says(string tool, string mediaType)
    {
        using TempFolder folder = new();
        AddImage("one", Tool.Run(tool, ["-q", "-c", folder.Write("tar", s_tar)], []), mediaType);
        LayerSize size = await SizeAsync("one", LayerSizing.Method.Estimated);
        Assert.Equal((s_tar.Length, true, null), (size.UncompressedSize, size.IsEstimate, size.EstimateReason));
        Assert.DoesNotContain(_store.Requests, r => r == "BLOB " + size.Digest);
        Assert.InRange(_store.Requests.Count(r => r.StartsWith("PART", StringComparison.Ordinal)), 1, 2);
    }

    [Fact]
    public async Task A_layer_that_is_not_compressed_is_not_asked_for()
    {
        AddImage("plain", s_tar, MediaTypes.OciLayer);
        LayerSize size = await SizeAsync("plain", LayerSizing.Method.Estimated);
        Assert.Equal((s_tar.Length, false, null), (size.UncompressedSize, size.IsEstimate, size.EstimateReason));
        Assert.DoesNotContain(_store.Requests, r => r.StartsWith("PART", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SizeKey, "71680", 71680L)]
    [InlineData(SizeKey, "10", null)]
    [InlineData(SizeKey, "9223372036854775807", null)]
    [InlineData(SizeKey, "99999999999", null)]
    [InlineData(SizeKey, "-5", null)]
    [InlineData(SizeKey, "many", null)]
    [InlineData("containerd.io/snapshot/stargz/toc.digest", "sha256:00", null)]
    [InlineData("io.github.containers.zstd-chunked.manifest-position", "1:2:3:1", null)]
    [InlineData("io.containers.zstd-chunked.manifest-position", "1:2:3:1", null)]
    public async Task Annotations_come_first_and_need_no_request(string key, string value, long? expected)
    {
        AddImage("annotated", Gzip(s_tar), MediaTypes.OciLayerGzip, $",\"annotations\":{{\"{key}\":\"{value}\"}}");
        LayerSize size = await SizeAsync("annotated", LayerSizing.Method.Estimated);
        Assert.Equal((expected, expected is not null), (size.UncompressedSize, size.IsEstimate));
        Assert.Equal(expected is null, size.EstimateReason is { Length: > 10 });
        Assert.DoesNotContain(_store.Requests, r => r.StartsWith("PART", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_size_that_cannot_be_true_is_not_given_but_why()
    {
        byte[] gzip = Gzip(s_tar);
        byte[] several = [.. Gzip(s_tar), .. Gzip([1])];
        byte[] large = [.. gzip];
        BitConverter.GetBytes((uint)(gzip.Length * 1032) + 1).CopyTo(large, large.Length - 4);
        byte[] most = [.. gzip];
        BitConverter.GetBytes((uint)(gzip.Length * 1032)).CopyTo(most, most.Length - 4);
        byte[] least = [.. gzip];
        BitConverter.GetBytes((uint)gzip.Length).CopyTo(least, least.Length - 4);
        byte[] less = [.. gzip];
        BitConverter.GetBytes((uint)gzip.Length - 1).CopyTo(less, less.Length - 4);
        (byte[] Stored, bool IsGiven)[] cases = [(several, false), (large, false), (most, true), (least, true), (less, false), ([0x1F, 0x8B, 8], false)];
        foreach ((byte[] stored, bool isGiven) in cases)
        {
            AddImage("odd", stored, MediaTypes.OciLayerGzip);
            LayerSize size = await SizeAsync("odd", LayerSizing.Method.Estimated);
            Assert.Equal((isGiven, isGiven), (size.UncompressedSize is not null, size.EstimateReason is null));
        }
    }

    [Fact]
    public async Task A_gzip_of_more_than_4_GiB_is_not_estimated()
    {
        byte[] gzip = Gzip(s_tar);
        AddImage("huge", gzip, MediaTypes.OciLayerGzip, stated: (1L << 32) + 1);
        LayerSize size = await SizeAsync("huge", LayerSizing.Method.Estimated);
        Assert.Null(size.UncompressedSize);
        Assert.Contains("4 GiB", size.EstimateReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_gives_no_parts_gives_a_reason_instead_of_a_size()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", Gzip(s_tar));
        string manifest = Encoding.UTF8.GetString((await new RegistrySession().Open(registry.Host).ReadManifestAsync(RegistrySession.At(registry), Stop)).GetBytes())
            .Replace(MediaTypes.OciLayer, MediaTypes.OciLayerGzip, StringComparison.Ordinal);
        registry.AddManifest("app", "gzip", manifest, MediaTypes.OciManifest);
        FixedOpener opener = new(new RegistrySession().Open(registry.Host));
        Assert.Equal(s_tar.Length, (await SizeAsync(opener, $"{registry.Host}/app:gzip", LayerSizing.Method.Estimated)).UncompressedSize);
        registry.OnRequest = request => request.Header("Range") is null ? null : new Fault { Status = 200, Body = bytes => bytes, Headers = new Dictionary<string, string?> { ["Content-Range"] = null } };
        LayerSize size = await SizeAsync(opener, $"{registry.Host}/app:gzip", LayerSizing.Method.Estimated);
        Assert.Null(size.UncompressedSize);
        Assert.Contains("parts", size.EstimateReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_gives_the_size_of_the_tar_and_reads_a_repeated_layer_once()
    {
        byte[] stored = Gzip(s_tar);
        string digest = Digest.Compute(stored).ToString(), diffId = Digest.Compute(s_tar).ToString();
        _store.AddLayerBytes(digest, stored);
        (string, int, string) layer = (digest, stored.Length, MediaTypes.OciLayerGzip);
        _store.AddImageOf("twice", [layer, layer], [diffId, diffId]);
        IReadOnlyList<LayerSize> sizes = await SizesAsync(new FixedOpener(_store), "example.com/app:twice", LayerSizing.Method.Read);
        Assert.Equal([s_tar.Length, s_tar.Length], sizes.Select(s => s.UncompressedSize));
        Assert.All(sizes, size => Assert.False(size.IsEstimate));
        Assert.Single(_store.Requests, "BLOB " + digest);
    }

    [Fact]
    public async Task A_layer_that_fails_does_not_stop_the_others()
    {
        byte[] stored = Gzip(s_tar);
        string digest = Digest.Compute(stored).ToString(), diffId = Digest.Compute(s_tar).ToString();
        _store.AddLayerBytes(digest, stored);
        _store.AddImageOf("half", [(Digest.Compute([1]).ToString(), 1, MediaTypes.OciLayerGzip), (digest, stored.Length, MediaTypes.OciLayerGzip)], [diffId, diffId]);
        using LayerSizing sizing = new(TestZstd.Inflate, null, LayerSizing.Method.Read);
        await using ImagePlaces places = new(new FixedOpener(_store));
        IReadOnlyList<Task<LayerSize>> tasks = await sizing.StartAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse("example.com/app:half"), null, LayerSelection.Parse(null), NoProgress.Instance, Stop);
        Assert.Equal("BlobNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => tasks[0])).ErrorId);
        Assert.Equal(s_tar.Length, (await tasks[1]).UncompressedSize);
    }

    private static byte[] Noise(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Gzip(byte[] bytes) => Tool.Run("gzip", ["-c"], bytes);

    private void AddImage(string tag, byte[] stored, string mediaType, string extra = "", long? stated = null)
    {
        string digest = Digest.Compute(stored).ToString();
        _store.AddLayerBytes(digest, stored);
        string config = $$"""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["{{Digest.Compute(s_tar)}}"] } }""";
        string id = _store.AddBlob(config);
        _store.AddManifest($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{id}}","size":{{config.Length}}},"layers":[{"mediaType":"{{mediaType}}","digest":"{{digest}}","size":{{stated ?? stored.Length}}{{extra}}}]}""", MediaTypes.OciManifest, tag);
    }

    private Task<LayerSize> SizeAsync(string tag, LayerSizing.Method method) => SizeAsync(new FixedOpener(_store), "example.com/app:" + tag, method);

    private static async Task<LayerSize> SizeAsync(FixedOpener opener, string image, LayerSizing.Method method) => Assert.Single(await SizesAsync(opener, image, method));

    private static async Task<IReadOnlyList<LayerSize>> SizesAsync(FixedOpener opener, string image, LayerSizing.Method method)
    {
        using LayerSizing sizing = new(TestZstd.Inflate, null, method);
        await using ImagePlaces places = new(opener);
        return await Task.WhenAll(await sizing.StartAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse(image), null, LayerSelection.Parse(null), NoProgress.Instance, Stop));
    }
}
