using OciTools.FileTrees;
using OciTools.Operations.Layers;

namespace OciTools.Operations.Files;

/// <summary>Reads the file system of an image: every layer once, proved, merged to one tree.</summary>
internal static class TreeReading
{
    /// <summary>Reads all layers and merges them.</summary>
    /// <param name="image">The image.</param>
    /// <param name="reading">How layers are read.</param>
    /// <param name="contentsOf">Gives what takes the contents of the files of a layer; null for nothing.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<FileTree> ReadAsync(OpenedImage image, LayerReading reading, Func<LayerEntries, IFileContents?>? contentsOf, CancellationToken cancellationToken)
    {
        IReadOnlyList<Digest> diffIds = await image.DiffIdsAsync(cancellationToken).ConfigureAwait(false);
        LayerEntries[] layers = await ReadLayersAsync(image, reading, [.. Enumerable.Range(0, diffIds.Count)], contentsOf, cancellationToken).ConfigureAwait(false);
        return FileTreeBuilder.Build(layers, cancellationToken);
    }

    /// <summary>Reads all layers and merges them, but those that another image had too: the diff id says that the tar is the same.</summary>
    /// <param name="image">The image.</param>
    /// <param name="other">The tree of the other image.</param>
    /// <param name="otherDiffIds">The diff ids of its layers.</param>
    /// <param name="reading">How layers are read.</param>
    /// <param name="contentsOf">Gives what takes the contents of the files of a layer; null for nothing.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<FileTree> ReadAsync(
        OpenedImage image, FileTree other, IReadOnlyList<Digest> otherDiffIds, LayerReading reading, Func<LayerEntries, IFileContents?>? contentsOf, CancellationToken cancellationToken)
    {
        IReadOnlyList<Digest> diffIds = await image.DiffIdsAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<Digest, LayerEntries> known = [];
        if (IsWindows(await image.ConfigAsync(cancellationToken).ConfigureAwait(false)) == (other.Entries.Layers is [{ IsWindows: true }, ..]))
            foreach (LayerEntries layer in other.Entries.Layers) known[otherDiffIds[layer.Layer]] = layer;
        int[] missing = [.. Enumerable.Range(0, diffIds.Count).Where(layer => !known.ContainsKey(diffIds[layer]))];
        Queue<LayerEntries> read = new(await ReadLayersAsync(image, reading, missing, contentsOf, cancellationToken).ConfigureAwait(false));
        EntryLimits limits = new(reading.MaximumSize is not null);
        LayerEntries[] layers = [.. diffIds.Select((id, layer) => known.TryGetValue(id, out LayerEntries? same) ? same.As(layer, image.Describe(layer), limits) : read.Dequeue())];
        return FileTreeBuilder.Build(layers, cancellationToken);
    }

    /// <summary>Reads the entries of some layers, in the order that they are named.</summary>
    internal static async Task<LayerEntries[]> ReadLayersAsync(
        OpenedImage image, LayerReading reading, IReadOnlyList<int> layers, Func<LayerEntries, IFileContents?>? contentsOf, CancellationToken cancellationToken)
    {
        ImageConfig config = await image.ConfigAsync(cancellationToken).ConfigureAwait(false);
        bool isWindows = IsWindows(config);
        EntryLimits limits = new(reading.MaximumSize is not null);
        Dictionary<int, LayerEntries> entries = layers.ToDictionary(layer => layer, layer => new LayerEntries(layer, image.Describe(layer), isWindows, limits));
        await new LayerPass(image, reading).RunAsync(layers, layer => new LayerRecorder(entries[layer], contentsOf?.Invoke(entries[layer])), cancellationToken).ConfigureAwait(false);
        return [.. layers.Select(layer => entries[layer])];
    }

    private static bool IsWindows(ImageConfig config) => string.Equals(config.OS, "windows", StringComparison.OrdinalIgnoreCase);
}
