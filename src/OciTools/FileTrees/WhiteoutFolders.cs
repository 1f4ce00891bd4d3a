namespace OciTools.FileTrees;

/// <summary>
/// The directories that a layer has entries of its own for. A whiteout that lies in one of them means that directory, and not what a lower
/// symbolic link under the same name leads to.
/// </summary>
internal sealed class WhiteoutFolders(LayerEntries layer)
{
    private HashSet<string>? _paths;

    // asked only when a symbolic link is in the way, so that most layers never build the set
    internal bool Contains(ReadOnlySpan<byte> path)
    {
        if (_paths is null)
        {
            _paths = new HashSet<string>(StringComparer.Ordinal);
            LayerEntries.PathReader paths = new(layer);
            for (int i = 0; i < layer.Count; i++)
            {
                ReadOnlySpan<byte> next = paths.Next(layer[i]);
                if (layer[i].Kind == FileKind.Directory) _paths.Add(System.Text.Encoding.Latin1.GetString(next));
            }
        }

        return _paths.Contains(System.Text.Encoding.Latin1.GetString(path));
    }
}
