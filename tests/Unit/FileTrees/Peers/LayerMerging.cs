using OciTools.FileTrees;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>Merges layers as the library does, contents hashed.</summary>
internal static class LayerMerging
{
    internal static FileTree Merge(byte[][] tars)
    {
        EntryLimits limits = new(areLifted: false);
        LayerEntries[] layers = new LayerEntries[tars.Length];
        for (int i = 0; i < tars.Length; i++)
        {
            layers[i] = new LayerEntries(i, $"Layer {i}", isWindows: false, limits);
            LayerRecorder recorder = new(layers[i], new HashedContents(layers[i], new HoleLimit(null)));
            recorder.Add(tars[i]);
            recorder.RequireEnd();
        }

        return FileTreeBuilder.Build(layers, TestContext.Current.CancellationToken);
    }
}
