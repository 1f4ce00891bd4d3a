namespace OciTools.FileTrees.Expanding;

/// <summary>The contents of the files of an image on their way to the disk: layer by layer, some layers perhaps read twice.</summary>
/// <param name="target">Where the files are made.</param>
/// <param name="selection">Which of them are meant.</param>
internal sealed class StagedLayers(ITreeTarget target, PathSelection selection) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<StagedContents>> _layers = [];

    /// <summary>Takes the contents of a layer, as far as they are meant by their paths.</summary>
    internal StagedContents Add(LayerEntries layer)
    {
        if (selection.IsAll) return Add(layer, null);
        EntryCover cover = new(selection);
        return Add(layer, _ => cover.Covers(layer.LastPath));
    }

    /// <summary>Takes some contents of a layer.</summary>
    internal StagedContents Add(LayerEntries layer, Func<int, bool>? isMeant)
    {
        StagedContents contents = new(layer, target, isMeant);
        lock (_lock)
        {
            if (!_layers.TryGetValue(layer.Layer, out List<StagedContents>? list)) _layers.Add(layer.Layer, list = []);
            list.Add(contents);
        }

        return contents;
    }

    /// <summary>What could not be kept of a content; null if all was.</summary>
    internal string? LostOf(StagedName staged)
    {
        foreach (StagedContents contents in _layers[staged.Layer])
            if (contents.LostOf(staged.Index) is { } lost) return lost;
        return null;
    }

    /// <summary>The contents that are to be written and are not there, by layer.</summary>
    internal Dictionary<int, HashSet<int>> MissingOf(FileTree tree, Inclusion inclusion)
    {
        Dictionary<int, HashSet<int>> missing = [];
        if (selection.IsAll) return missing;
        foreach (TreeNode node in tree.Walk())
        {
            if (!inclusion.Contains(node.Number) || node.Kind != FileKind.File) continue;
            (int layer, int index) = tree.Entries.PlaceOf(node.Source);
            if (_layers[layer].Exists(contents => contents.IsStaged(index))) continue;
            if (!missing.TryGetValue(layer, out HashSet<int>? indexes)) missing.Add(layer, indexes = []);
            indexes.Add(index);
        }

        return missing;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (StagedContents contents in _layers.Values.SelectMany(list => list)) await contents.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>What went wrong was the writing of a content, not the reading of the image.</summary>
internal sealed class StagingException(Exception inner) : Exception(inner.Message, inner);
