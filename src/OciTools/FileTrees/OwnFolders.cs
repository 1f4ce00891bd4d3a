using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OciTools.FileTrees;

/// <summary>
/// The directories that a layer has entries of its own for. What lies in one of them means that directory, and not what a lower symbolic
/// link under the same name leads to.
/// </summary>
internal sealed class OwnFolders(LayerEntries layer)
{
    // by their hashes: paths that share most of their segments take little room in the layer, and would take very much each on its own
    private HashSet<UInt128>? _paths;

    // those of which also all above are among them, as far as somebody asked
    private readonly HashSet<UInt128> _whole = [];

    internal bool Contains(ReadOnlySpan<byte> path) => Contains(Hash(path));

    /// <summary>Whether a directory and all above it are among them.</summary>
    internal bool ContainsAll(ReadOnlySpan<byte> path)
    {
        List<UInt128> found = [];
        for (; !path.IsEmpty; path = EntryPath.ParentOf(path))
        {
            UInt128 hash = Hash(path);
            if (_whole.Contains(hash)) break;
            if (!Contains(hash)) return false;
            found.Add(hash);
        }

        _whole.UnionWith(found);
        return true;
    }

    // seldom asked, so that most layers never build the set
    private bool Contains(UInt128 hash)
    {
        if (_paths is null)
        {
            _paths = [];
            LayerEntries.PathReader paths = new(layer);
            for (int i = 0; i < layer.Count; i++)
            {
                ReadOnlySpan<byte> next = paths.Next(layer[i]);
                if (layer[i].Kind == FileKind.Directory) _paths.Add(Hash(next));
            }
        }

        return _paths.Contains(hash);
    }

    // nobody finds two paths with the same one
    private static UInt128 Hash(ReadOnlySpan<byte> path)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(path, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
