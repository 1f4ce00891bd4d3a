using OciTools.FileTrees;
using OciTools.Operations.Layers;

namespace OciTools.Operations.Files;

/// <summary>Which files of an image are meant, and what is wanted of them.</summary>
public sealed record FileSelection
{
    private readonly PathSelection _paths;

    /// <summary>Makes a selection.</summary>
    /// <param name="patterns">Patterns of paths: <c>*</c> and <c>?</c> stay within a segment, <c>**</c> crosses.</param>
    /// <param name="literals">Paths that stand for themselves. With neither, all files are meant.</param>
    /// <exception cref="OciException">A path cannot be one (<c>InvalidFilePath</c>).</exception>
    public FileSelection(IReadOnlyList<string>? patterns = null, IReadOnlyList<string>? literals = null) =>
        _paths = new PathSelection(patterns ?? [], literals ?? []);

    /// <summary>The layers whose own entries are meant; null for the merged image.</summary>
    public LayerSelection? Layers { get; init; }

    /// <summary>Whether entries that upper layers hide are listed too, and the whiteouts that hide some.</summary>
    public bool IncludeHidden { get; init; }

    /// <summary>Whether the digest of each content is wanted.</summary>
    public bool WithDigest { get; init; }

    internal bool Matches(ReadOnlySpan<byte> path) => _paths.IsAll || _paths.Matches(path);
}
