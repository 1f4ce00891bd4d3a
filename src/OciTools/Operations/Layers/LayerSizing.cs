namespace OciTools.Operations.Layers;

/// <summary>Finds out the sizes of layers: as they are known, by reading each layer, or by a guess from a few bytes of it.</summary>
/// <param name="inflateZstd">Inflates zstd.</param>
/// <param name="maximumSize">The most bytes of tar that a layer may have; null for the rule of <see cref="LayerReading.MaximumSize"/>.</param>
/// <param name="method">How the size of the tar is found.</param>
public sealed class LayerSizing(Func<Stream, Stream> inflateZstd, long? maximumSize, LayerSizing.Method method) : IDisposable
{
    private readonly LayerProofs _proofs = new();
    private readonly SemaphoreSlim _requests = new(Limits.RequestsAtOnce);

    /// <summary>How the size of a tar is found.</summary>
    public enum Method
    {
        /// <summary>From the documents alone, so for layers that are not compressed only.</summary>
        Known,

        /// <summary>From an annotation or a few bytes of the layer; unproved.</summary>
        Estimated,

        /// <summary>By reading the layer to its end, which proves it.</summary>
        Read,
    }

    /// <summary>
    /// Starts to size the layers of an image, several at once: a task for each, in the order of the layers. One that fails does not stop the
    /// others. Whoever calls this awaits all of them.
    /// </summary>
    /// <param name="inspector">Opens the image.</param>
    /// <param name="image">The name.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="selection">The layers that are meant.</param>
    /// <param name="progress">Takes the bytes that were read.</param>
    /// <param name="cancellationToken">Stops the sizing.</param>
    /// <exception cref="NotFoundException">There is no such image, none for the platform, or it has no such layer (<c>ImageNotFound</c>, <c>PlatformNotFound</c>, <c>LayerNotFound</c>).</exception>
    public async Task<IReadOnlyList<Task<LayerSize>>> StartAsync(
        ImageInspector inspector, ImageLocation image, Platform? platform, LayerSelection selection, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(progress);
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageLayer> layers = selection.Of(await opened.LayersAsync(cancellationToken).ConfigureAwait(false), opened.Name);
        if (layers.Count == 0) return [];
        switch (method)
        {
            case Method.Read:
                IReadOnlyList<Digest> diffIds = await opened.DiffIdsAsync(cancellationToken).ConfigureAwait(false);
                LayerReading reading = new(inflateZstd, maximumSize, progress);
                foreach (ImageLayer layer in layers) progress.Expect(layer.Size ?? 0);
                return Start(layers, layer => ReadAsync(opened, layer, diffIds[layer.Layer], reading, cancellationToken));
            case Method.Estimated:
                return Start(layers, layer => EstimateAsync(opened, layer, cancellationToken));
            default:
                return Start(layers, layer => Task.FromResult(new LayerSize(layer)));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _proofs.Dispose();
        _requests.Dispose();
    }

    // the largest first: what is left at the end is small, and no single long one is waited for
    private static Task<LayerSize>[] Start(IReadOnlyList<ImageLayer> layers, Func<ImageLayer, Task<LayerSize>> start)
    {
        Task<LayerSize>[] tasks = new Task<LayerSize>[layers.Count];
        foreach (int i in Enumerable.Range(0, layers.Count).OrderByDescending(i => layers[i].Size ?? 0)) tasks[i] = start(layers[i]);
        return tasks;
    }

    private async Task<LayerSize> ReadAsync(OpenedImage image, ImageLayer layer, Digest diffId, LayerReading reading, CancellationToken cancellationToken)
    {
        LayerProof proof = await _proofs.ProveAsync(image, layer.Layer, diffId, reading, cancellationToken).ConfigureAwait(false);
        return new LayerSize(layer) { UncompressedSize = proof.UncompressedSize };
    }

    private async Task<LayerSize> EstimateAsync(OpenedImage image, ImageLayer layer, CancellationToken cancellationToken)
    {
        if (layer.UncompressedSize is not null) return new LayerSize(layer);
        await _requests.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SizeEstimate estimate = await SizeEstimate.OfAsync(image, layer, cancellationToken).ConfigureAwait(false);
            return new LayerSize(layer) { UncompressedSize = estimate.Size, IsEstimate = estimate.Size is not null, EstimateReason = estimate.Reason };
        }
        finally
        {
            _requests.Release();
        }
    }
}
