using System.Diagnostics;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>Copies documents and blobs byte for byte: blobs first, then manifests, then the indexes above them, the name at the end.</summary>
internal sealed class ManifestCopy : CopyPlan
{
    private readonly IImageStore _store;
    private readonly ImageLocation _source;
    private readonly IImageTarget _target;
    private readonly Descriptor _top;
    private readonly IReadOnlyList<ManifestDocument> _documents;
    private readonly List<Descriptor> _blobs;
    private readonly BlobQueue _queue;

    /// <param name="store">Where the image lies.</param>
    /// <param name="source">Its name there.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="destination">Its name there.</param>
    /// <param name="top">The manifest or index that gets the name.</param>
    /// <param name="documents">The documents to write, children before parents; none where the image is there already.</param>
    /// <param name="queue">Writes the blobs.</param>
    internal ManifestCopy(
        IImageStore store, ImageLocation source, IImageTarget target, ImageLocation destination, Descriptor top, IReadOnlyList<ManifestDocument> documents, BlobQueue queue)
        : base(documents.Count > 0 ? documents[^1].Image : source.ToString(), destination)
    {
        _store = store;
        _source = source;
        _target = target;
        _top = top;
        _documents = documents;
        _blobs = BlobsOf(documents);
        _queue = queue;
    }

    private protected override string Content => $"{_documents.Count} manifests, {_blobs.Count} blobs of {_blobs.Sum(blob => blob.Size)} bytes, as far as they are not there";

    internal override async Task<CopiedImage> RunAsync(ITransferProgress progress, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        long sent = 0;
        long reused = 0;
        foreach (Descriptor blob in _blobs) progress.Expect(blob.Size);

        // other places than the registry of the image have nothing to take it from
        ImageLocation? mount = _source.Reference?.Registry is { } registry && registry == Destination.Reference?.Registry ? _source : null;
        ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.LayersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(_blobs.OrderByDescending(blob => blob.Size), options, async (blob, token) =>
        {
            bool isSent = await _queue.PutAsync(_target, Destination, blob, mount, async stop => new ReportingStream(await OpenAsync(blob, stop).ConfigureAwait(false), progress), token).ConfigureAwait(false);
            if (isSent)
            {
                Interlocked.Add(ref sent, blob.Size);
                return;
            }

            Interlocked.Add(ref reused, blob.Size);
            progress.Advance(blob.Size);
        }).ConfigureAwait(false);
        for (int i = 0; i < _documents.Count; i++)
        {
            ManifestDocument document = _documents[i];
            ImageLocation name = i == _documents.Count - 1 ? Destination : _target.Child(Destination, document.GetDigest());
            await _target.PutManifestAsync(name, document, cancellationToken).ConfigureAwait(false);
            sent += document.Size;
        }

        return new CopiedImage
        {
            Image = Image,
            Destination = Destination.ToString(),
            SourceDigest = _top.Digest,
            DestinationDigest = _top.Digest,
            BytesSent = sent,
            BytesReused = reused,
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }

    // what a descriptor carries was proved when it was read, and need not be anywhere else
    private async Task<Stream> OpenAsync(Descriptor blob, CancellationToken cancellationToken) => blob.GetData() is { } data
        ? new MemoryStream(data, writable: false)
        : await _store.OpenBlobAsync(_source, blob, cancellationToken).ConfigureAwait(false);

    private static List<Descriptor> BlobsOf(IReadOnlyList<ManifestDocument> documents)
    {
        Dictionary<string, Descriptor> blobs = new(StringComparer.Ordinal);
        foreach (ManifestDocument document in documents)
        {
            if (document is ImageIndex index)
            {
                // an index may name other content than manifests
                foreach (Descriptor entry in index.Manifests)
                    if (!MediaTypes.IsKnownManifest(entry.MediaType)) blobs.TryAdd(entry.Digest, entry);
                continue;
            }

            ImageManifest manifest = (ImageManifest)document;
            blobs.TryAdd(manifest.Config.Digest, manifest.Config);
            foreach (Descriptor layer in manifest.Layers)
                if (!MediaTypes.IsNonDistributable(layer.MediaType)) blobs.TryAdd(layer.Digest, layer);
        }

        return [.. blobs.Values];
    }
}
