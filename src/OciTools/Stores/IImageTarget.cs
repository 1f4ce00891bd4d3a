namespace OciTools.Stores;

/// <summary>
/// A place that images can be written to. Content comes before what names it: blobs, then manifests, then the index above them, then the name.
/// What is written was proved, by the place or by the stream that it came from.
/// </summary>
public interface IImageTarget : IImageStore
{
    /// <summary>Whether the place has content already, so that it need not be sent. From then on nothing takes it away before the image is written.</summary>
    /// <param name="location">The image that is written.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken);

    /// <summary>Writes content.</summary>
    /// <param name="location">The image that is written.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="source">Another image of the same place that has it, so that it may be taken from there; null for none.</param>
    /// <param name="open">Opens the content from its first byte; the stream proves itself. It is asked again where the place has to start anew.</param>
    /// <param name="cancellationToken">Stops the writing; nothing unfinished is left.</param>
    /// <returns>Whether it was taken from the other image, so that nothing was sent.</returns>
    /// <exception cref="IntegrityException">The content is not what the descriptor names (<c>DigestMismatch</c>, <c>SizeMismatch</c>).</exception>
    /// <exception cref="ConflictException">The disk does not take it (<c>WriteFailed</c>).</exception>
    Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken);

    /// <summary>The same for content that can be opened anywhere, so that a place goes on where a writing that was stopped has left off.</summary>
    /// <param name="location">The image that is written.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="source">Another image of the same place that has it, so that it may be taken from there; null for none.</param>
    /// <param name="open">Opens the content behind a prefix, or from its first byte where there is none; the stream proves the whole.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <returns>Whether it was taken from the other image, so that nothing was sent.</returns>
    Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, ContentOpener open, CancellationToken cancellationToken) =>
        PutBlobAsync(location, descriptor, source, token => open(null, token), cancellationToken);

    /// <summary>Writes a manifest or index whose content is there.</summary>
    /// <param name="location">The name that it gets; <see cref="IImageStore.Child"/> gives one for a document that only another one names.</param>
    /// <param name="document">The document.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <exception cref="NotFoundException">The place does not have what the document names (<c>BlobNotFound</c>).</exception>
    /// <exception cref="ConflictException">The disk does not take it (<c>WriteFailed</c>).</exception>
    Task PutManifestAsync(ImageLocation location, ManifestDocument document, CancellationToken cancellationToken);
}

/// <summary>Opens content that is to be written.</summary>
/// <param name="prefix">What of it is there already; null for nothing.</param>
/// <param name="cancellationToken">Stops the opening.</param>
/// <returns>The rest, which proves size and digest of the whole with its last bytes.</returns>
public delegate Task<Stream> ContentOpener(ContentPrefix? prefix, CancellationToken cancellationToken);
