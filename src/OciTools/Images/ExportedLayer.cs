namespace OciTools;

/// <summary>A layer that was written to a file and proved.</summary>
public sealed record ExportedLayer
{
    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The index of the layer, from the bottom, 0-based; null for the merged file system.</summary>
    public required int? Layer { get; init; }

    /// <summary>The absolute path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>The size of the file in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The digest of the file.</summary>
    public required string Digest { get; init; }

    /// <summary>The digest of the uncompressed tar; null for an artifact that is no container image.</summary>
    public string? DiffId { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
