namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>Counts the cases in which another tool makes the same tree. Where it is known to do otherwise, it has to do so still.</summary>
internal sealed class KnownDifferences(string name)
{
    private readonly Figure _figure = new(name);
    private readonly List<string> _gone = [];
    private readonly Lock _lock = new();
    private int _known;

    /// <param name="layers">The case.</param>
    /// <param name="reason">Why the tool does otherwise; null if it is to do the same.</param>
    /// <param name="found">What differs; empty for nothing.</param>
    internal void Check(LayerCase layers, string? reason, string found)
    {
        if (reason is null)
        {
            _figure.Check(layers.ToString(), found.Length == 0, found);
            return;
        }

        lock (_lock)
        {
            _known++;
            if (found.Length == 0) _gone.Add(layers.ToString());
        }
    }

    internal void Report(int atLeast)
    {
        string line = $"{name}: {_known} known differences";
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        _figure.Report(atLeast);
        Assert.Empty(_gone);
    }
}
