using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.Stores;
using OciTools.Stores.Files;
using OciTools.Stores.Layout;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>What is in a layout stays in it, whatever happens while something is added.</summary>
public sealed class LayoutWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_is_an_error_that_leaves_the_layout_as_it_was()
    {
        Figure figure = new("D5, disk full");
        for (int level = 1; level <= 50; level++)
        {
            using MountedFolder? memory = MountedFolder.TryMemory(level * 20_000L);
            if (memory is null) Assert.Skip("a file system of a fixed size cannot be mounted here");
            string path = Path.Join(memory.Path, "layout");
            string? index = null;
            string? wrong = null;
            try
            {
                await using OciLayoutStore store = OciLayoutStore.OpenTarget(path);
                await AddAsync(store, path, "small", [1, 2, 3]);
                index = await File.ReadAllTextAsync(Path.Join(path, "index.json"), Stop);
                byte[] large = new byte[1_200_000];
                Random.Shared.NextBytes(large);
                await AddAsync(store, path, "large", large);
                wrong = "all of it went there";
            }
            catch (OciException e)
            {
                if (e.ErrorId != "WriteFailed") wrong = e.ErrorId;
                else if (index is not null && index != await File.ReadAllTextAsync(Path.Join(path, "index.json"), Stop)) wrong = "the index is another one";
                else if (Directory.Exists(path) && Directory.GetFiles(path, "*.partial", SearchOption.AllDirectories).Length > 0) wrong = "something unfinished is left";
            }

            figure.Check($"{level * 20_000} bytes", wrong is null, wrong);
        }

        figure.Report(50);
    }

    [Fact]
    public async Task A_lock_that_another_has_is_waited_for_and_the_waiting_can_be_stopped()
    {
        string path = Path.Join(_folder.Path, "layout");
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        await AddAsync(store, path, "one", [1]);
        SafeFileHandle held = await FileLock.TakeAsync(Path.Join(path, ".ocitools", "lock"), isShared: false, Stop);
        using (CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(200)))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AddAsync(store, path, "two", [2], soon.Token));
        Task adding = AddAsync(store, path, "three", [3]);
        await Task.Delay(100, Stop);
        Assert.False(adding.IsCompleted);
        held.Dispose();
        await adding.WaitAsync(TimeSpan.FromSeconds(5), Stop);
        Assert.Contains("\"three\"", await File.ReadAllTextAsync(Path.Join(path, "index.json"), Stop), StringComparison.Ordinal);
        Assert.DoesNotContain("\"two\"", await File.ReadAllTextAsync(Path.Join(path, "index.json"), Stop), StringComparison.Ordinal);
    }

    [Fact]
    public Task A_lock_whose_holder_is_killed_is_free_at_once() => KillHoldersAsync(20);

    [Fact]
    [Trait("Category", "Slow")]
    public Task A_lock_is_free_at_once_however_often_its_holder_is_killed() => KillHoldersAsync(100);

    private async Task KillHoldersAsync(int times)
    {
        string path = Path.Join(_folder.Path, "layout");
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        await AddAsync(store, path, "first", [0]);
        string file = Path.Join(path, ".ocitools", "lock");
        Figure figure = new("D7, holders of the lock that were killed");
        for (int i = 1; i <= times; i++)
        {
            using Process holder = Tool.Start("flock", ["-x", "-o", file, "sleep", "60"]);
            while (!FileLock.IsHeld(file)) await Task.Delay(1, Stop);
            Task adding = AddAsync(store, path, $"{i}", [(byte)i]);
            await Task.Delay(5, Stop);
            bool hasWaited = !adding.IsCompleted;
            holder.Kill(entireProcessTree: true);
            long start = Stopwatch.GetTimestamp();
            await adding.WaitAsync(TimeSpan.FromSeconds(10), Stop);
            TimeSpan waited = Stopwatch.GetElapsedTime(start);
            figure.Check($"{i}", hasWaited && waited < TimeSpan.FromSeconds(1), $"{hasWaited}, {waited.TotalMilliseconds} ms");
        }

        figure.Report(times);
    }

    [Fact]
    public async Task Nothing_gets_a_name_of_which_a_part_is_missing()
    {
        string path = Path.Join(_folder.Path, "layout");
        TestLayout layout = new(path);
        (Digest manifest, _, Digest layer) = layout.AddImage("half");
        File.Delete(layout.PathOf(layer));
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        ImageLocation name = ImageLocation.Parse($"oci:{path}:half");
        ManifestDocument document = ManifestDocument.Parse(File.ReadAllBytes(layout.PathOf(manifest)), name.ToString());
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.PutManifestAsync(name, document, Stop));
        Assert.Equal("BlobNotFound", error.ErrorId);
        Digest index = layout.AddIndex(layout.Describe(manifest, MediaTypes.OciManifest));
        document = ManifestDocument.Parse(File.ReadAllBytes(layout.PathOf(index)), name.ToString());
        error = await Assert.ThrowsAnyAsync<OciException>(() => store.PutManifestAsync(name, document, Stop));
        Assert.Equal("BlobNotFound", error.ErrorId);

        // what has a name already is no worse for another one
        layout.AddEntry(index, MediaTypes.OciIndex, "named");
        await store.PutManifestAsync(name, document, Stop);
        Assert.Contains("\"half\"", File.ReadAllText(layout.IndexPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Finding_out_what_would_be_written_leaves_no_trace()
    {
        TestLayout layout = new(Path.Join(_folder.Path, "layout"));
        TestLayout source = new(Path.Join(_folder.Path, "source"));
        layout.AddEntry(layout.AddImage("same").Manifest, MediaTypes.OciManifest, "first");
        source.AddEntry(source.AddImage("same").Manifest, MediaTypes.OciManifest, "again");
        string[] before = [.. Directory.EnumerateFileSystemEntries(layout.Path, "*", SearchOption.AllDirectories).Order()];
        await using (ImagePlaces places = new(new StoreOpener(() => throw new InvalidOperationException("a layout needs no adapters"), new RegistryAccess())))
        {
            using ImageCopy copy = new(places, TestZstd.Inflate);
            CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"oci:{source.Path}:again"), ImageLocation.Parse($"oci:{layout.Path}:second"), new CopyOptions { ListsMissing = true }, Stop);
            Assert.False(plan.IsThere);
        }

        Assert.Equal(before, Directory.EnumerateFileSystemEntries(layout.Path, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public async Task A_file_of_the_right_size_and_other_bytes_is_no_blob()
    {
        string path = Path.Join(_folder.Path, "layout");
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        byte[] content = [1, 2, 3, 4];
        Descriptor blob = new("application/octet-stream", Digest.Compute(content), 4);
        await AddAsync(store, path, "one", content);
        string file = Path.Join(path, "blobs", "sha256", blob.Digest[7..]);
        await File.WriteAllBytesAsync(file, [9, 9, 9, 9], Stop);
        await using OciLayoutStore later = OciLayoutStore.OpenTarget(path);
        Assert.False(await later.HasBlobAsync(ImageLocation.Parse($"oci:{path}"), blob, Stop));
        await AddAsync(later, path, "two", content);
        Assert.Equal(content, await File.ReadAllBytesAsync(file, Stop));
    }

    [Fact]
    public async Task What_has_got_a_name_is_found_under_it_whoever_reads_the_index_beside()
    {
        TestLayout layout = new(Path.Join(_folder.Path, "layout"));
        Digest other = layout.AddImage("other").Manifest;

        // long to read, so that a reader of the one before is late
        layout.AddEntries(Enumerable.Range(0, 3000).Select(i => (other, $"other-{i}")));
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(layout.Path);
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task reading = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested) await store.ResolveAsync(ImageLocation.Parse($"oci:{layout.Path}:other-0"), Stop);
        }, Stop);
        int missed = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), Stop, async (i, stop) =>
        {
            await AddAsync(store, layout.Path, $"new-{i}", [1]);
            if (await ((IImageStore)store).FindAsync(ImageLocation.Parse($"oci:{layout.Path}:new-{i}"), stop) is null) Interlocked.Increment(ref missed);
        });
        await done.CancelAsync();
        await reading;
        Assert.Equal(0, missed);
    }

    [Theory]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[],\"Manifests\":[]}", "AmbiguousDocument")]
    [InlineData("{\"schemaVersion\":2}", "UnsupportedContent")]
    [InlineData("[]", "MalformedDocument")]
    [InlineData("", "MalformedDocument")]
    public async Task An_index_that_can_be_read_two_ways_is_not_written_over(string index, string error)
    {
        string path = Path.Join(_folder.Path, "layout");
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        await AddAsync(store, path, "one", [1]);
        await File.WriteAllTextAsync(Path.Join(path, "index.json"), index, Stop);
        OciException found = await Assert.ThrowsAnyAsync<OciException>(() => AddAsync(store, path, "two", [2]));
        Assert.Equal(error, found.ErrorId);
        Assert.Equal(index, await File.ReadAllTextAsync(Path.Join(path, "index.json"), Stop));
    }

    private static async Task AddAsync(OciLayoutStore store, string path, string name, byte[] layer, CancellationToken? stop = null)
    {
        CancellationToken token = stop ?? Stop;
        ImageLocation location = ImageLocation.Parse($"oci:{path}:{name}");
        Descriptor blob = new(MediaTypes.OciLayer, Digest.Compute(layer), layer.Length);
        await store.PutBlobAsync(location, blob, null, _ => Task.FromResult<Stream>(new VerifiedStream(new MemoryStream(layer), blob, "The layer")), token);
        byte[] json = System.Text.Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{blob.Digest}}","size":{{blob.Size}} },"layers":[]}""");
        await store.PutManifestAsync(location, ManifestDocument.Parse(json, location.ToString()), token);
    }
}
