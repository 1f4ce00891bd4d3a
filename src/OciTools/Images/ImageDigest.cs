namespace OciTools;

/// <summary>The digest that the name of an image stands for.</summary>
public sealed record ImageDigest
{
    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The digest of the manifest or index; null where the place keeps none.</summary>
    public string? Digest { get; init; }

    /// <summary>The media type of the manifest or index; null where unknown.</summary>
    public string? MediaType { get; init; }

    /// <summary>The platform; null for an index, and where nobody asked.</summary>
    public string? Platform { get; init; }

    /// <summary>The digest of the config; null for an index, and where nobody asked.</summary>
    public string? ImageId { get; init; }

    /// <summary>The size of the manifest or index in bytes; null where unknown.</summary>
    public long? Size { get; init; }

    /// <summary>For an image of an engine: the name by registry digest that the engine claims, which nobody has proved. Null elsewhere.</summary>
    public string? RegistryDigest { get; init; }

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;
}
