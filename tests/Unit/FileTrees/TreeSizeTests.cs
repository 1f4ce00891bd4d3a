using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using OciTools.FileTrees;
using OciTools.Layers.Tar;

namespace OciTools.UnitTests.FileTrees;

/// <summary>Tests that measure and so run when no other does.</summary>
[CollectionDefinition(nameof(MeasuredAlone), DisableParallelization = true)]
public sealed class MeasuredAlone;

/// <summary>What a tree costs: memory for each entry, and time that grows with the entries only.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class TreeSizeTests
{
    [Fact]
    public void An_entry_takes_at_most_160_bytes_with_the_hash_of_its_content()
    {
        const int Files = 400_000;
        _ = Build(1000, withHashes: true);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        FileTree tree = Build(Files, withHashes: true);
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / tree.Entries.Count;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes an entry");
        Assert.InRange(each, 1, 160);
        Assert.True(tree.Walk().Count() > Files);
    }

    [Fact]
    public void Time_grows_with_the_entries_and_not_faster()
    {
        _ = Build(20_000);
        double small = CpuOf(() => Build(50_000));
        double large = CpuOf(() => Build(400_000));
        TestContext.Current.TestOutputHelper?.WriteLine($"{small} s for 50,000 and {large} s for 400,000");
        Assert.True(large < (small * 8 * 3) + 1, $"{small} s for 50,000 and {large} s for 400,000");
    }

    // the time of the processor: the machine may have other work
    private static double CpuOf(Func<FileTree> build)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        _ = build();
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    // a folder that is emptied and filled again by each of many layers must not be gone through anew for all that was there before
    [Fact]
    public void Layers_that_empty_and_fill_a_folder_cost_what_they_hold()
    {
        const int Layers = 1000;
        const int Files = 100;
        List<LayerEntries> layers = [];
        EntryLimits limits = new(false);
        for (int i = 0; i < Layers; i++)
        {
            LayerEntries layer = new(i, $"Layer {i}", false, limits);
            Add(layer, "d/.wh..wh..opq", TarEntryKind.File);
            for (int file = 0; file < Files; file++) Add(layer, $"d/{i}-{file}", TarEntryKind.File);
            layers.Add(layer);
        }

        Stopwatch clock = Stopwatch.StartNew();
        FileTree tree = FileTreeBuilder.Build(layers, TestContext.Current.CancellationToken);
        Assert.Equal(Files + 2, tree.Walk().Count());
        Assert.True(clock.Elapsed.TotalSeconds < 10, $"{clock.Elapsed.TotalSeconds} s");
    }

    [Fact]
    public void Whiteouts_behind_links_take_no_memory_for_long_paths()
    {
        EntryLimits limits = new(false);
        LayerEntries lower = new(0, "Layer 0", false, limits);
        Add(lower, "d/f", TarEntryKind.File);
        Add(lower, "l", TarEntryKind.SymbolicLink, "d");
        LayerEntries upper = new(1, "Layer 1", false, limits);
        string deep = new('x', 3900);
        for (int i = 0; i < 10_000; i++) Add(upper, $"{deep}/{i}", TarEntryKind.Directory);
        Add(upper, "l/.wh.f", TarEntryKind.File);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FileTree tree = FileTreeBuilder.Build([lower, upper], TestContext.Current.CancellationToken);
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(10_004, tree.Walk().Count());
        // the paths alone have 39 MB
        Assert.True(taken < 10_000_000, $"{taken} bytes");
    }

    private static FileTree Build(int files, bool withHashes = false)
    {
        EntryLimits limits = new(false);
        LayerEntries layer = new(0, "Layer 0", false, limits);
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < files; i++)
        {
            if (i % 200 == 0) Add(layer, $"usr/share/doc/package-{i / 200:00000}/", TarEntryKind.Directory);
            int index = Add(layer, $"usr/share/doc/package-{i / 200:00000}/file-{i:0000000}.txt", TarEntryKind.File);
            if (withHashes) layer.SetHash(index, hash);
        }

        return FileTreeBuilder.Build([layer], TestContext.Current.CancellationToken);
    }

    private static int Add(LayerEntries layer, string name, TarEntryKind kind, string link = "") =>
        layer.Add(new TarHeader { Kind = kind, RawName = Encoding.UTF8.GetBytes(name), RawLink = Encoding.UTF8.GetBytes(link), Mode = 0x1A4, ModifiedSeconds = 1_700_000_000 });
}
