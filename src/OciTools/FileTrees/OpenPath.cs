using System.Text;

namespace OciTools.FileTrees;

/// <summary>What the layers read so far leave open of a path. A layer that does not speak of it need not be merged before one does.</summary>
internal sealed class OpenPath
{
    private readonly byte[]? _path;
    private readonly HashSet<string> _names;

    private OpenPath(byte[]? path, HashSet<string> names)
    {
        _path = path;
        _names = names;
    }

    /// <summary>A name in a directory that is decided.</summary>
    internal static OpenPath At(ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name) =>
        new(folder.IsEmpty ? name.ToArray() : [.. folder, (byte)'/', .. name], new HashSet<string>(StringComparer.Ordinal) { Encoding.Latin1.GetString(name) });

    /// <summary>Some names, wherever they stand.</summary>
    internal static OpenPath Anywhere(HashSet<string> names) => new(null, names);

    /// <summary>Whether a layer below those that were merged says something of it.</summary>
    internal bool IsSpokenOfBy(LayerEntries layer) => _path is null ? IsNamedBy(layer, onlyMovable: false) : HasPath(layer) || IsNamedBelowImplied(layer);

    /// <summary>Whether a layer has an entry with one of the names.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="onlyMovable">Whether only entries count that lie elsewhere if a layer below has a link in their way.</param>
    internal bool IsNamedBy(LayerEntries layer, bool onlyMovable)
    {
        LayerEntries.PathReader paths = new(layer);
        for (int i = 0; i < layer.Count; i++)
        {
            ReadOnlySpan<byte> path = paths.Next(layer[i]);
            if ((!onlyMovable || layer[i].IsMovable) && IsNamed(layer[i].Kind, path)) return true;
        }

        return false;
    }

    private bool IsNamed(FileKind kind, ReadOnlySpan<byte> path)
    {
        if (kind == FileKind.OpaqueWhiteout) return true;
        ReadOnlySpan<byte> name = EntryPath.NameOf(path);
        if (kind == FileKind.Whiteout) name = name[EntryPath.WhiteoutPrefix.Length..];
        return _names.Contains(Encoding.Latin1.GetString(name));
    }

    // An entry for the path; one in place of a directory above it; a whiteout of either; an opaque mark around it.
    private bool HasPath(LayerEntries layer)
    {
        LayerEntries.PathReader paths = new(layer);
        for (int i = 0; i < layer.Count; i++)
        {
            ReadOnlySpan<byte> path = paths.Next(layer[i]);
            ReadOnlySpan<byte> folder = EntryPath.ParentOf(path);
            switch (layer[i].Kind)
            {
                case FileKind.OpaqueWhiteout:
                    if (IsAbove(folder)) return true;
                    break;
                case FileKind.Whiteout:
                    if (IsAtOrAbove(folder, EntryPath.NameOf(path)[EntryPath.WhiteoutPrefix.Length..])) return true;
                    break;
                case FileKind.Directory:
                    if (path.SequenceEqual(_path)) return true;
                    break;
                default:
                    if (path.SequenceEqual(_path) || IsAbove(path)) return true;
                    break;
            }
        }

        return false;
    }

    private bool IsAbove(ReadOnlySpan<byte> folder) => folder.IsEmpty || (_path.AsSpan().StartsWith(folder) && _path!.Length > folder.Length && _path[folder.Length] == '/');

    private bool IsAtOrAbove(ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name)
    {
        if (!IsAbove(folder)) return false;
        ReadOnlySpan<byte> below = folder.IsEmpty ? _path : _path.AsSpan(folder.Length + 1);
        return below.StartsWith(name) && (below.Length == name.Length || below[name.Length] == '/');
    }

    // such an entry could lie at the path by way of a link
    private bool IsNamedBelowImplied(LayerEntries layer)
    {
        OwnFolders folders = new(layer);
        LayerEntries.PathReader paths = new(layer);
        for (int i = 0; i < layer.Count; i++)
        {
            ReadOnlySpan<byte> path = paths.Next(layer[i]);
            if (IsNamed(layer[i].Kind, path) && !folders.ContainsAll(EntryPath.ParentOf(path))) return true;
        }

        return false;
    }
}
