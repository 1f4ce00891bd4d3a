using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>Where a copy goes, byte for byte: blobs in any order and several at once, then the documents that name them.</summary>
internal interface ICopySink : IAsyncDisposable
{
    /// <summary>Whether blobs come one after the other, in the order of the image.</summary>
    bool IsOrdered { get; }

    /// <summary>Brings a blob there, unless it is there.</summary>
    /// <param name="blob">Digest and size.</param>
    /// <param name="source">The image that it comes from, if that may lie in the same place; null for none.</param>
    /// <param name="open">Opens the content, behind what is there of it already; the stream proves the whole.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Whether it was sent.</returns>
    Task<bool> PutBlobAsync(Descriptor blob, ImageLocation? source, ContentOpener open, CancellationToken cancellationToken);

    /// <summary>Brings a blob there again: the place says that it does not have what it said it had.</summary>
    /// <param name="blob">Digest and size.</param>
    /// <param name="open">Opens the content.</param>
    /// <param name="cancellationToken">Stops it.</param>
    Task PutAgainAsync(Descriptor blob, ContentOpener open, CancellationToken cancellationToken) => PutBlobAsync(blob, null, open, cancellationToken);

    /// <summary>Writes the documents, and gives the name to the last of them; then what refers to them.</summary>
    /// <param name="documents">The documents, children before parents.</param>
    /// <param name="attached">What refers to them.</param>
    /// <param name="cancellationToken">Stops it.</param>
    Task FinishAsync(IReadOnlyList<ManifestDocument> documents, IReadOnlyList<AttachedDocument> attached, CancellationToken cancellationToken);
}

/// <summary>Writes to a place that keeps images: a registry or a layout.</summary>
/// <param name="target">The place.</param>
/// <param name="destination">The name that the image gets.</param>
/// <param name="queue">Writes the blobs.</param>
internal sealed class TargetSink(IImageTarget target, ImageLocation destination, BlobQueue queue) : ICopySink
{
    public bool IsOrdered => false;

    public Task<bool> PutBlobAsync(Descriptor blob, ImageLocation? source, ContentOpener open, CancellationToken cancellationToken)
    {
        // other places than the registry of the image have nothing to take it from
        bool isSameRegistry = source?.Reference?.Registry is { } registry && registry == destination.Reference?.Registry;
        return queue.PutAsync(target, destination, blob, isSameRegistry ? source : null, open, cancellationToken);
    }

    public Task PutAgainAsync(Descriptor blob, ContentOpener open, CancellationToken cancellationToken) => queue.PutAgainAsync(target, destination, blob, open, cancellationToken);

    public async Task FinishAsync(IReadOnlyList<ManifestDocument> documents, IReadOnlyList<AttachedDocument> attached, CancellationToken cancellationToken)
    {
        await WriteAsync(documents, destination, cancellationToken).ConfigureAwait(false);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.RequestsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(attached, options, async (one, token) => await WriteAsync(one.Documents, one.NameAt(target, destination), token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task WriteAsync(IReadOnlyList<ManifestDocument> documents, ImageLocation last, CancellationToken cancellationToken)
    {
        if (documents.Count == 0) return;
        (ImageLocation Name, ManifestDocument Document)[] below = [.. documents.SkipLast(1).Select(document => (target.Child(destination, document.GetDigest()), document))];
        try
        {
            foreach ((ImageLocation name, ManifestDocument document) in below) await queue.PutDocumentAsync(target, name, document, cancellationToken).ConfigureAwait(false);
            await target.PutManifestAsync(last, documents[^1], cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (e.ErrorId == ErrorCatalogue.BlobNotFound.Id)
        {
            foreach ((ImageLocation name, _) in below) queue.Forget(target, name);
            throw;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
