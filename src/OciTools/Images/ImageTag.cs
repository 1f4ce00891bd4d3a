namespace OciTools;

/// <summary>A tag of a repository.</summary>
public sealed record ImageTag
{
    /// <summary>The canonical name of exactly this tag, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The repository in the short form that Docker shows; null where a layout or archive gives the image none.</summary>
    public string? Repository { get; init; }

    /// <summary>The tag, or the ref name in a layout.</summary>
    public required string Tag { get; init; }

    /// <summary>The digest of the manifest or index that the tag points at, or the registry digest that an engine claims; null where nobody asked or there is none.</summary>
    public string? Digest { get; init; }

    /// <summary>The media type of the manifest or index; null where nobody asked or there is none.</summary>
    public string? MediaType { get; init; }

    /// <summary>The platform that <see cref="ImageId"/>, <see cref="Size"/> and <see cref="Created"/> are of; null where nobody asked or none was chosen.</summary>
    public string? Platform { get; init; }

    /// <summary>The digest of the config; null where nobody asked or there is none.</summary>
    public string? ImageId { get; init; }

    /// <summary>The bytes of config and layers as stored, each once; in an engine the sum of its file sizes. Null where nobody asked or unknown.</summary>
    public long? Size { get; init; }

    /// <summary>When the image was made, in local time; null where nobody asked or unknown.</summary>
    public DateTime? Created { get; init; }

    /// <summary>All platforms behind the tag, attestations left out; empty where nobody asked or unknown.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;
}
