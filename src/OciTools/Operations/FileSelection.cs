using OciTools.FileTrees;

namespace OciTools.Operations;

/// <summary>Which files of an image are meant, and what is wanted of them.</summary>
public sealed record FileSelection
{
    private readonly IReadOnlyList<FilePathPattern> _patterns;

    /// <summary>Makes a selection.</summary>
    /// <param name="patterns">Patterns of paths: <c>*</c> and <c>?</c> stay within a segment, <c>**</c> crosses.</param>
    /// <param name="literals">Paths that stand for themselves. With neither, all files are meant.</param>
    /// <exception cref="OciException">A path cannot be one (<c>InvalidFilePath</c>).</exception>
    public FileSelection(IReadOnlyList<string>? patterns = null, IReadOnlyList<string>? literals = null) =>
        _patterns = [.. (patterns ?? []).Select(FilePathPattern.Parse), .. (literals ?? []).Select(FilePathPattern.Literal)];

    /// <summary>The layers whose own entries are meant; null for the merged image.</summary>
    public LayerSelection? Layers { get; init; }

    /// <summary>Whether entries that upper layers hide are listed too.</summary>
    public bool IncludeHidden { get; init; }

    /// <summary>Whether the digest of each content is wanted.</summary>
    public bool WithDigest { get; init; }

    /// <summary>Whether all files are meant.</summary>
    public bool IsAll => _patterns.Count == 0;

    /// <summary>The paths that were named and not as a pattern, so that one that is missing can be reported.</summary>
    internal IEnumerable<FilePathPattern> Named => _patterns.Where(p => p.IsLiteral);

    internal bool Matches(ReadOnlySpan<byte> path)
    {
        if (_patterns.Count == 0) return true;
        foreach (FilePathPattern pattern in _patterns)
            if (pattern.Matches(path)) return true;
        return false;
    }
}
