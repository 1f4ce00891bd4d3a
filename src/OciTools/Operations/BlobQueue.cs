using System.Collections.Concurrent;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>
/// The blobs that all copies of one command write: so many at a time, whatever number of images there is, and each blob once. Where
/// several repositories of a registry need the same one, the first gets it and the others take it from there. The documents below the
/// ones that get names are written once, too.
/// </summary>
/// <remarks>Who waits for another's turn with a blob holds no place in the queue, so that nobody waits for somebody who waits for him.</remarks>
internal sealed class BlobQueue : IDisposable
{
    private readonly SemaphoreSlim _places = new(Limits.LayersAtOnce);
    private readonly ConcurrentDictionary<(IImageTarget Target, string Digest), Blob> _blobs = new();
    private readonly ConcurrentDictionary<(IImageTarget Target, string Name), Document> _documents = new();

    /// <summary>Brings a blob to where it is needed, unless it is there.</summary>
    /// <param name="target">The place.</param>
    /// <param name="destination">The image that needs it.</param>
    /// <param name="descriptor">Digest and size.</param>
    /// <param name="source">The image that it comes from, if that lies in the same place; null for none.</param>
    /// <param name="open">Opens the content, behind what the place has of it already.</param>
    /// <param name="cancellationToken">Stops the waiting and the writing.</param>
    /// <returns>Whether it was sent.</returns>
    internal async Task<bool> PutAsync(
        IImageTarget target, ImageLocation destination, Descriptor descriptor, ImageLocation? source, ContentOpener open, CancellationToken cancellationToken)
    {
        bool isSent = false;
        await InTurnAsync(target, destination, descriptor, isAgain: false, async blob =>
        {
            // what this command brought to another repository there is taken from it, and asking first would be one request more
            if (blob.Holder is not null || !await target.HasBlobAsync(destination, descriptor, cancellationToken).ConfigureAwait(false))
                isSent = !await target.PutBlobAsync(destination, descriptor, blob.Holder ?? source, open, cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        return isSent;
    }

    /// <summary>Brings a blob to where it is needed, whatever is said to be there.</summary>
    internal Task PutAgainAsync(IImageTarget target, ImageLocation destination, Descriptor descriptor, ContentOpener open, CancellationToken cancellationToken) =>
        InTurnAsync(target, destination, descriptor, isAgain: true, _ => target.PutBlobAsync(destination, descriptor, null, open, cancellationToken), cancellationToken);

    private async Task InTurnAsync(IImageTarget target, ImageLocation destination, Descriptor descriptor, bool isAgain, Func<Blob, Task> put, CancellationToken cancellationToken)
    {
        Blob blob = _blobs.GetOrAdd((target, descriptor.Digest), _ => new Blob());
        await blob.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            string repository = destination.Reference?.Repository ?? "";
            if (!isAgain && blob.Repositories.Contains(repository)) return;
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await put(blob).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }

            blob.Repositories.Add(repository);
            blob.Holder ??= destination.Reference is null ? null : destination;
        }
        finally
        {
            blob.Turn.Release();
        }
    }

    /// <summary>
    /// Writes a document that only others name: once for all images of the command that have it in the same repository. Some registries write
    /// their note of a manifest in place, so that for a moment it is not there for the index that names it.
    /// </summary>
    internal async Task PutDocumentAsync(IImageTarget target, ImageLocation name, ManifestDocument document, CancellationToken cancellationToken)
    {
        Document one = _documents.GetOrAdd((target, name.ToString()), _ => new Document());
        await one.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (one.IsThere) return;
            await target.PutManifestAsync(name, document, cancellationToken).ConfigureAwait(false);
            one.IsThere = true;
        }
        finally
        {
            one.Turn.Release();
        }
    }

    /// <summary>The place says that it does not have a document that it had taken: the next one writes it again.</summary>
    internal void Forget(IImageTarget target, ImageLocation name)
    {
        if (_documents.TryGetValue((target, name.ToString()), out Document? one)) one.IsThere = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Document document in _documents.Values) document.Turn.Dispose();
        _places.Dispose();
        foreach (Blob blob in _blobs.Values) blob.Turn.Dispose();
    }

    private sealed class Document
    {
        private volatile bool _isThere;

        internal SemaphoreSlim Turn { get; } = new(1, 1);

        internal bool IsThere
        {
            get => _isThere;
            set => _isThere = value;
        }
    }

    private sealed class Blob
    {
        internal SemaphoreSlim Turn { get; } = new(1, 1);

        internal HashSet<string> Repositories { get; } = new(StringComparer.Ordinal);

        internal ImageLocation? Holder { get; set; }
    }
}
