namespace OciTools;

/// <summary>An image in the engine, in a layout or in an archive.</summary>
public sealed record LocalImage
{
    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The repository in the short form that Docker shows; null for a dangling image.</summary>
    public string? Repository { get; init; }

    /// <summary>The tag, or the ref name in a layout; null for none.</summary>
    public string? Tag { get; init; }

    /// <summary>The digest of the manifest or index that lies there, or the registry digest that an engine claims; null for none.</summary>
    public string? Digest { get; init; }

    /// <summary>All digests of the image: of the manifest or index that lies there, or all registry digests that an engine claims.</summary>
    public IReadOnlyList<string> Digests { get; init; } = [];

    /// <summary>The digest of the config; null for an index, and where the engine does not say.</summary>
    public string? ImageId { get; init; }

    /// <summary>What an engine calls the image where that is not the digest of the config; null elsewhere.</summary>
    public string? EngineId { get; init; }

    /// <summary>In an engine the sum of its file sizes, as <c>docker images</c> shows it; elsewhere the bytes of all its distinct blobs as stored; null where unknown.</summary>
    public long? Size { get; init; }

    /// <summary>When the image was made, in local time; null where unknown.</summary>
    public DateTime? Created { get; init; }

    /// <summary>The platforms; empty where unknown.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Whether the registry's tag still points at this image: <c>Current</c>, <c>Behind</c>, <c>LocalOnly</c>, <c>Unknown</c>; null where nobody asked.</summary>
    public RegistryState? RegistryState { get; init; }

    /// <summary>The digest that the registry's tag points at now; null where nobody asked or it is not there.</summary>
    public string? RegistryDigest { get; init; }

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;
}
