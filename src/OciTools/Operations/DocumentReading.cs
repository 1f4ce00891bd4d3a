using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>Reads the documents behind descriptors.</summary>
internal static class DocumentReading
{
    /// <summary>Reads the config of a container image: from the descriptor where it is embedded, else as a blob.</summary>
    internal static async Task<ImageConfig> ConfigAsync(IImageStore store, ImageLocation location, ImageManifest manifest, CancellationToken cancellationToken)
    {
        Descriptor descriptor = manifest.Config;
        if (!manifest.IsContainerImage)
            throw ErrorCatalogue.NotAnImage.Error(
                $"{DisplayText.Excerpt(manifest.Image)} is an artifact of the type '{DisplayText.Excerpt(manifest.ArtifactType ?? descriptor.MediaType, 100)}', not a container image: it has no config to read.");
        return descriptor.GetData() is { } data
            ? ImageConfig.Parse(data, manifest.Image, descriptor.GetDigest())
            : await StoredConfigAsync(store, location, manifest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the config of a container image as a blob, also where it is embedded in the descriptor.</summary>
    internal static async Task<ImageConfig> StoredConfigAsync(IImageStore store, ImageLocation location, ImageManifest manifest, CancellationToken cancellationToken)
    {
        string what = $"The config of {DisplayText.Excerpt(manifest.Image)}";
        if (manifest.Config.Size > Limits.Config) throw BoundedReading.TooLarge(what, Limits.Config);
        Stream stream = await store.OpenBlobAsync(location, manifest.Config, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = await BoundedReading.ReadAllAsync(stream, Limits.Config, what, cancellationToken).ConfigureAwait(false);
            return ImageConfig.Parse(bytes, manifest.Image, manifest.Config.GetDigest());
        }
    }

    /// <summary>Reads the document that an entry of an index names, and holds it against what the entry states.</summary>
    /// <exception cref="MalformedException">The entry calls it something else than it is (<c>AmbiguousDocument</c>).</exception>
    /// <exception cref="IntegrityException">It has another size (<c>SizeMismatch</c>).</exception>
    internal static async Task<ManifestDocument> ChildAsync(IImageStore store, ImageLocation location, Descriptor entry, CancellationToken cancellationToken)
    {
        ManifestDocument child = await store.ReadManifestAsync(store.Child(location, entry.GetDigest()), cancellationToken).ConfigureAwait(false);
        RequireStated(child, entry);
        return child;
    }

    /// <summary>Reads the image that an entry of an index names.</summary>
    /// <exception cref="MalformedException">It is another index, or called something else than it is (<c>MalformedDocument</c>, <c>AmbiguousDocument</c>).</exception>
    /// <exception cref="IntegrityException">It has another size (<c>SizeMismatch</c>).</exception>
    internal static async Task<ImageManifest> ImageAsync(IImageStore store, ImageLocation location, Descriptor entry, CancellationToken cancellationToken)
    {
        ManifestDocument child = await ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
        return child as ImageManifest ?? throw ErrorCatalogue.MalformedDocument.Error($"{DisplayText.Excerpt(child.Image)} is an index where the index above it names an image.");
    }

    /// <summary>Holds a document against what an entry of an index states.</summary>
    internal static void RequireStated(ManifestDocument child, Descriptor entry)
    {
        if (child.MediaType != entry.MediaType && MediaTypes.IsKnownManifest(entry.MediaType))
            throw ErrorCatalogue.AmbiguousDocument.Error($"{DisplayText.Excerpt(child.Image)} is {child.MediaType}, and the index that names it calls it {entry.MediaType}.");
        if (child.Size != entry.Size)
            throw ErrorCatalogue.SizeMismatch.Mismatch($"{DisplayText.Excerpt(child.Image)} has {DisplayText.Count(child.Size, "byte")}, and the index that names it says {entry.Size}.", $"{entry.Size}", $"{child.Size}");
    }
}
