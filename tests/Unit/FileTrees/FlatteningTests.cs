using OciTools.Operations;
using OciTools.Operations.Files;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>The root file system as one tar. GNU tar says what is in it.</summary>
public sealed class FlatteningTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ocitools-flatten-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_tar_has_parents_first_links_last_and_no_whiteouts()
    {
        LayeredImage image = new(FileTreeTests.Parse("File b/x 1, Hard a b/x, File gone 2, Link l b | Whiteout gone, File b-c 3, Dir b"));
        ExportedLayer result = await FlattenAsync(image, "flat.tar");
        Assert.Equal("a\nb/\nb/x\nb-c\nl\n", Tool.Text("tar", "-tf", result.Path));
        string verbose = Tool.Text("tar", "-tvf", result.Path);
        Assert.Contains("b/x link to a", verbose, StringComparison.Ordinal);
        Assert.Contains("l -> b", verbose, StringComparison.Ordinal);
        Assert.Equal("1", Tool.Text("tar", "-xOf", result.Path, "a"));
        Assert.Equal(Tool.Sha256(await File.ReadAllBytesAsync(result.Path, TestContext.Current.CancellationToken)), result.Digest);
        Assert.Null(result.Layer);
    }

    [Fact]
    public async Task The_same_image_gives_the_same_bytes_however_it_is_stored()
    {
        string layers = "File b/x 1, Hard a b/x, Fifo p | Whiteout a, File c 3";
        string plain = (await FlattenAsync(new LayeredImage(FileTreeTests.Parse(layers)), "1.tar")).Digest;
        string gzip = (await FlattenAsync(new LayeredImage(FileTreeTests.Parse(layers), gzip: true), "2.tar")).Digest;
        Assert.Equal(plain, gzip);
    }

    [Fact]
    public async Task Sparse_files_stay_sparse_with_the_same_content()
    {
        byte[] tar = Tool.Run("sh", ["-c", "cd \"$1\" && truncate -s 3M s && printf mid | dd of=s bs=1 seek=1500000 conv=notrunc status=none && tar --format=posix -S --owner=0 --group=0 -cf - s && rm s", "sh", _folder]);
        ExportedLayer result = await FlattenAsync(new LayeredImage([tar]), "sparse.tar");
        Assert.True(result.Size < 100_000);
        Assert.Equal("3145728", Tool.Text("sh", "-c", "tar -xOf \"$1\" s | wc -c", "sh", result.Path).Trim());
        Assert.Equal("mid", Tool.Text("sh", "-c", "tar -xOf \"$1\" s | tail -c +1500001 | head -c 3", "sh", result.Path));
    }

    [Fact]
    public async Task What_Windows_keeps_of_a_file_stays_with_it()
    {
        byte[] tar = new TarBytes().Pax(("MSWINDOWS.fileattr", "32"), ("MSWINDOWS.rawsd", "AQAEgBQ=")).File("Files/a.dll", "x").File("Hives/System_Delta", "h").End();
        ExportedLayer result = await FlattenAsync(new LayeredImage([tar], platform: "\"os\":\"windows\",\"architecture\":\"amd64\""), "windows.tar");
        Assert.Equal("Hives/\nHives/System_Delta\na.dll\n", Tool.Text("tar", "--warning=no-unknown-keyword", "-tf", result.Path));
        string bytes = Tool.Text("cat", result.Path);
        Assert.Contains("25 MSWINDOWS.fileattr=32\n", bytes, StringComparison.Ordinal);
        Assert.Contains("MSWINDOWS.rawsd=AQAEgBQ=\n", bytes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_layer_that_is_not_what_its_digest_says_leaves_nothing_behind(int changed)
    {
        LayeredImage image = new(FileTreeTests.Parse("File a good | File b good"), gzip: true);
        byte[] other = TestGzip.Compress(FileTreeTests.Parse("File a evil")[0]);
        image.Store.AddLayerBytes(image.Digests[changed], other);
        await Assert.ThrowsAsync<IntegrityException>(() => FlattenAsync(image, "flat.tar"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_tar_cut_or_changed_under_a_right_blob_digest_is_refused_by_its_diff_id()
    {
        LayeredImage image = new(FileTreeTests.Parse("File a good"));
        byte[] other = FileTreeTests.Parse("File a evil")[0];
        LayeredImage lying = new([other], diffIds: [Digest.Compute(FileTreeTests.Parse("File a good")[0]).ToString()]);
        await Assert.ThrowsAsync<IntegrityException>(() => FlattenAsync(lying, "flat.tar"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
        Assert.NotEmpty((await FlattenAsync(image, "flat.tar")).Path);
    }

    [Fact]
    public async Task Stopping_leaves_nothing_behind()
    {
        byte[] content = new byte[20 << 20];
        Random.Shared.NextBytes(content);
        LayeredImage image = new([new TarBytes().File("a", content).End(), new TarBytes().File("b", content).End()], gzip: true);
        for (int i = 0; i < 8; i++)
        {
            using CancellationTokenSource stop = new();
            StoppingProgress progress = new(stop, i * (content.Length / 4L));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FlattenAsync(image, "flat.tar", LayeredImage.Reading with { Progress = progress }, stop: stop.Token));
            Assert.Empty(Directory.GetFileSystemEntries(_folder));
        }
    }

    [Fact]
    public async Task An_existing_file_stays_until_the_new_one_is_whole()
    {
        string path = Path.Combine(_folder, "flat.tar");
        await File.WriteAllTextAsync(path, "mine", TestContext.Current.CancellationToken);
        LayeredImage image = new(FileTreeTests.Parse("File a good"));
        await Assert.ThrowsAsync<ConflictException>(() => FlattenAsync(image, "flat.tar"));
        image.Store.AddLayerBytes(image.Digests[0], [1, 2, 3]);
        await Assert.ThrowsAnyAsync<OciException>(() => FlattenAsync(image, "flat.tar", replace: true));
        Assert.Equal("mine", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    private async Task<ExportedLayer> FlattenAsync(LayeredImage image, string file, LayerReading? reading = null, bool replace = false, CancellationToken stop = default)
    {
        ImageFlattening.Plan plan = await ImageFlattening.PlanAsync(image.Inspector, LayeredImage.Name, null, Path.Combine(_folder, file), false, CancellationToken.None);
        return await new ImageFlattening(reading ?? LayeredImage.Reading).WriteAsync(plan, replace, stop);
    }
}
