namespace OciTools.Operations;

/// <summary>One row of a history, joined with the layer that it made.</summary>
public sealed record HistoryRow
{
    /// <summary>When the row was made, in local time; null where unknown.</summary>
    public DateTime? Created { get; init; }

    /// <summary>The command; empty where the history does not say, and for a layer without a row.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>The comment; null for none.</summary>
    public string? Comment { get; init; }

    /// <summary>The author; null for none, and on an engine.</summary>
    public string? Author { get; init; }

    /// <summary>The index of the layer, from the bottom, 0-based; null for none, and where it cannot be told.</summary>
    public int? Layer { get; init; }

    /// <summary>The digest of the layer as stored; null for none, and where unknown.</summary>
    public Digest? Digest { get; init; }

    /// <summary>The diff id of the layer; null for none, and where it cannot be told.</summary>
    public Digest? DiffId { get; init; }

    /// <summary>The bytes of the layer as stored; 0 for a row that made none, null where unknown.</summary>
    public long? Size { get; init; }

    /// <summary>The engine's sum of file sizes in bytes; null where no engine was asked.</summary>
    public long? EngineSize { get; init; }

    /// <summary>The engine's id of the image that the row stands for; null where it has none.</summary>
    public string? EngineId { get; init; }

    /// <summary>The tags of that image; empty for none.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>How sure the join is, and why there is none.</summary>
    public required HistoryJoinState JoinState { get; init; }
}
