using OciTools.Layers;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>An image without a manifest where the exact bytes of its config and the sizes of its layers are known.</summary>
internal static class ExportedImage
{
    /// <summary>Opens the image so.</summary>
    /// <param name="image">The image.</param>
    /// <param name="config">Its config, perhaps without exact bytes.</param>
    /// <param name="cancellationToken">Stops the export.</param>
    /// <exception cref="IntegrityException">The export is another image (<c>DigestMismatch</c>).</exception>
    internal static async Task<(OpenedImage Image, ImageConfig Config)> OpenAsync(OpenedImage image, ImageConfig config, CancellationToken cancellationToken)
    {
        IUnpackedImageStore store = await ((IUnpackedImageStore)image.Store).ExportAsync(image.Location, cancellationToken).ConfigureAwait(false);
        UnpackedImage unpacked = await store.InspectAsync(image.Location, cancellationToken).ConfigureAwait(false);
        if (config.ImageId is { } id && unpacked.Config.ImageId != id)
            throw ErrorCatalogue.DigestMismatch.Mismatch($"{DisplayText.Excerpt(image.Name)} is the image {id}, and what was exported is {unpacked.Config.ImageId}.", id, unpacked.Config.ImageId ?? "");
        return (new OpenedImage(store, unpacked, image.Log), unpacked.Config);
    }

    /// <summary>How a layer is compressed where it lies.</summary>
    internal static async Task<string> CompressionAsync(OpenedImage image, int layer, CancellationToken cancellationToken)
    {
        byte[]? start = await ((IUnpackedImageStore)image.Store).ReadUnverifiedLayerPartAsync(image.Location, layer, 0, LayerCompression.SniffLength, cancellationToken).ConfigureAwait(false);
        return LayerCompression.Sniff(start);
    }
}
