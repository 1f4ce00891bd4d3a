using System.Security.Cryptography;
using OciTools.Operations;
using OciTools.Operations.Layers;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class LayerExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("export-").FullName;
    private readonly MemoryStore _store = new();
    private readonly KeptLog _log = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Each_layer_is_a_file_whose_hash_is_its_name_and_its_digest()
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one", "two", "three"]);
        List<ExportedLayer> exported = await ExportAsync(null);
        Assert.Equal([0, 1, 2], exported.Select(e => e.Layer));
        foreach (ExportedLayer layer in exported)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(layer.Path)));
            Assert.Equal("sha256:" + hash, layer.Digest);
            Assert.Equal($"sha256-{hash}.tar", Path.GetFileName(layer.Path));
            Assert.Equal(new FileInfo(layer.Path).Length, layer.Size);
        }
    }

    [Fact]
    public async Task Only_the_named_layers_are_written()
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one", "two", "three"]);
        string digest = Digest.Compute("three"u8).ToString();
        Assert.Equal([1, 2], (await ExportAsync(["1", digest])).Select(e => e.Layer));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task An_existing_file_is_an_error_and_stays_as_it_was()
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one"]);
        string path = Path.Combine(_folder, Digest.Compute("one"u8).ToString().Replace(':', '-') + ".tar");
        await File.WriteAllTextAsync(path, "mine");
        Assert.Equal("FileExists", (await Assert.ThrowsAnyAsync<OciException>(() => ExportAsync(null))).ErrorId);
        Assert.Equal("mine", await File.ReadAllTextAsync(path));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Force_replaces_an_existing_file()
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one"]);
        string path = Path.Combine(_folder, Digest.Compute("one"u8).ToString().Replace(':', '-') + ".tar");
        await File.WriteAllTextAsync(path, "mine");
        await ExportAsync(null, replace: true);
        Assert.Equal("one", await File.ReadAllTextAsync(path));
    }

    [Theory]
    [InlineData("7", "LayerNotFound")]
    [InlineData("-1", "InvalidLayer")]
    [InlineData("top", "InvalidLayer")]
    [InlineData("none", "InvalidLayer")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "LayerNotFound")]
    public async Task A_layer_that_is_not_there_is_an_error_and_nothing_is_written(string layer, string id)
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one", "two"]);
        Assert.Equal(id, (await Assert.ThrowsAnyAsync<OciException>(() => ExportAsync([layer]))).ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_layer_of_two_images_is_written_once_and_given_for_both()
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one", "two"]);
        _store.AddImage("linux", "amd64", tag: "2", layers: ["one", "three"]);
        using LayerExport export = NewExport(false);
        List<ExportedLayer> all = [];
        foreach (string tag in (string[])["1", "2"]) all.AddRange(await RunAsync(export, tag, null));
        Assert.Equal(4, all.Count);
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
        Assert.Equal(all[0].Path, all[2].Path);
    }

    [Fact]
    public async Task Layers_that_are_whole_are_given_also_when_one_before_them_fails()
    {
        _store.AddImage("linux", "amd64", tag: "1", layers: ["one", "two", "three"]);
        _store.AddLayerBytes(Digest.Compute("two"u8).ToString(), [.. "TWO"u8]);
        using LayerExport export = NewExport(false);
        IReadOnlyList<Task<ExportedLayer>> writing = await StartAsync(export, "1", null);
        Assert.Equal("DigestMismatch", (await Assert.ThrowsAnyAsync<OciException>(() => Task.WhenAll(writing))).ErrorId);
        ExportedLayer[] given = [.. writing.Where(w => w.IsCompletedSuccessfully).Select(w => w.Result)];
        Assert.Equal([0, 2], given.Select(l => l.Layer));
        Assert.Equal(given.Select(l => l.Path).Order(), Directory.GetFileSystemEntries(_folder).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_layer_with_another_content_than_its_digest_leaves_no_file(bool uncompressed)
    {
        byte[] tar = [.. "honest"u8];
        byte[] stored = TestGzip.Compress(tar);
        string digest = Digest.Compute(stored).ToString();
        string diffId = Digest.Compute("something else"u8).ToString();
        _store.AddLayerBytes(digest, uncompressed ? stored : TestGzip.Compress([.. "forged"u8]));
        _store.AddImageOf("1", [(digest, stored.Length, MediaTypes.OciLayerGzip)], [diffId]);
        Assert.Contains((await Assert.ThrowsAnyAsync<OciException>(() => ExportAsync(null, uncompressed: uncompressed))).ErrorId, (string[])["DigestMismatch", "SizeMismatch"]);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Uncompressed_gives_the_tar_named_by_its_diff_id()
    {
        byte[] tar = [.. "a tar it is"u8];
        byte[] stored = TestGzip.Compress(tar);
        _store.AddLayerBytes(Digest.Compute(stored).ToString(), stored);
        _store.AddImageOf("1", [(Digest.Compute(stored).ToString(), stored.Length, MediaTypes.OciLayerGzip)], [Digest.Compute(tar).ToString()]);
        ExportedLayer layer = Assert.Single(await ExportAsync(null, uncompressed: true));
        Assert.Equal(tar, await File.ReadAllBytesAsync(layer.Path));
        Assert.Equal(Digest.Compute(tar).ToString(), layer.Digest);
        Assert.Equal(layer.DiffId, layer.Digest);
    }

    [Fact]
    public async Task A_wrong_media_type_is_a_warning()
    {
        byte[] tar = [.. "a tar it is"u8];
        byte[] stored = TestGzip.Compress(tar);
        _store.AddLayerBytes(Digest.Compute(stored).ToString(), stored);
        _store.AddImageOf("1", [(Digest.Compute(stored).ToString(), stored.Length, MediaTypes.OciLayerZstd)], [Digest.Compute(tar).ToString()]);
        await ExportAsync(null, uncompressed: true);
        Assert.Contains("zstd", Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counts_that_differ_are_one_warning_and_keep_nothing_from_being_written_as_stored()
    {
        _store.AddImageOf("1", [(_store.AddBlob("one"), 3, MediaTypes.OciLayer), (_store.AddBlob("two"), 3, MediaTypes.OciLayer)], [Digest.Compute("one"u8).ToString()],
            history: "[{\"created_by\":\"one\"}]");
        Assert.Equal(2, (await ExportAsync(null)).Count);
        Assert.Contains("1 diff id,", Assert.Single(_log.Warnings), StringComparison.Ordinal);
        Assert.Equal("MalformedDocument", (await Assert.ThrowsAnyAsync<OciException>(() => ExportAsync(null, uncompressed: true))).ErrorId);
    }

    [Fact]
    public async Task A_shared_layer_that_one_image_cannot_give_is_taken_from_the_other()
    {
        MemoryStore broken = new();
        string shared = _store.AddBlob("shared");
        _store.AddImageOf("1", [(shared, 6, MediaTypes.OciLayer)], [shared]);
        broken.AddImageOf("1", [(shared, 6, MediaTypes.OciLayer)], [shared]);
        broken.AddLayerBytes(shared, [.. "forged"u8]);
        using LayerExport export = NewExport(false);
        IReadOnlyList<Task<ExportedLayer>> first = await StartAsync(export, "1", null, broken);
        IReadOnlyList<Task<ExportedLayer>> second = await StartAsync(export, "1", null);
        Assert.Equal("DigestMismatch", (await Assert.ThrowsAnyAsync<OciException>(() => first[0])).ErrorId);
        Assert.Equal("shared", await File.ReadAllTextAsync((await second[0]).Path));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    private LayerExport NewExport(bool uncompressed, bool replace = false) => new(_folder, uncompressed, replace, _ => throw new NotSupportedException());

    private async Task<List<ExportedLayer>> ExportAsync(string[]? layers, bool uncompressed = false, bool replace = false)
    {
        using LayerExport export = NewExport(uncompressed, replace);
        return await RunAsync(export, "1", layers);
    }

    private async Task<List<ExportedLayer>> RunAsync(LayerExport export, string tag, string[]? layers)
    {
        return [.. await Task.WhenAll(await StartAsync(export, tag, layers))];
    }

    private async Task<IReadOnlyList<Task<ExportedLayer>>> StartAsync(LayerExport export, string tag, string[]? layers, MemoryStore? store = null)
    {
        ImageInspector inspector = new(new ImagePlaces(new FixedOpener(store ?? _store)), _log);
        LayerExport.Plan plan = await export.PlanAsync(inspector, ImageLocation.Parse("example.com/app:" + tag), null, LayerSelection.Parse(layers), CancellationToken.None);
        return export.StartWriting(plan, [.. plan.Files.Select(_ => true)], NoProgress.Instance, CancellationToken.None);
    }
}
