using OciTools.FileTrees;

namespace OciTools.MicroBenchmarks;

/// <summary>Merging layers to one tree, for each entry; beside a dictionary of the paths, which knows no folders, links or whiteouts.</summary>
public class TreeBenchmarks
{
    private const int Lower = 50_000;
    private const int Upper = 10_000;

    private readonly LayerEntries[] _layers;
    private readonly string[] _paths;

    public TreeBenchmarks()
    {
        // every fifth file is replaced or taken away
        static string Changed(int i) => (i & 1) == 0 ? SampleTar.Name(i * 5) : SampleTar.Name(i * 5).Replace("/file-", "/.wh.file-", StringComparison.Ordinal);
        EntryLimits limits = new(areLifted: true);
        _layers = [TarBenchmarks.Read(SampleTar.Make(Lower), 0, limits), TarBenchmarks.Read(SampleTar.Make(Upper, Changed), 1, limits)];
        _paths = [.. Enumerable.Range(0, Lower).Select(SampleTar.Name), .. Enumerable.Range(0, Upper).Select(i => SampleTar.Name(i * 5))];
    }

    [Benchmark(OperationsPerInvoke = Lower + Upper)]
    public object Merge() => FileTreeBuilder.Build(_layers, CancellationToken.None);

    [Benchmark(OperationsPerInvoke = Lower + Upper)]
    public object DictionaryOfPaths()
    {
        Dictionary<string, int> last = new(StringComparer.Ordinal);
        for (int i = 0; i < _paths.Length; i++) last[_paths[i]] = i;
        return last;
    }
}
