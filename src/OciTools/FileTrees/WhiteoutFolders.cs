using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OciTools.FileTrees;

/// <summary>
/// The directories that a layer has entries of its own for. A whiteout that lies in one of them means that directory, and not what a lower
/// symbolic link under the same name leads to.
/// </summary>
internal sealed class WhiteoutFolders(LayerEntries layer)
{
    // by their hashes: paths that share most of their segments take little room in the layer, and would take very much each on its own
    private HashSet<UInt128>? _paths;

    // asked only when a symbolic link is in the way, so that most layers never build the set
    internal bool Contains(ReadOnlySpan<byte> path)
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

        return _paths.Contains(Hash(path));
    }

    // nobody finds two paths with the same one
    private static UInt128 Hash(ReadOnlySpan<byte> path)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(path, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
