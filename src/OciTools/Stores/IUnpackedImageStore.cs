namespace OciTools.Stores;

/// <summary>
/// A place that may keep an image without a manifest: an engine, or an archive as <c>docker save</c> wrote it before it held OCI files.
/// Such an image has a config and layers that are known by their diff ids only.
/// </summary>
public interface IUnpackedImageStore : IImageStore
{
    /// <summary>Reads what the place knows of an image that has no manifest. No layer is read for it.</summary>
    /// <param name="location">The name, of this place.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="NotFoundException">There is no such image, or the name fits several (<c>ImageNotFound</c>, <c>AmbiguousImage</c>).</exception>
    Task<UnpackedImage> InspectAsync(ImageLocation location, CancellationToken cancellationToken);

    /// <summary>Opens a layer as it lies there, plain or compressed. The stream is unverified: the reader proves the diff id.</summary>
    /// <param name="location">The name, of this place.</param>
    /// <param name="layer">The index of the layer, from the bottom, 0-based.</param>
    /// <param name="cancellationToken">Stops the request; reading has its own.</param>
    /// <exception cref="NotFoundException">The image has no such layer, or its file is not there (<c>LayerNotFound</c>, <c>BlobNotFound</c>).</exception>
    Task<Stream> OpenUnverifiedLayerAsync(ImageLocation location, int layer, CancellationToken cancellationToken);

    /// <summary>Reads a few bytes of a layer as it lies there, unverified.</summary>
    /// <param name="location">The name, of this place.</param>
    /// <param name="layer">The index of the layer, from the bottom, 0-based.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="count">How many; a layer that ends before gives fewer.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The bytes; null where the place does not give parts.</returns>
    /// <exception cref="NotFoundException">The image has no such layer, or its file is not there (<c>LayerNotFound</c>, <c>BlobNotFound</c>).</exception>
    Task<byte[]?> ReadUnverifiedLayerPartAsync(ImageLocation location, int layer, long offset, int count, CancellationToken cancellationToken);

    /// <summary>
    /// Opens the same image where the exact bytes of its config and the sizes of its layers are known: the place itself, or what an engine
    /// exports, which takes it a while.
    /// </summary>
    /// <param name="location">The name, of this place; the store that is returned knows the image by it.</param>
    /// <param name="cancellationToken">Stops the export.</param>
    /// <returns>A store that lives as long as this one.</returns>
    Task<IUnpackedImageStore> ExportAsync(ImageLocation location, CancellationToken cancellationToken);
}
