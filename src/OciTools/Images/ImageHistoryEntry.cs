namespace OciTools;

/// <summary>One row of the history of an image, as <c>docker history</c> shows it, joined with the layer that it made.</summary>
public sealed record ImageHistoryEntry
{
    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>When the row was made, in local time; null where unknown.</summary>
    public DateTime? Created { get; init; }

    /// <summary>The command; empty where the history does not say.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>The comment; null for none.</summary>
    public string? Comment { get; init; }

    /// <summary>The author; null for none.</summary>
    public string? Author { get; init; }

    /// <summary>The index of the layer that the row made, from the bottom, 0-based; null for none, and where that cannot be told.</summary>
    public int? Layer { get; init; }

    /// <summary>The digest of that layer as stored; null for none, and where unknown.</summary>
    public string? Digest { get; init; }

    /// <summary>The diff id of that layer; null for none, and where it cannot be told.</summary>
    public string? DiffId { get; init; }

    /// <summary>The bytes of that layer as stored; 0 for a row that made none, null where unknown.</summary>
    public long? Size { get; init; }

    /// <summary>The engine's sum of file sizes in bytes; null elsewhere.</summary>
    public long? EngineSize { get; init; }

    /// <summary>How sure the join of row and layer is, and why there is none.</summary>
    public HistoryJoinState JoinState { get; init; }

    /// <summary>The engine's id of the image that the row stands for; null where it has none.</summary>
    public string? EngineId { get; init; }

    /// <summary>The tags of that image.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
