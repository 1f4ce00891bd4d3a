namespace OciTools.Stores;

/// <summary>An image that was found in a place.</summary>
/// <param name="Location">Its canonical name, which finds exactly this image again.</param>
/// <param name="Manifest">Media type, digest and size (or -1) of its manifest or index; null where the place keeps none.</param>
public sealed record StoredImage(ImageLocation Location, Descriptor? Manifest)
{
    /// <summary>The repository by which people know the image: <c>docker.io/library/nginx</c>; null where it has no such name.</summary>
    public string? Repository { get; init; }

    /// <summary>The tag; null for none.</summary>
    public string? Tag { get; init; }

    /// <summary>What an engine's list says of the image; null elsewhere.</summary>
    public EngineListing? Engine { get; init; }

    /// <summary>The canonical name.</summary>
    public override string ToString() => Location.ToString();
}
