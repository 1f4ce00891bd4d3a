using System.Collections.Concurrent;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>
/// The blobs that all copies of one command write: so many at a time, whatever number of images there is, and each blob once. Where
/// several repositories of a registry need the same one, the first gets it and the others take it from there.
/// </summary>
/// <remarks>Who waits for another's turn with a blob holds no place in the queue, so that nobody waits for somebody who waits for him.</remarks>
internal sealed class BlobQueue : IDisposable
{
    private readonly SemaphoreSlim _places = new(Limits.LayersAtOnce);
    private readonly ConcurrentDictionary<(IImageTarget Target, string Digest), Blob> _blobs = new();

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

    /// <inheritdoc/>
    public void Dispose()
    {
        _places.Dispose();
        foreach (Blob blob in _blobs.Values) blob.Turn.Dispose();
    }

    private sealed class Blob
    {
        internal SemaphoreSlim Turn { get; } = new(1, 1);

        internal HashSet<string> Repositories { get; } = new(StringComparer.Ordinal);

        internal ImageLocation? Holder { get; set; }
    }
}
