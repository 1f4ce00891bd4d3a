namespace OciTools.Stores;

/// <summary>
/// One place where images lie: a repository host, a layout, an archive, an engine. The read contract is the same for all. Manifests and
/// blobs come out verified: a document was hashed before it is returned, a stream proves size and digest with its last bytes.
/// A store may be used from several tasks at once.
/// </summary>
public interface IImageStore : IAsyncDisposable
{
    /// <summary>Finds out what a name points at, with as little traffic as the place allows (a registry: one HEAD).</summary>
    /// <param name="location">The name, of this place.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="NotFoundException">There is no such image, or the name fits several (<c>ImageNotFound</c>, <c>AmbiguousImage</c>).</exception>
    Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken);

    /// <summary>The same for a name that may well point at nothing.</summary>
    /// <param name="location">The name, of this place.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Null where there is no such image.</returns>
    /// <exception cref="NotFoundException">The name fits several (<c>AmbiguousImage</c>).</exception>
    async Task<StoredImage?> FindAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        try
        {
            return await ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (e.ErrorId != ErrorCatalogue.AmbiguousImage.Id)
        {
            return null;
        }
    }

    /// <summary>Resolves a name and reads the document it points at, in one go (a registry: one GET).</summary>
    /// <param name="location">The name, of this place.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="NotFoundException">There is no such image, or the place keeps no manifest for it (<c>NoManifest</c>).</exception>
    Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken);

    /// <summary>Opens content by its descriptor. The stream proves size and digest with its last bytes.</summary>
    /// <param name="location">The image that the content belongs to.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="cancellationToken">Stops the request; reading has its own.</param>
    /// <exception cref="NotFoundException">The content is not there (<c>BlobNotFound</c>).</exception>
    Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken);

    /// <summary>
    /// Opens content behind its first bytes, which are there already. The stream proves size and digest of the whole, prefix and rest, with
    /// its last bytes. A place that gives no parts is read from the first byte.
    /// </summary>
    /// <param name="location">The image that the content belongs to.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="prefix">The first bytes, fewer than all.</param>
    /// <param name="cancellationToken">Stops the request; reading has its own.</param>
    /// <exception cref="NotFoundException">The content is not there (<c>BlobNotFound</c>).</exception>
    async Task<Stream> OpenRestAsync(ImageLocation location, Descriptor descriptor, ContentPrefix prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return await VerifiedStream.BehindAsync(token => OpenBlobAsync(location, descriptor, token), descriptor, prefix, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks whether content is there, and how large the place says it is, without reading it (a registry: one HEAD).</summary>
    /// <param name="location">The image that the content belongs to.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The size in bytes, which nobody has proved; -1 where the place does not tell it; null where the content is not there.</returns>
    Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken);

    /// <summary>Reads a few bytes out of content. They are unverified: no digest covers a part.</summary>
    /// <param name="location">The image that the content belongs to.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="count">How many; content that ends before gives fewer.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The bytes; null where the place does not give parts.</returns>
    /// <exception cref="NotFoundException">The content is not there (<c>BlobNotFound</c>).</exception>
    Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken);

    /// <summary>The name of another document of the same place, by its digest: a child of an index.</summary>
    /// <param name="location">The image that names the child.</param>
    /// <param name="digest">The digest of the child.</param>
    ImageLocation Child(ImageLocation location, Digest digest);

    /// <summary>The images of the place, in its order.</summary>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <exception cref="UnsupportedException">The place cannot list.</exception>
    IAsyncEnumerable<StoredImage> ListAsync(CancellationToken cancellationToken);
}
