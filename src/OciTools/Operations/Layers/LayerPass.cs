using OciTools.Layers.Tar;

namespace OciTools.Operations.Layers;

/// <summary>Reads layers of an image once, several at a time, and proves each: the blob by size and digest, the tar by its diff id.</summary>
/// <param name="image">The image.</param>
/// <param name="reading">How layers are read.</param>
internal sealed class LayerPass(OpenedImage image, LayerReading reading)
{
    /// <summary>Reads layers. The first one that fails stops the others.</summary>
    /// <param name="layers">The indexes of the layers.</param>
    /// <param name="walkerOf">Gives what follows the tar of a layer; null for nothing.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="UnsupportedException">The artifact is no container image (<c>NotAnImage</c>).</exception>
    /// <exception cref="MalformedException">Config and manifest name another number of layers (<c>MalformedDocument</c>), or the content of one is damaged.</exception>
    internal async Task RunAsync(IReadOnlyList<int> layers, Func<int, TarWalker?> walkerOf, CancellationToken cancellationToken)
    {
        IReadOnlyList<Digest> diffIds = await image.DiffIdsAsync(cancellationToken).ConfigureAwait(false);
        foreach (int layer in layers) reading.Progress.Expect(SizeOf(layer) ?? 0);

        // the largest first: what is left at the end is small, and no single long one is waited for
        int[] order = [.. layers.OrderByDescending(layer => SizeOf(layer) ?? 0)];
        ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.LayersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(order, options, async (layer, token) => await LayerProof.ReadAsync(image, layer, diffIds[layer], reading, walkerOf(layer), token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private long? SizeOf(int layer) => image.Manifest is { } manifest ? manifest.Layers[layer].Size : image.Unpacked!.Layers[layer].StoredSize;
}
