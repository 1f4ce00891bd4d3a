namespace OciTools;

/// <summary>One thing about an image that was tested.</summary>
public sealed record ImageCheck
{
    /// <summary>The canonical name of exactly the image that was tested: a child of an index by its digest.</summary>
    public required string Image { get; init; }

    /// <summary>What was tested.</summary>
    public required ImageCheckSubject Subject { get; init; }

    /// <summary>Whether it was found right.</summary>
    public required bool Passed { get; init; }

    /// <summary>The index of the layer, from the bottom, 0-based; null where the check is not about one.</summary>
    public int? Layer { get; init; }

    /// <summary>The digest of what was tested: a manifest, a config, a blob, or the diff id; null where there is none.</summary>
    public string? Digest { get; init; }

    /// <summary>The platform that the index names for the image; null for none.</summary>
    public string? Platform { get; init; }

    /// <summary>The digest, size in bytes, number or platform that it should have; null where there is no single one.</summary>
    public string? Expected { get; init; }

    /// <summary>What was found; null where nothing was, or there is no single one.</summary>
    public string? Actual { get; init; }

    /// <summary>The id of the error; null for a check that passed.</summary>
    public string? ErrorId { get; init; }

    /// <summary>What is wrong, or what the check could not see; null where there is nothing to say.</summary>
    public string? Message { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
