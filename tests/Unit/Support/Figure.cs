namespace OciTools.UnitTests;

/// <summary>Counts how many cases of a table were tried and how many held, prints both, and fails unless all did.</summary>
internal sealed class Figure
{
    private readonly string _name;
    private readonly List<string> _failures = [];
    private readonly Lock _lock = new();
    private int _tried;

    internal Figure(string name) => _name = name;

    internal void Check(string what, bool held, string? found = null)
    {
        lock (_lock)
        {
            _tried++;
            if (!held) _failures.Add(found is null ? what : $"{what}: {found}");
        }
    }

    internal void Report(int atLeast)
    {
        string line = $"{_name}: tried {_tried}, held {_tried - _failures.Count}";
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Assert.True(_failures.Count == 0, line + Environment.NewLine + string.Join(Environment.NewLine, _failures));
        Assert.True(_tried >= atLeast, $"{line}, fewer than the {atLeast} that there are to be");
    }
}
