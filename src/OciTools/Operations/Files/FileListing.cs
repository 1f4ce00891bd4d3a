using OciTools.FileTrees;

namespace OciTools.Operations.Files;

/// <summary>Lists the files of an image. Every layer is read once, to its end, and proved before the first file comes out.</summary>
/// <param name="inspector">Opens images.</param>
/// <param name="reading">How layers are read.</param>
public sealed class FileListing(ImageInspector inspector, LayerReading reading)
{
    /// <summary>Lists files.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="selection">Which files, and what is wanted of them.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="NotFoundException">There is no such image, none for the platform, or it has no such layer (<c>ImageNotFound</c>, <c>PlatformNotFound</c>, <c>LayerNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is an artifact and no container image (<c>NotAnImage</c>).</exception>
    /// <exception cref="IntegrityException">A layer is not the one that is named (<c>DigestMismatch</c>, <c>SizeMismatch</c>).</exception>
    /// <exception cref="MalformedException">A layer is damaged, or breaks the rules of layers (<c>MalformedContent</c>).</exception>
    /// <exception cref="RefusedException">It is larger than is allowed (<c>TooLarge</c>).</exception>
    public async Task<IEnumerable<ImageFile>> ListAsync(ImageLocation image, Platform? platform, FileSelection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        HoleLimit holes = new(reading.MaximumSize);
        Func<LayerEntries, IFileContents?>? contents = selection.WithDigest ? layer => new HashedContents(layer, holes) : null;
        IReadOnlyList<ImageLayer> layers = await opened.LayersAsync(cancellationToken).ConfigureAwait(false);
        if (selection.Layers is not null)
        {
            int[] wanted = [.. selection.Layers.Of(layers, opened.Name).Select(layer => layer.Layer)];
            LayerEntries[] entries = await TreeReading.ReadLayersAsync(opened, reading, wanted, contents, cancellationToken).ConfigureAwait(false);
            return entries.SelectMany(layer => OfLayer(layer, new FileDescription(opened.Name, layers), selection));
        }

        FileTree tree = await TreeReading.ReadAsync(opened, reading, contents, cancellationToken).ConfigureAwait(false);
        FileDescription description = new(opened.Name, layers);
        IEnumerable<ImageFile> visible = tree.Walk().Where(node => selection.Matches(node.Path)).Select(description.OfNode);
        return selection.IncludeHidden ? visible.Concat(Hidden(tree, description, selection)) : visible;
    }

    private static IEnumerable<ImageFile> OfLayer(LayerEntries layer, FileDescription description, FileSelection selection)
    {
        byte[] last = [];
        for (int i = 0; i < layer.Count; i++)
        {
            last = layer.PathAt(i, last);
            if (selection.Matches(last)) yield return description.OfEntry(layer, i, last);
        }
    }

    private static IEnumerable<ImageFile> Hidden(FileTree tree, FileDescription description, FileSelection selection)
    {
        for (int position = 0; position < tree.Entries.Layers.Count; position++)
        {
            LayerEntries layer = tree.Entries.Layers[position];
            byte[] last = [];
            for (int i = 0; i < layer.Count; i++)
            {
                last = layer.PathAt(i, last);
                // a whiteout is nothing that is there, and holds what its victims waste
                if (layer[i] is { HiddenBy: < 0, Kind: not (FileKind.Whiteout or FileKind.OpaqueWhiteout) } || !selection.Matches(last)) continue;
                ImageFile file = description.OfEntry(layer, i, last);
                yield return layer[i].HiddenBy < 0 ? file with { WastedSize = tree.WastedBy(tree.Entries.BaseOf(position) + i) } : file with { HiddenByLayer = tree.Entries.LayerOf(layer[i].HiddenBy).Layer };
            }
        }
    }
}
