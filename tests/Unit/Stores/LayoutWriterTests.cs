using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;
using OciTools.Stores.Layout;
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
                OciLayoutStore store = OciLayoutStore.OpenTarget(path);
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
        OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        await AddAsync(store, path, "one", [1]);
        SafeFileHandle held = await DurableFile.LockAsync(Path.Join(path, ".ocitools", "lock"), Stop);
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
    public async Task A_file_of_the_right_size_and_other_bytes_is_no_blob()
    {
        string path = Path.Join(_folder.Path, "layout");
        OciLayoutStore store = OciLayoutStore.OpenTarget(path);
        byte[] content = [1, 2, 3, 4];
        Descriptor blob = new("application/octet-stream", Digest.Compute(content), 4);
        await AddAsync(store, path, "one", content);
        string file = Path.Join(path, "blobs", "sha256", blob.Digest[7..]);
        await File.WriteAllBytesAsync(file, [9, 9, 9, 9], Stop);
        OciLayoutStore later = OciLayoutStore.OpenTarget(path);
        Assert.False(await later.HasBlobAsync(ImageLocation.Parse($"oci:{path}"), blob, Stop));
        await AddAsync(later, path, "two", content);
        Assert.Equal(content, await File.ReadAllBytesAsync(file, Stop));
    }

    [Theory]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[],\"Manifests\":[]}", "AmbiguousDocument")]
    [InlineData("{\"schemaVersion\":2}", "UnsupportedContent")]
    [InlineData("[]", "MalformedDocument")]
    [InlineData("", "MalformedDocument")]
    public async Task An_index_that_can_be_read_two_ways_is_not_written_over(string index, string error)
    {
        string path = Path.Join(_folder.Path, "layout");
        OciLayoutStore store = OciLayoutStore.OpenTarget(path);
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
