namespace OciTools.Operations;

/// <summary>The history of an opened image, as objects.</summary>
internal static class HistoryReading
{
    /// <summary>The rows, the newest first, and why they could not be joined with the layers, if so.</summary>
    internal static async Task<JoinedHistory> ReadAsync(OpenedImage image, CancellationToken cancellationToken)
    {
        ImageConfig config = await image.ConfigAsync(cancellationToken).ConfigureAwait(false);
        JoinedHistory history = image.Unpacked?.EngineHistory is { } rows
            ? HistoryJoin.Join(rows, [.. image.Unpacked.Layers.Select(layer => layer.DiffId)], image.Name)
            : HistoryJoin.Join(config, image.Manifest?.Layers);
        // an archive without a manifest knows the sizes of its layers nevertheless
        return image.Unpacked is not { } unpacked
            ? history
            : history with { Rows = [.. history.Rows.Select(row => row is { Size: null, Layer: { } layer } ? row with { Size = unpacked.Layers[layer].StoredSize } : row)] };
    }
}
