namespace OciTools;

/// <summary>Something that was removed from the place where it lay.</summary>
public sealed record RemovedImage
{
    /// <summary>The canonical name of what was removed, or of the place where it has no name of its own.</summary>
    public required string Image { get; init; }

    /// <summary>What it was.</summary>
    public required RemovedKind Kind { get; init; }

    /// <summary>The digest of what was removed, or its id in an engine; null where it had none.</summary>
    public string? Digest { get; init; }

    /// <summary>The bytes that nothing else uses, and that are free from then on; null where unknown.</summary>
    public long? Size { get; init; }

    /// <summary>Why it could go, and what was seen afterwards.</summary>
    public string? Reason { get; init; }

    /// <summary>What went or was hurt with it without having been named: tags, indexes whose part it was, what referred to it.</summary>
    public IReadOnlyList<string> AlsoLost { get; init; } = [];

    /// <summary>Whether it was gone when one looked again; null where nobody looked.</summary>
    public bool? IsGone { get; init; }

    /// <summary>Whether the image was gone too, and not the name alone; null where nobody looked.</summary>
    public bool? IsImageGone { get; init; }

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;
}
