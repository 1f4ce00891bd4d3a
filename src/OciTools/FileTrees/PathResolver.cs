namespace OciTools.FileTrees;

/// <summary>Finds paths in a tree as a kernel would whose root is the root of the image: links are followed inside, <c>..</c> stops at the root.</summary>
internal sealed class PathResolver(NodeTable nodes, PathResolver.LinkReader linkOf)
{
    /// <summary>Nothing has that path.</summary>
    internal const int Missing = -1;

    /// <summary>A part of the path that is not its end is neither a directory nor a link to one.</summary>
    internal const int InFile = -2;

    /// <summary>A layer has a directory of its own where a lower one has a symbolic link.</summary>
    internal const int InOwnFolder = -3;

    // all links of an image together lead through so many bytes of path; beyond them somebody wants to keep us busy
    private const long MostBytes = 1L << 28;
    private const int LongestPath = 64 * 1024;

    private long _bytes;

    /// <summary>Gives the target of a symbolic link.</summary>
    internal delegate ReadOnlySpan<byte> LinkReader(int node);

    /// <summary>Finds a directory, through links also in the last segment.</summary>
    /// <param name="path">A clean path.</param>
    /// <param name="canonical">Where links were followed and nothing is there, the path that they lead to.</param>
    /// <returns>The node, or one of the constants.</returns>
    internal int Folder(ReadOnlySpan<byte> path, out byte[]? canonical) => Folder(path, null, out canonical);

    /// <summary>Finds the directory that a whiteout lies in.</summary>
    /// <param name="path">A clean path.</param>
    /// <param name="own">The directories of the layer that has the whiteout; null for none.</param>
    internal int Folder(ReadOnlySpan<byte> path, OwnFolders? own) => Folder(path, own, out _);

    /// <summary>Finds anything.</summary>
    /// <param name="path">A path, clean or not.</param>
    /// <param name="followLast">Whether a link in the last segment is followed.</param>
    /// <param name="steps">Takes each node that was gone through, and -1 for what is not there.</param>
    internal int Find(ReadOnlySpan<byte> path, bool followLast, List<PathStep>? steps) => Walk(path, followLast, null, steps, out _);

    private int Folder(ReadOnlySpan<byte> path, OwnFolders? own, out byte[]? canonical)
    {
        canonical = null;
        int node = NodeTable.Root;
        ReadOnlySpan<byte> rest = path;
        while (!rest.IsEmpty)
        {
            node = nodes.Find(node, EntryPath.NextSegment(ref rest));
            if (node < 0 || !nodes[node].IsPresent) return Missing;
            if (!nodes[node].IsDirectory)
            {
                node = Walk(path, true, own, null, out canonical);
                return node >= 0 && !nodes[node].IsDirectory ? InFile : node;
            }
        }

        return node;
    }

    private int Walk(ReadOnlySpan<byte> path, bool followLast, OwnFolders? own, List<PathStep>? steps, out byte[]? canonical)
    {
        canonical = null;
        byte[] rest = path.ToArray();
        int at = 0;
        int followed = 0;
        List<int> stack = [NodeTable.Root];
        List<byte[]> names = [];
        while (at < rest.Length)
        {
            ReadOnlySpan<byte> tail = rest.AsSpan(at);
            ReadOnlySpan<byte> name = EntryPath.NextSegment(ref tail);
            at = rest.Length - tail.Length;
            if (name.IsEmpty || name is [(byte)'.']) continue;
            if (name is [(byte)'.', (byte)'.'])
            {
                if (names.Count == 0) continue;
                stack.RemoveAt(stack.Count - 1);
                names.RemoveAt(names.Count - 1);
                continue;
            }

            int folder = stack[^1];
            if (folder >= 0 && !nodes[folder].IsDirectory) return InFile;
            int child = folder < 0 ? Missing : nodes.Find(folder, name);
            steps?.Add(new PathStep(folder, child, name.ToArray()));
            if (child >= 0 && !nodes[child].IsPresent) child = Missing;
            bool isLast = tail.TrimStart((byte)'/').IsEmpty;
            if (child >= 0 && (nodes[child].State & NodeState.SymbolicLink) != 0 && (!isLast || followLast))
            {
                if (followed == 0 && own?.Contains(path[..Math.Min(path.Length, at - (isLast ? 0 : 1))]) == true) return InOwnFolder;
                rest = Follow(linkOf(child), tail, ref followed);
                at = 0;
                if (rest is [(byte)'/', ..])
                {
                    stack.RemoveRange(1, stack.Count - 1);
                    names.Clear();
                }

                continue;
            }

            stack.Add(child);
            names.Add(name.ToArray());
        }

        if (stack[^1] >= 0) return stack[^1];
        canonical = [.. names.SelectMany((name, i) => i == 0 ? name : [(byte)'/', .. name])];
        return Missing;
    }

    private byte[] Follow(ReadOnlySpan<byte> target, ReadOnlySpan<byte> tail, ref int followed)
    {
        byte[] rest = [.. target, (byte)'/', .. tail];
        _bytes += rest.Length;
        if (++followed > Limits.SymbolicLinks || rest.Length > LongestPath || _bytes > MostBytes)
            throw ErrorCatalogue.MalformedContent.Error(
                $"The symbolic link to '{DisplayText.Excerpt(EntryPath.Show(target), 200)}' belongs to a chain of links that has no end, or to too many of them.");
        return rest;
    }
}

/// <summary>One step on the way to a path.</summary>
/// <param name="Folder">The node of the directory; -1 where that is not there.</param>
/// <param name="Node">The node of the name in it, there or not; -1 for none.</param>
/// <param name="Name">The name.</param>
internal readonly record struct PathStep(int Folder, int Node, byte[] Name);
