namespace OciTools.Operations.Layers;

/// <summary>
/// The proofs of one run: a layer that several images, or several platforms of one, share is read once, and never more than four layers
/// at the same time.
/// </summary>
internal sealed class LayerProofs : IDisposable
{
    private readonly SemaphoreSlim _slots = new(Limits.LayersAtOnce);
    private readonly SharedWork<LayerProof?> _proofs = new(e => e is OciException { IsVerdict: true });

    /// <summary>Reads a layer to its end, unless it was read before, and proves it by size, digest and diff id.</summary>
    internal async Task<LayerProof> ProveAsync(OpenedImage image, int layer, Digest diffId, LayerReading reading, CancellationToken cancellationToken)
    {
        // of a place without manifests nobody knows whether two images mean the same file
        string blob = image.Manifest is { } manifest ? $"{PlaceOf(image.Location)} {KeyOf(manifest.Layers[layer])}" : $"{image.Name} {layer}";
        LayerProof? proof = await ShareAsync($"{blob} {diffId}",
            async token => await LayerProof.ReadAsync(image, layer, diffId, reading, null, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return proof!;
    }

    /// <summary>The same for a blob of which nothing but size and digest is known.</summary>
    internal Task ProveBlobAsync(OpenedImage image, Descriptor blob, LayerReading reading, CancellationToken cancellationToken) =>
        ShareAsync($"{PlaceOf(image.Location)} {KeyOf(blob)}", async token =>
        {
            await LayerProof.ReadBlobAsync(image, blob, reading, token).ConfigureAwait(false);
            return null;
        }, cancellationToken);

    public void Dispose() => _slots.Dispose();

    private static string PlaceOf(ImageLocation location) => location.Reference?.Name ?? location.Path ?? location.ToString();

    private static string KeyOf(Descriptor blob) => $"{blob.Digest} {blob.Size}";

    private Task<LayerProof?> ShareAsync(string key, Func<CancellationToken, Task<LayerProof?>> read, CancellationToken cancellationToken) =>
        _proofs.GetAsync(key, () => InSlotAsync(read, cancellationToken), cancellationToken);

    private async Task<LayerProof?> InSlotAsync(Func<CancellationToken, Task<LayerProof?>> read, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await read(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }
}
