using OciTools.Stores;

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
        return [.. history.Rows.Select(row => Entry(image, row))];
    }

    private static ImageHistoryEntry Entry(OpenedImage image, HistoryRow row) => new()
    {
        Image = image.Name,
        Created = row.Created,
        CreatedBy = row.CreatedBy,
        Comment = row.Comment,
        Author = row.Author,
        Layer = row.Layer,
        Digest = row.Digest?.ToString(),
        DiffId = row.DiffId?.ToString(),
        Size = row.Size ?? StoredSize(image.Unpacked, row.Layer),
        EngineSize = row.EngineSize,
        EngineId = row.EngineId,
        Tags = row.Tags,
        JoinState = row.JoinState,
    };

    private static long? StoredSize(UnpackedImage? unpacked, int? layer) => unpacked is null || layer is not { } index ? null : unpacked.Layers[index].StoredSize;
}
