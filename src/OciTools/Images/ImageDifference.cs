namespace OciTools;

/// <summary>One thing in which two images differ.</summary>
public sealed record ImageDifference
{
    /// <summary>The canonical name of exactly the image that is compared (the difference image), usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The canonical name of exactly the image that it is compared with.</summary>
    public required string ReferenceImage { get; init; }

    /// <summary><c>Config</c>, <c>History</c>, <c>Layer</c> or <c>File</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>Added</c>, <c>Removed</c> or <c>Changed</c>, as seen from the reference image.</summary>
    public required string Change { get; init; }

    /// <summary>What differs: a field of the config (<c>Env.PATH</c>), the diff id of a layer, the command of a row of the history, the path of a file.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// What is changed of it: of a file <c>Type</c>, <c>Content</c>, <c>Mode</c>, <c>Owner</c>, <c>Link</c>, <c>Device</c>, <c>Attributes</c>, <c>Time</c>;
    /// of a layer <c>Digest</c> (the same tar stored in another way) or <c>Position</c>. Empty for what was added or removed.
    /// </summary>
    public IReadOnlyList<string> Aspects { get; init; } = [];

    /// <summary>What the reference image has, as text; null where it has nothing.</summary>
    public string? ReferenceValue { get; init; }

    /// <summary>What the difference image has, as text; null where it has nothing.</summary>
    public string? DifferenceValue { get; init; }

    /// <summary>The path of the file; null for what is no file.</summary>
    public string? FilePath { get; init; }

    /// <summary>The size of the file or layer in the reference image, in bytes; null where it has none.</summary>
    public long? ReferenceSize { get; init; }

    /// <summary>The size of the file or layer in the difference image, in bytes; null where it has none.</summary>
    public long? DifferenceSize { get; init; }

    /// <summary>
    /// The index of the layer that did it, from the bottom, 0-based: in the difference image, or of what it has no trace of, in the reference
    /// image; null for a config.
    /// </summary>
    public int? Layer { get; init; }

    /// <summary>The command that made that layer; null where the history does not say.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The canonical name of the difference image.</summary>
    public override string ToString() => Image;
}
