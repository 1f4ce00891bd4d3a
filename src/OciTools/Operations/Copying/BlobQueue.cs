using System.Collections.Concurrent;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>
/// The blobs that all copies of one command write: so many large ones at a time, whatever number of images there is, and each blob once. Where
/// several repositories of a registry need the same one, the first gets it and the others take it from there. The documents below the
/// ones that get names are written once, too.
/// </summary>
/// <remarks>Who waits for another's turn with a blob holds no place in the queue, so that nobody waits for somebody who waits for him.</remarks>
internal sealed class BlobQueue : IDisposable
{
    private const int LargeFrom = 1024 * 1024;

    private readonly SemaphoreSlim _places = new(Limits.LayersAtOnce);

    // what is small, or taken from another repository, does not wait for what takes long
    private readonly SemaphoreSlim _smallPlaces = new(Limits.RequestsAtOnce);

    // blobs by their digests, documents by their names
    private readonly ConcurrentDictionary<(IImageTarget Target, string Name), Content> _contents = new();

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

    private Task InTurnAsync(IImageTarget target, ImageLocation destination, Descriptor descriptor, bool isAgain, Func<Content, Task> put, CancellationToken cancellationToken) =>
        Of(target, descriptor.Digest).PutAsync(destination.Reference?.Repository ?? "", isAgain, async blob =>
        {
            SemaphoreSlim places = descriptor.Size >= LargeFrom && blob.Holder is null ? _places : _smallPlaces;
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await put(blob).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }

            blob.Holder ??= destination.Reference is null ? null : destination;
        }, cancellationToken);

    private Content Of(IImageTarget target, string name) => _contents.GetOrAdd((target, name), _ => new Content());

    /// <summary>
    /// Writes a document that only others name: once for all images of the command that have it in the same repository. Some registries write
    /// their note of a manifest in place, so that for a moment it is not there for the index that names it.
    /// </summary>
    internal Task PutDocumentAsync(IImageTarget target, ImageLocation name, ManifestDocument document, CancellationToken cancellationToken) =>
        Of(target, name.ToString()).PutAsync("", isAgain: false, _ => target.PutManifestAsync(name, document, cancellationToken), cancellationToken);

    /// <summary>The place says that it does not have a document that it had taken: the next one writes it again.</summary>
    internal void Forget(IImageTarget target, ImageLocation name) => Of(target, name.ToString()).Forget();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Content content in _contents.Values) content.Dispose();
        _places.Dispose();
        _smallPlaces.Dispose();
    }

    // what is written once, by one after the other
    private sealed class Content : IDisposable
    {
        private readonly SemaphoreSlim _turn = new(1, 1);
        private readonly ConcurrentDictionary<string, bool> _repositories = new(StringComparer.Ordinal);

        /// <summary>The first image of a registry that got it; null for none.</summary>
        internal ImageLocation? Holder { get; set; }

        internal async Task PutAsync(string repository, bool isAgain, Func<Content, Task> put, CancellationToken cancellationToken)
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!isAgain && _repositories.ContainsKey(repository)) return;
                await put(this).ConfigureAwait(false);
                _repositories[repository] = true;
            }
            finally
            {
                _turn.Release();
            }
        }

        internal void Forget() => _repositories.Clear();

        public void Dispose() => _turn.Dispose();
    }
}
