using System.Text;

namespace OciTools.FileTrees;

/// <summary>Which paths of an image are meant: those that are named or fit a pattern.</summary>
internal sealed class PathSelection
{
    private readonly List<FilePathPattern> _patterns = [];

    // a long list of plain paths, as a pipeline brings them, must not be gone through for each file
    private readonly HashSet<string> _literals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _written = new(StringComparer.Ordinal);

    /// <param name="patterns">Patterns; one without wildcards is a path.</param>
    /// <param name="literals">Paths. With neither, everything is meant.</param>
    /// <exception cref="OciException">A path cannot be one (<c>InvalidFilePath</c>).</exception>
    internal PathSelection(IReadOnlyList<string> patterns, IReadOnlyList<string> literals)
    {
        foreach (string text in patterns)
        {
            FilePathPattern pattern = FilePathPattern.Parse(text);
            if (pattern.IsLiteral) AddLiteral(text);
            else _patterns.Add(pattern);
        }

        foreach (string text in literals) AddLiteral(text);
    }

    /// <summary>Whether everything is meant.</summary>
    internal bool IsAll => _patterns.Count == 0 && _literals.Count == 0;

    /// <summary>The paths that are named, as bytes and as they were written.</summary>
    internal IEnumerable<(byte[] Path, string Written)> Named => _written.Select(named => (Encoding.Latin1.GetBytes(named.Key), named.Value));

    /// <summary>Whether a path itself is meant.</summary>
    internal bool Matches(ReadOnlySpan<byte> path)
    {
        if (_literals.Count > 0 && _literals.Contains(Encoding.Latin1.GetString(path))) return true;
        foreach (FilePathPattern pattern in _patterns)
            if (pattern.Matches(path)) return true;
        return false;
    }

    private void AddLiteral(string text)
    {
        string key = Encoding.Latin1.GetString(FilePathPattern.BytesOf(text));
        _literals.Add(key);
        _written.TryAdd(key, text);
    }
}
