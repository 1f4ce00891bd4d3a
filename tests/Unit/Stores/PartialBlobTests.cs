using Microsoft.Win32.SafeHandles;
using OciTools.Stores;
using OciTools.Stores.Files;
using OciTools.Stores.Layout;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>A writing into a layout that was stopped is gone on with by the next one, if what it left is a part of the blob.</summary>
public sealed class PartialBlobTests : IDisposable
{
    private const int Least = 1024 * 1024;

    private static readonly byte[] s_content = [.. Enumerable.Range(0, 3 * Least + 12_345).Select(i => (byte)((i * 2654435761L) >> 11))];
    private static readonly Descriptor s_blob = new(MediaTypes.OciLayer, Digest.Compute(s_content), s_content.Length);

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string LayoutPath => Path.Join(_folder.Path, "target");

    private string OwnFolder => Path.Join(LayoutPath, ".ocitools");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("registry")]
    [InlineData("layout")]
    [InlineData("archive")]
    public async Task What_a_stopped_copy_has_left_is_gone_on_with(string kind)
    {
        Figure figure = new($"Copies from a {kind} that were stopped");
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_content);
        (IImageStore source, ImageLocation image) = await SourceAsync(kind, registry);
        await using (source)
        {
            for (int i = 0; i < 20; i++)
            {
                int stop = i == 0 ? Least : i == 19 ? s_content.Length - 1 : Least + (i * 98_765);
                await StopAsync(source, image, stop);
                long left = Partials().Sum(file => file.Length);
                int before = registry.Requests.Count;
                await PutAsync(source, image);
                bool isWhole = File.ReadAllBytes(BlobPath).AsSpan().SequenceEqual(s_content);
                string?[] ranges = [.. registry.Requests.Skip(before).Select(request => request.Header("Range"))];
                bool isRest = kind != "registry" || (ranges is [{ } range] && range == $"bytes={stop}-");
                figure.Check($"stopped after {stop} bytes", left == stop && isWhole && isRest && Partials().Count == 0, $"{left} bytes left, {isWhole}, asked for {string.Join(", ", ranges)}, {Partials().Count} left");
                File.Delete(BlobPath);
            }
        }

        figure.Report(20);
    }

    [Fact]
    public async Task A_part_that_is_none_of_the_blob_costs_one_more_try_and_nothing_else()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_content);
        (IImageStore source, ImageLocation image) = await SourceAsync("registry", registry);
        Figure figure = new("Parts that are damaged");
        foreach (int length in new[] { Least, 2 * Least, s_content.Length })
            foreach (int at in new[] { 0, length / 2, length - 1 })
            {
                byte[] part = s_content[..length];
                part[at] ^= 1;
                Leave(part);
                int before = registry.Requests.Count;
                await PutAsync(source, image);
                bool isWhole = File.ReadAllBytes(BlobPath).AsSpan().SequenceEqual(s_content);
                int asked = registry.Requests.Count - before;
                figure.Check($"{length} bytes, wrong at {at}", isWhole && asked == (length == s_content.Length ? 1 : 2) && Partials().Count == 0, $"{isWhole}, {asked} requests, {Partials().Count} left");
                File.Delete(BlobPath);
            }

        figure.Report(9);
    }

    [Fact]
    public async Task A_part_that_is_all_of_the_blob_is_taken_without_a_request()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (IImageStore source, ImageLocation image) = await SourceAsync("registry", registry);
        Leave(s_content);
        await PutAsync(source, image);
        Assert.Equal(s_content, File.ReadAllBytes(BlobPath));
        Assert.Empty(registry.Requests);
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task A_part_that_somebody_writes_is_left_to_him_and_both_succeed()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_content);
        (IImageStore source, ImageLocation image) = await SourceAsync("registry", registry);
        string held = Leave(s_content[..Least]);
        using (SafeFileHandle? file = FileLock.TryOpen(held))
        {
            Assert.NotNull(file);
            await PutAsync(source, image);
            Assert.Null(registry.Requests.Single().Header("Range"));
            Assert.True(File.Exists(held));
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PutAsync(source, image)));
        Assert.Equal(s_content, File.ReadAllBytes(BlobPath));
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task Little_is_not_worth_a_file_that_lies_about()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_content);
        (IImageStore source, ImageLocation image) = await SourceAsync("registry", registry);
        await StopAsync(source, image, Least - 1);
        Assert.Empty(Partials());
    }

    [Fact]
    public async Task A_source_that_lies_leaves_no_part()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Add($"/v2/app/blobs/{s_blob.Digest}", [.. s_content.Select((b, i) => i == 2 * Least ? (byte)(b ^ 1) : b)]);
        (IImageStore source, ImageLocation image) = await SourceAsync("registry", registry);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => PutAsync(source, image));
        Assert.Equal("DigestMismatch", error.ErrorId);
        Leave(s_content[..Least]);
        await Assert.ThrowsAnyAsync<OciException>(() => PutAsync(source, image));
        Assert.Empty(Partials());
        Assert.False(File.Exists(BlobPath));
    }

    private string BlobPath => Path.Join(LayoutPath, "blobs", "sha256", s_blob.Digest[7..]);

    private List<FileInfo> Partials() => [.. new DirectoryInfo(OwnFolder).EnumerateFiles("*.partial")];

    // as a process that was killed leaves it
    private string Leave(byte[] part)
    {
        Directory.CreateDirectory(OwnFolder);
        string path = Path.Join(OwnFolder, $"sha256-{s_blob.Digest[7..]}.left.partial");
        File.WriteAllBytes(path, part);
        return path;
    }

    private async Task PutAsync(IImageStore source, ImageLocation image)
    {
        await using OciLayoutStore target = OciLayoutStore.OpenTarget(LayoutPath);
        await target.PutBlobAsync(ImageLocation.Parse($"oci:{LayoutPath}:x"), s_blob, null,
            (prefix, token) => prefix is null ? source.OpenBlobAsync(image, s_blob, token) : source.OpenRestAsync(image, s_blob, prefix, token), Stop);
    }

    private async Task StopAsync(IImageStore source, ImageLocation image, int after)
    {
        await using OciLayoutStore target = OciLayoutStore.OpenTarget(LayoutPath);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => target.PutBlobAsync(ImageLocation.Parse($"oci:{LayoutPath}:x"), s_blob, null,
            async (_, token) => new StoppedStream(await source.OpenBlobAsync(image, s_blob, token), after), Stop));

        // a program that another test starts has all open files for a moment, and with them their locks
        foreach (FileInfo file in Partials())
            while (FileLock.IsHeld(file.FullName)) await Task.Delay(1, Stop);
    }

    private async Task<(IImageStore Source, ImageLocation Image)> SourceAsync(string kind, FakeRegistry registry)
    {
        if (kind == "registry") return (new RegistrySession().Open(registry.Host), RegistrySession.At(registry));
        TestLayout layout = new(Path.Join(_folder.Path, "source"));
        layout.AddBlob(s_content);
        if (kind == "layout") return (await OciLayoutStore.OpenAsync(layout.Path, ImageTransport.Oci, TestZstd.Inflate, Stop), ImageLocation.Parse("oci:" + layout.Path));
        string archive = Path.Join(_folder.Path, "source.tar.gz");
        Tool.Run("tar", ["-C", layout.Path, "-czf", archive, "."]);
        return (await OciLayoutStore.OpenAsync(archive, ImageTransport.OciArchive, TestZstd.Inflate, Stop), ImageLocation.Parse("oci-archive:" + archive));
    }
}
