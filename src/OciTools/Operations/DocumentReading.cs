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
        byte[] bytes = descriptor.GetData() ?? await BlobAsync(store, location, descriptor, Limits.Config, $"The config of {DisplayText.Excerpt(manifest.Image)}", cancellationToken).ConfigureAwait(false);
        return ImageConfig.Parse(bytes, manifest.Image, descriptor.GetDigest());
    }

    private static async Task<byte[]> BlobAsync(IImageStore store, ImageLocation location, Descriptor descriptor, int limit, string what, CancellationToken cancellationToken)
    {
        if (descriptor.Size > limit) throw BoundedReading.TooLarge(what, limit);
        Stream stream = await store.OpenBlobAsync(location, descriptor, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await BoundedReading.ReadAllAsync(stream, limit, what, cancellationToken).ConfigureAwait(false);
    }
}
