using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>A document that is copied along because it refers to what is copied.</summary>
/// <param name="Documents">The document, the last one, and those below it where it is an index, children before parents.</param>
/// <param name="Tag">The tag by which cosign has attached it; null where its manifest says enough.</param>
internal sealed record AttachedDocument(IReadOnlyList<ManifestDocument> Documents, string? Tag)
{
    /// <summary>The name that it gets: in a registry its digest or its tag; in a layout an entry of its own, without which it would be an orphan.</summary>
    /// <param name="target">The place.</param>
    /// <param name="image">The name of the image there.</param>
    internal ImageLocation NameAt(IImageTarget target, ImageLocation image)
    {
        if (image.Reference is not { } reference) return image.WithName(Tag);
        return Tag is null ? target.Child(image, Documents[^1].GetDigest()) : ImageLocation.FromReference(reference.WithTag(Tag));
    }
}
