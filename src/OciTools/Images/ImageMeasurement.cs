namespace OciTools;

/// <summary>What a set of images takes. Everything is counted once, however many of the images share it.</summary>
public sealed record ImageMeasurement
{
    /// <summary>
    /// What is the same thing: <c>Digest</c> for blobs in registries, layouts and archives, <c>ChainId</c> for layers in an engine. The two are never
    /// added up.
    /// </summary>
    public required string CountedBy { get; init; }

    /// <summary>Whether layers are measured by the bytes of their tars, not as they are stored.</summary>
    public bool IsUncompressed { get; init; }

    /// <summary>How many images were measured; one that was named twice counts once.</summary>
    public required int ImageCount { get; init; }

    /// <summary>How many different layers they have.</summary>
    public required int LayerCount { get; init; }

    /// <summary>The bytes of all of them together, each thing once: <see cref="UniqueSize"/> and <see cref="SharedSize"/>.</summary>
    public required long TotalSize { get; init; }

    /// <summary>The bytes of what exactly one of the images has.</summary>
    public required long UniqueSize { get; init; }

    /// <summary>The bytes of what several of the images have, counted once.</summary>
    public required long SharedSize { get; init; }

    /// <summary>How many different layers have a size that the place does not say; they count as 0 bytes.</summary>
    public int UnknownLayerCount { get; init; }

    /// <summary>The images, in the order of the input.</summary>
    public required IReadOnlyList<MeasuredImage> Images { get; init; }

    /// <summary>How many images take how much.</summary>
    public override string ToString() => $"{DisplayText.Count(ImageCount, "image")}, {DisplayText.Size(TotalSize)}";
}
