using System.Formats.Tar;
using OciTools.FileTrees;

namespace OciTools.MicroBenchmarks;

/// <summary>Reading the entries of a tar into memory, for each entry; beside the reader of .NET, which keeps nothing.</summary>
public class TarBenchmarks
{
    private const int Files = 20_000;

    private readonly byte[] _tar = SampleTar.Make(Files);

    [Benchmark(OperationsPerInvoke = Files)]
    public object Record() => Read(_tar, 0, new EntryLimits(areLifted: false));

    [Benchmark(OperationsPerInvoke = Files)]
    public int ReaderOfNet()
    {
        using TarReader reader = new(new MemoryStream(_tar, writable: false));
        int count = 0;
        while (reader.GetNextEntry() is not null) count++;
        return count;
    }

    internal static LayerEntries Read(byte[] tar, int layer, EntryLimits limits)
    {
        LayerEntries entries = new(layer, $"Layer {layer}", false, limits);
        LayerRecorder recorder = new(entries, null);
        for (int i = 0; i < tar.Length; i += 65536) recorder.Add(tar.AsSpan(i, Math.Min(65536, tar.Length - i)));
        recorder.RequireEnd();
        return entries;
    }
}
