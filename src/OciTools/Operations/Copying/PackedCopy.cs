using OciTools.Layers;
using OciTools.Stores;
using OciTools.Stores.Files;

namespace OciTools.Operations.Copying;

/// <summary>
/// Copies an image to where no manifest is kept: an engine, or an archive as <c>docker save</c> writes it. Config and layers go as they
/// are, so the image id and the diff ids stay.
/// </summary>
/// <param name="image">The image.</param>
/// <param name="config">Its config.</param>
/// <param name="diffIds">Its diff ids.</param>
/// <param name="destination">The name that it gets.</param>
/// <param name="sink">The place that it goes to.</param>
/// <param name="inflateZstd">Inflates zstd.</param>
internal sealed class PackedCopy(OpenedImage image, ImageConfig config, IReadOnlyList<Digest> diffIds, ImageLocation destination, IPackedSink sink, Func<Stream, Stream> inflateZstd)
    : CopyPlan(image.Name, destination)
{
    private protected override string Content => image.Manifest is { } manifest
        ? $"a config and {DisplayText.Count(diffIds.Count, "layer")} of {DisplayText.Count(manifest.Layers.Sum(layer => layer.Size), "byte")}"
        : $"a config and {DisplayText.Count(diffIds.Count, "layer")}";

    internal override async Task<CopiedImage> RunAsync(ITransferProgress progress, CancellationToken cancellationToken)
    {
        CopyTally tally = new(progress);
        if (!IsThere)
        {
            List<FileStream> spools = [];
            try
            {
                PackedImage packed = await PackAsync(spools, tally, progress, cancellationToken).ConfigureAwait(false);
                await sink.WriteAsync(packed, cancellationToken).ConfigureAwait(false);
                tally.Count(packed.Config.Length, isSent: true);
            }
            finally
            {
                foreach (FileStream spool in spools) await spool.DisposeAsync().ConfigureAwait(false);
            }
        }

        return new CopiedImage
        {
            Image = Image,
            Destination = Destination.ToString(),
            SourceDigest = image.Manifest?.Digest,
            DestinationDigest = null,
            ChangedDigests = image.Manifest is { } manifest ? [new ChangedDigest("Manifest", manifest.Digest, null, sink.Loss)] : [],
            BytesSent = tally.Sent,
            BytesReused = tally.Reused,
            Duration = tally.Duration,
        };
    }

    private async Task<PackedImage> PackAsync(List<FileStream> spools, CopyTally tally, ITransferProgress progress, CancellationToken cancellationToken)
    {
        (OpenedImage source, ImageConfig exact) = image.Manifest is null ? await ExportedImage.OpenAsync(image, config, cancellationToken).ConfigureAwait(false) : (image, config);
        List<PackedLayer> layers = [];
        for (int i = 0; i < diffIds.Count; i++)
        {
            PackedLayer layer = await LayerAsync(source, i, tally, progress, cancellationToken).ConfigureAwait(false);
            progress.Expect(layer.Size);
            if (layer.Compression == LayerCompression.Zstd && !sink.TakesZstd)
                layer = await InflateAsync(layer, spools, source.Describe(i), cancellationToken).ConfigureAwait(false);
            layers.Add(layer);
        }

        return new PackedImage(exact.GetBytes()!, layers);
    }

    // As stored. A blob proves itself while it passes; a layer that is known by its diff id only is inflated for that.
    private async Task<PackedLayer> LayerAsync(OpenedImage source, int layer, CopyTally tally, ITransferProgress progress, CancellationToken cancellationToken)
    {
        if (source.Manifest is { } manifest)
        {
            Descriptor blob = manifest.Layers[layer];
            return new PackedLayer(diffIds[layer], MediaTypes.CompressionOf(blob.MediaType) ?? LayerCompression.None, blob.Size, async (output, token) =>
            {
                Stream stored = await tally.Report(blob, async stop => new ReadAheadStream(await source.OpenStoredLayerAsync(layer, stop).ConfigureAwait(false)))(null, token).ConfigureAwait(false);
                await using (stored.ConfigureAwait(false)) tally.Count(await StreamCopy.CopyAsync(stored, output, null, token).ConfigureAwait(false), isSent: true);
            });
        }

        string compression = await ExportedImage.CompressionAsync(source, layer, cancellationToken).ConfigureAwait(false);
        return new PackedLayer(diffIds[layer], compression, source.Unpacked!.Layers[layer].StoredSize!.Value, async (output, token) =>
        {
            CopyingStream copy = new(await source.OpenStoredLayerAsync(layer, token).ConfigureAwait(false), output);
            LayerReader reader = await source.ReadLayerAsync(copy, layer, diffIds[layer], new LayerReading(inflateZstd, null, progress), token).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.DrainAsync(token).ConfigureAwait(false);
                progress.Advance(copy.Position);
                tally.Count(copy.Position, isSent: true);
            }
        });
    }

    // The size of the tar must be known before its first byte goes.
    private async Task<PackedLayer> InflateAsync(PackedLayer stored, List<FileStream> spools, string what, CancellationToken cancellationToken)
    {
        FileStream compressed = Spool.Create();
        await using (compressed.ConfigureAwait(false))
        {
            await stored.WriteAsync(new GuardedOutput(compressed, e => Spool.CannotWrite(e)), cancellationToken).ConfigureAwait(false);
            compressed.Position = 0;
            FileStream spool = Spool.Create();
            spools.Add(spool);
            LayerReader reader = await LayerReader.OpenAsync(compressed, what, null, stored.DiffId, inflateZstd, cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
                await StreamCopy.CopyAsync(reader.Content, new GuardedOutput(spool, e => Spool.CannotWrite(e)), null, cancellationToken).ConfigureAwait(false);
            return new PackedLayer(stored.DiffId, LayerCompression.None, spool.Length, async (output, token) =>
            {
                spool.Position = 0;
                await StreamCopy.CopyAsync(spool, output, null, token).ConfigureAwait(false);
            });
        }
    }
}
