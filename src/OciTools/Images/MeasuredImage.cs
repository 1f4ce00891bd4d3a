namespace OciTools;

/// <summary>What one image takes, beside the others that were measured with it.</summary>
public sealed record MeasuredImage
{
    /// <summary>The canonical name of the image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>How many different layers it has, those of all its platforms together.</summary>
    public required int LayerCount { get; init; }

    /// <summary>The bytes of everything that it has.</summary>
    public required long Size { get; init; }

    /// <summary>The bytes that would be free if this image alone went.</summary>
    public required long UniqueSize { get; init; }

    /// <summary>The bytes that others of the measured images have as well.</summary>
    public required long SharedSize { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
