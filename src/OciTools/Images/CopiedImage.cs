namespace OciTools;

/// <summary>An image that is where it was copied to.</summary>
public sealed record CopiedImage
{
    /// <summary>The canonical name of exactly the image that was copied, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The canonical name under which it is found where it was copied to.</summary>
    public required string Destination { get; init; }

    /// <summary>The digest of the manifest or index that was copied; null where the source keeps none.</summary>
    public required string? SourceDigest { get; init; }

    /// <summary>The digest at the destination: the same, wherever bytes are kept; null where the destination keeps no manifest.</summary>
    public required string? DestinationDigest { get; init; }

    /// <summary>The digests that the image has no more where it was copied to, each with the reason; none where bytes are kept.</summary>
    public IReadOnlyList<ChangedDigest> ChangedDigests { get; init; } = [];

    /// <summary>The bytes of blobs and documents that were written.</summary>
    public long BytesSent { get; init; }

    /// <summary>The bytes of blobs that were there already, or that the destination took from another of its repositories.</summary>
    public long BytesReused { get; init; }

    /// <summary>How many documents that refer to the image were copied along or were there; null where nobody asked for them.</summary>
    public int? Referrers { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
