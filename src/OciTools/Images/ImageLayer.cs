namespace OciTools;

/// <summary>One layer of an image.</summary>
public record ImageLayer
{
    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The index of the layer, from the bottom, 0-based.</summary>
    public required int Layer { get; init; }

    /// <summary>The digest of the blob as stored; null where the place knows none.</summary>
    public string? Digest { get; init; }

    /// <summary>The digest of the uncompressed tar; null for an artifact that is no container image.</summary>
    public string? DiffId { get; init; }

    /// <summary>The digest that stands for this layer and all below it (OCI image-spec, config.md, Layer ChainID); null without diff ids.</summary>
    public string? ChainId { get; init; }

    /// <summary>The media type of the blob; null where the place knows none.</summary>
    public string? MediaType { get; init; }

    /// <summary>The compression that the media type states: <c>gzip</c>, <c>zstd</c>, <c>none</c>; null where it states none.</summary>
    public string? Compression { get; init; }

    /// <summary>The bytes of the blob as stored, which is what travels; null where unknown.</summary>
    public long? Size { get; init; }

    /// <summary>The bytes of the tar, which is what the diff id covers; null where unknown.</summary>
    public long? UncompressedSize { get; init; }

    /// <summary>The engine's sum of file sizes in bytes, as <c>docker history</c> shows it; null elsewhere.</summary>
    public long? EngineSize { get; init; }

    /// <summary>Whether <see cref="UncompressedSize"/> was estimated.</summary>
    public bool IsEstimate { get; init; }

    /// <summary>The command that made the layer; null where the history does not say.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public sealed override string ToString() => Image;
}
