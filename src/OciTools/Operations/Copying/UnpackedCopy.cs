namespace OciTools.Operations.Copying;

/// <summary>
/// Copies an image out of an engine or a docker-save archive to where manifests are kept. Config and diff ids stay; each layer that lies
/// there uncompressed is compressed, unless the destination has it as a blob already, and a manifest is made.
/// </summary>
/// <param name="image">The image.</param>
/// <param name="config">Its config, perhaps without exact bytes.</param>
/// <param name="destination">The name that it gets.</param>
/// <param name="known">Blobs of the destination's registry by the diff ids that they hold.</param>
/// <param name="openSink">Opens the place that it goes to.</param>
/// <param name="inflateZstd">Inflates zstd.</param>
internal sealed class UnpackedCopy(
    OpenedImage image, ImageConfig config, ImageLocation destination, IReadOnlyDictionary<string, RegistryLayer> known, Func<ICopySink> openSink, Func<Stream, Stream> inflateZstd)
    : CopyPlan(image.Name, destination)
{
    /// <summary>The digest that the destination has already; null for none.</summary>
    internal Digest? Found { get; init; }

    private protected override string Content => $"a config, {DisplayText.Count(config.DiffIds.Count, "layer")}, of which the registry has {known.Count} already, and a manifest that is made for them";

    internal override async Task<CopiedImage> RunAsync(ITransferProgress progress, CancellationToken cancellationToken)
    {
        CopyTally tally = new(progress);
        string? digest = Found?.ToString();
        long documents = 0;
        List<ChangedDigest> changes = [];
        if (!IsThere)
        {
            (OpenedImage source, ImageConfig exact) = await ExportedImage.OpenAsync(image, config, cancellationToken).ConfigureAwait(false);
            ICopySink sink = openSink();
            await using (sink.ConfigureAwait(false))
            {
                ImageManifest manifest = await WriteAsync(source, exact, sink, tally, progress, changes, cancellationToken).ConfigureAwait(false);
                (digest, documents) = (manifest.Digest, manifest.Size);
            }
        }

        return new CopiedImage
        {
            Image = Image,
            Destination = Destination.ToString(),
            SourceDigest = null,
            DestinationDigest = digest,
            ChangedDigests = changes,
            BytesSent = tally.Sent + documents,
            BytesReused = tally.Reused,
            Duration = tally.Duration,
        };
    }

    private async Task<ImageManifest> WriteAsync(
        OpenedImage source, ImageConfig exact, ICopySink sink, CopyTally tally, ITransferProgress progress, List<ChangedDigest> changes, CancellationToken cancellationToken)
    {
        (Descriptor Blob, string Reason)[] layers = new (Descriptor, string)[source.Unpacked!.Layers.Count];
        ParallelOptions options = new() { MaxDegreeOfParallelism = sink.IsOrdered ? 1 : Limits.LayersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, layers.Length, options, async (i, token) => layers[i] = await PutLayerAsync(source, i, sink, tally, progress, token).ConfigureAwait(false)).ConfigureAwait(false);

        byte[] bytes = exact.GetBytes()!;
        Descriptor configBlob = new(MediaTypes.OciConfig, Digest.Compute(bytes), bytes.Length);
        progress.Expect(bytes.Length);
        tally.Count(bytes.Length, await sink.PutBlobAsync(configBlob, null, tally.Report(configBlob, _ => Task.FromResult<Stream>(new MemoryStream(bytes, writable: false))), cancellationToken).ConfigureAwait(false));

        byte[] document = ManifestWriter.Write(configBlob, [.. layers.Select(layer => layer.Blob)]);
        ImageManifest manifest = (ImageManifest)ManifestDocument.Parse(document, Image, MediaTypes.OciManifest, Digest.Compute(document));
        await sink.FinishAsync([manifest], [], cancellationToken).ConfigureAwait(false);
        changes.Add(new ChangedDigest("Manifest", null, manifest.Digest, "The source keeps no manifest, so one was made."));
        for (int i = 0; i < layers.Length; i++) changes.Add(new ChangedDigest($"Layer {i}", source.Unpacked.Layers[i].DiffId.ToString(), layers[i].Blob.Digest, layers[i].Reason));
        return manifest;
    }

    private async Task<(Descriptor Blob, string Reason)> PutLayerAsync(
        OpenedImage source, int layer, ICopySink sink, CopyTally tally, ITransferProgress progress, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(source.Unpacked!.Layers[layer].DiffId.ToString(), out RegistryLayer? found))
        {
            progress.Expect(found.Blob.Size);
            bool isSent = await sink.PutBlobAsync(found.Blob, found.Location, tally.Report(found.Blob, token => found.Store.OpenBlobAsync(found.Location, found.Blob, token)), cancellationToken).ConfigureAwait(false);
            tally.Count(found.Blob.Size, isSent);
            return (found.Blob, $"The registry has this layer as a blob already, by {found.Location}.");
        }

        PreparedLayer prepared = await PreparedLayer.ReadAsync(source, layer, new LayerReading(inflateZstd, null, progress), cancellationToken).ConfigureAwait(false);
        await using (prepared.ConfigureAwait(false))
        {
            progress.Expect(prepared.Blob.Size);
            tally.Count(prepared.Blob.Size, await sink.PutBlobAsync(prepared.Blob, null, tally.Report(prepared.Blob, prepared.Open), cancellationToken).ConfigureAwait(false));
            return (prepared.Blob, prepared.WasCompressed ? "The layer lay compressed at the source; these bytes have this digest." : "The layer lay uncompressed at the source and was compressed by gzip.");
        }
    }
}
