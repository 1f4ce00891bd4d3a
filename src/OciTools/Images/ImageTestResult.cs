namespace OciTools;

/// <summary>What a test of an image found.</summary>
public sealed record ImageTestResult
{
    /// <summary>The canonical name of the image.</summary>
    public required string Image { get; init; }

    /// <summary>Whether every check passed.</summary>
    public required bool Passed { get; init; }

    /// <summary>The digest of the manifest or index that was tested; null where the place keeps none, or nothing was found.</summary>
    public string? Digest { get; init; }

    /// <summary>Whether only presence and size were asked for.</summary>
    public bool IsFast { get; init; }

    /// <summary>Everything that was tested, in the order of the documents.</summary>
    public required IReadOnlyList<ImageCheck> Checks { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
