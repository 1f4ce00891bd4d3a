using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>Copies documents and blobs byte for byte: blobs first, then manifests, then the indexes above them, the name at the end.</summary>
internal sealed class ManifestCopy : CopyPlan
{
    private readonly IImageStore _store;
    private readonly ImageLocation _source;
    private readonly Descriptor _top;
    private readonly IReadOnlyList<ManifestDocument> _documents;
    private readonly IReadOnlyList<AttachedDocument> _attached;
    private readonly List<Descriptor> _blobs;
    private readonly CopyDestination _target;
    private List<Descriptor>? _missing;

    /// <param name="store">Where the image lies.</param>
    /// <param name="source">Its name there.</param>
    /// <param name="target">Where it goes, and the name that it gets.</param>
    /// <param name="top">The manifest or index that gets the name.</param>
    /// <param name="documents">The documents to write, children before parents; none where the image is there already.</param>
    /// <param name="attached">What refers to the image and is not there; null for nothing.</param>
    internal ManifestCopy(
        IImageStore store, ImageLocation source, CopyDestination target, Descriptor top, IReadOnlyList<ManifestDocument> documents, IReadOnlyList<AttachedDocument>? attached = null)
        : base(documents.Count > 0 ? documents[^1].Image : source.ToString(), target.Name)
    {
        _store = store;
        _source = source;
        _top = top;
        _documents = documents;
        _attached = attached ?? [];
        _blobs = BlobsOf([.. documents, .. _attached.SelectMany(one => one.Documents)]);
        _target = target;
    }

    internal IImageStore Store => _store;

    internal ImageLocation Source => _source;

    internal Descriptor Top => _top;

    /// <summary>How many documents refer to the image, or to one that does; null where nobody asked.</summary>
    internal int? Referrers { get; private init; }

    internal override long Size => _blobs.Sum(blob => blob.Size);

    private protected override string Content => _missing is null
        ? $"{Documents}{Along}, {DisplayText.Count(_blobs.Count, "blob")} of {DisplayText.Count(Size, "byte")}, as far as they are not there"
        : $"{Documents}{Along}, {_missing.Count} of {DisplayText.Count(_blobs.Count, "blob")} with {DisplayText.Count(_missing.Sum(blob => blob.Size), "byte")}{(_missing.Count == 0 ? "" : $" ({string.Join(", ", _missing.Select(blob => $"{blob.Digest} {DisplayText.Count(blob.Size, "byte")}"))})")}";

    /// <summary>Finds out which blobs are not at the destination, to say so.</summary>
    /// <param name="cancellationToken">Stops the requests.</param>
    internal async Task ListMissingAsync(CancellationToken cancellationToken)
    {
        List<Descriptor> missing = [];
        foreach (Descriptor blob in _blobs)
            if (!await _target.HasBlobAsync(blob, cancellationToken).ConfigureAwait(false)) missing.Add(blob);
        _missing = missing;
    }

    private string Documents => _documents.Count == 0 ? "the image is there already" : DisplayText.Count(_documents.Count, "manifest");

    private string Along => Referrers is not { } all ? "" : $" with {DisplayText.Count(all, "referrer")}{(all == _attached.Count ? "" : $", {all - _attached.Count} of them there already")}";

    /// <summary>The same copy with what refers to the image.</summary>
    /// <param name="attached">What is not there.</param>
    /// <param name="referrers">How many there are, with those that are there.</param>
    /// <param name="conflicts">The tags of theirs that stand for something else.</param>
    internal ManifestCopy With(IReadOnlyList<AttachedDocument> attached, int referrers, IReadOnlyList<NameConflict> conflicts) =>
        new(_store, _source, _target, _top, _documents, attached) { IsThere = IsThere && attached.Count == 0, Replaced = Replaced, Referrers = referrers, Conflicts = [.. Conflicts, .. conflicts] };

    internal override async Task<CopiedImage> RunAsync(ITransferProgress progress, CancellationToken cancellationToken)
    {
        CopyTally tally = new(progress);
        if (!IsThere)
        {
            ICopySink sink = _target.Open();
            await using (sink.ConfigureAwait(false)) await WriteAsync(sink, tally, progress, cancellationToken).ConfigureAwait(false);
        }

        return new CopiedImage
        {
            Image = Image,
            Destination = Destination.ToString(),
            SourceDigest = _top.Digest,
            DestinationDigest = _top.Digest,
            BytesSent = tally.Sent + _documents.Concat(_attached.SelectMany(one => one.Documents)).Sum(document => document.Size),
            BytesReused = tally.Reused,
            Referrers = Referrers,
            Duration = tally.Duration,
        };
    }

    private async Task WriteAsync(ICopySink sink, CopyTally tally, ITransferProgress progress, CancellationToken cancellationToken)
    {
        foreach (Descriptor blob in _blobs) progress.Expect(blob.Size);
        ParallelOptions options = new() { MaxDegreeOfParallelism = sink.IsOrdered ? 1 : Limits.RequestsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(_blobs.OrderByDescending(blob => blob.Size), options, async (blob, token) =>
            tally.Count(blob.Size, await sink.PutBlobAsync(blob, _source, tally.Report(blob, (prefix, stop) => OpenAsync(blob, prefix, stop)), token).ConfigureAwait(false))).ConfigureAwait(false);
        try
        {
            await sink.FinishAsync(_documents, _attached, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (e.ErrorId == ErrorCatalogue.BlobNotFound.Id && Lost(e.Missing) is var lost && (lost.Count > 0 || _documents.Any(document => e.Missing.Contains(document.Digest))))
        {
            // the registry has said of them that it has them, or has got them; once more is enough to find out
            await Parallel.ForEachAsync(lost, options, async (blob, token) =>
                await sink.PutAgainAsync(blob, tally.Report(blob, (prefix, stop) => OpenAsync(blob, prefix, stop)), token).ConfigureAwait(false)).ConfigureAwait(false);
            await sink.FinishAsync(_documents, _attached, cancellationToken).ConfigureAwait(false);
        }
    }

    private List<Descriptor> Lost(IReadOnlyList<string> named) => named.Count == 0 ? _blobs : _blobs.FindAll(blob => named.Contains(blob.Digest));

    // what a descriptor carries was proved when it was read, and need not be anywhere else
    private async Task<Stream> OpenAsync(Descriptor blob, ContentPrefix? prefix, CancellationToken cancellationToken)
    {
        if (blob.GetData() is { } data) return VerifiedStream.Of(data, blob, prefix);
        return prefix is null
            ? await _store.OpenBlobAsync(_source, blob, cancellationToken).ConfigureAwait(false)
            : await _store.OpenRestAsync(_source, blob, prefix, cancellationToken).ConfigureAwait(false);
    }

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
