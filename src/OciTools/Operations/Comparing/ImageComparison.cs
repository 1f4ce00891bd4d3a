using OciTools.FileTrees;
using OciTools.Operations.Files;

namespace OciTools.Operations.Comparing;

/// <summary>Compares two images, wherever they lie.</summary>
/// <param name="reading">How layers are read.</param>
public sealed class ImageComparison(LayerReading reading)
{
    /// <summary>Compares two images.</summary>
    /// <param name="inspector">Opens images.</param>
    /// <param name="reference">The image to compare with.</param>
    /// <param name="difference">The image to compare.</param>
    /// <param name="platform">Selects the image of an index, for both; null chooses one.</param>
    /// <param name="parts">What is compared.</param>
    /// <param name="withTime">Whether times count too: of files, of the config and of the history.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="NotFoundException">One of them is not there, or has no image for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is an artifact and no container image (<c>NotAnImage</c>).</exception>
    public async Task<IEnumerable<ImageDifference>> CompareAsync(
        ImageInspector inspector, ImageLocation reference, ImageLocation difference, Platform? platform, ComparedParts parts, bool withTime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        Side before = await OpenAsync(inspector, reference, platform, cancellationToken).ConfigureAwait(false);
        Side after = await OpenAsync(inspector, difference, platform, cancellationToken).ConfigureAwait(false);
        ImageDifference template = new() { Image = after.Opened.Name, ReferenceImage = before.Opened.Name, Kind = "", Change = "", Name = "" };
        IEnumerable<ImageDifference> found = [];
        if (parts.HasFlag(ComparedParts.Config))
            found = found.Concat(ConfigComparison.Compare(template, before.Config, after.Config, withTime)).Concat(ConfigComparison.CompareHistory(template, before.History, after.History, withTime));
        if (parts.HasFlag(ComparedParts.Layer)) found = found.Concat(LayerComparison.Compare(template, before.Layers, after.Layers));
        if (!parts.HasFlag(ComparedParts.File) || HaveSameLayers(before, after)) return found;

        HoleLimit holes = new(reading.MaximumSize);
        FileTree left = await TreeReading.ReadAsync(before.Opened, reading, Hashed, cancellationToken).ConfigureAwait(false);
        FileTree right = await TreeReading.ReadAsync(after.Opened, left, await before.Opened.DiffIdsAsync(cancellationToken).ConfigureAwait(false), reading, Hashed, cancellationToken).ConfigureAwait(false);
        return found.Concat(new FileComparison(template, left, before.Layers, right, after.Layers, withTime).Compare());

        HashedContents Hashed(LayerEntries layer) => new(layer, holes);
    }

    // the same tars in the same order give the same files
    private static bool HaveSameLayers(Side before, Side after) =>
        before.Layers.All(l => l.DiffId is not null) && before.Layers.Select(l => l.DiffId).SequenceEqual(after.Layers.Select(l => l.DiffId));

    private static async Task<Side> OpenAsync(ImageInspector inspector, ImageLocation image, Platform? platform, CancellationToken cancellationToken)
    {
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        ImageConfig config = await opened.ConfigAsync(cancellationToken).ConfigureAwait(false);
        JoinedHistory history = await HistoryReading.ReadAsync(opened, cancellationToken).ConfigureAwait(false);
        return new Side(opened, config, [.. history.Rows.Reverse()], await opened.LayersAsync(cancellationToken).ConfigureAwait(false));
    }

    private sealed record Side(OpenedImage Opened, ImageConfig Config, IReadOnlyList<ImageHistoryEntry> History, IReadOnlyList<ImageLayer> Layers);
}
