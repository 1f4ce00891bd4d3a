namespace OciTools.Operations;

/// <summary>The history of an opened image, as objects.</summary>
internal static class HistoryReading
{
    /// <summary>The rows, the newest first. A join that could not be made is a warning.</summary>
    internal static async Task<IReadOnlyList<ImageHistoryEntry>> RowsAsync(OpenedImage image, IOperationLog log, CancellationToken cancellationToken)
    {
        ImageConfig config = await image.ConfigAsync(cancellationToken).ConfigureAwait(false);
        JoinedHistory history = image.Unpacked?.EngineHistory is { } rows
            ? HistoryJoin.Join(rows, [.. image.Unpacked.Layers.Select(layer => layer.DiffId)], image.Name)
            : HistoryJoin.Join(config, image.Manifest?.Layers);
        if (history.Warning is not null) log.Warning(history.Warning);
        // an archive without a manifest knows the sizes of its layers nevertheless
        return image.Unpacked is not { } unpacked
            ? history.Rows
            : [.. history.Rows.Select(row => row is { Size: null, Layer: { } layer } ? row with { Size = unpacked.Layers[layer].StoredSize } : row)];
    }
}
