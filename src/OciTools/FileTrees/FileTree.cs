using System.Collections;
using System.Text;

namespace OciTools.FileTrees;

/// <summary>The merged file system of an image. Listing, comparing, flattening and expanding read it.</summary>
internal sealed class FileTree
{
    /// <summary>The mode that container engines give a directory that no layer has an entry for: 0755.</summary>
    internal const int ImpliedMode = 0x1ED;

    private readonly NodeTable _nodes;
    private readonly PathResolver _resolver;
    private readonly HashSet<int> _shared = [];
    private long[]? _wasted;

    internal FileTree(ImageEntries entries, NodeTable nodes, PathResolver resolver)
    {
        Entries = entries;
        _nodes = nodes;
        _resolver = resolver;
        Account();
    }

    /// <summary>The entries of all layers, also those that are hidden.</summary>
    internal ImageEntries Entries { get; }

    /// <summary>The root directory.</summary>
    internal TreeNode Root => new(this, NodeTable.Root);

    internal NodeTable Nodes => _nodes;

    /// <summary>All paths that are there: the root first, each directory before what lies in it, names in the order of their bytes.</summary>
    internal IEnumerable<TreeNode> Walk()
    {
        Stack<int> open = new();
        open.Push(NodeTable.Root);
        Dictionary<int, int> firstNames = [];
        List<int> children = [];
        ByName order = new(_nodes);
        while (open.TryPop(out int node))
        {
            int source = _nodes[node].Source;
            int first = source >= 0 && _shared.Contains(source) && !firstNames.TryAdd(source, node) ? firstNames[source] : -1;
            yield return new TreeNode(this, node, first);
            children.Clear();
            for (int child = _nodes[node].FirstChild; child >= 0; child = _nodes[child].NextSibling)
                if (_nodes[child].IsPresent) children.Add(child);
            children.Sort(order);
            for (int i = children.Count - 1; i >= 0; i--) open.Push(children[i]);
        }
    }

    /// <summary>Finds a path in the image; null if nothing is there.</summary>
    /// <param name="path">The path, from the root, with or without a slash at the start.</param>
    /// <param name="followLast">Whether a link in the last segment is followed.</param>
    /// <exception cref="MalformedException">Links lead in a circle (<c>MalformedContent</c>).</exception>
    internal TreeNode? Find(ReadOnlySpan<byte> path, bool followLast)
    {
        int node = _resolver.Find(path, followLast, null);
        return node < 0 ? null : new TreeNode(this, node);
    }

    /// <summary>Finds a path, links followed, in a tree whose lowest layers may be missing, and says whether they could change what was found.</summary>
    internal PathAnswer FindInTop(ReadOnlySpan<byte> path)
    {
        List<PathStep> steps = [];
        int node = _resolver.Find(path, true, steps);
        int open = steps.FindIndex(step => !_nodes.IsDecided(step));
        if (Entries.Layers is [] or [{ Layer: 0 }, ..] || (open < 0 && !CouldBeRedirected(steps)))
            return new PathAnswer(node < 0 ? null : new TreeNode(this, node), null);

        // what comes before the first open step stays, so nothing is decided before that step is
        if (open >= 0 && !(steps[open].Node >= 0 && _nodes.IsOpenLink(steps[open].Node)))
            return new PathAnswer(null, OpenPath.At(_nodes.PathOf(steps[open].Folder), steps[open].Name));
        HashSet<string> names = NamesOf(steps);
        foreach (PathStep step in steps)
            if (step.Node >= 0 && _nodes.IsOpenLink(step.Node)) AddSegments(names, EntryExtra.LinkOf(Entries.LayerOf(_nodes[step.Node].Entry).ExtraOf(Entries[_nodes[step.Node].Entry])));
        return new PathAnswer(null, OpenPath.Anywhere(names));
    }

    /// <summary>The layer that hides what was at a path; null where nothing was, or something is.</summary>
    internal int? HiderOf(ReadOnlySpan<byte> path)
    {
        int node = NodeTable.Root;
        ReadOnlySpan<byte> rest = path;
        while (!rest.IsEmpty && node >= 0) node = _nodes.Find(node, EntryPath.NextSegment(ref rest));
        if (node <= 0 || _nodes[node].IsPresent || _nodes[node].Entry < 0) return null;
        int by = Entries[_nodes[node].Entry].HiddenBy;
        return by < 0 ? null : Entries.LayerOf(by).Layer;
    }

    internal ReadOnlySpan<byte> NameOf(int node) => _nodes.NameOf(node);

    /// <summary>Whether a file has several paths.</summary>
    internal bool HasSeveralPaths(int source) => _shared.Contains(source);

    /// <summary>The bytes of content that an entry hides and no path leads to any more, directly and through what it hides.</summary>
    internal long WastedBy(int entry) => _wasted is null ? 0 : _wasted[entry];

    /// <summary>Adds sizes. Sparse files may claim more together than a number can hold; the sum ends there.</summary>
    internal static long Sum(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;

    private static HashSet<string> NamesOf(List<PathStep> steps) => new(steps.Select(s => Encoding.Latin1.GetString(s.Name)), StringComparer.Ordinal);

    private static void AddSegments(HashSet<string> names, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty) names.Add(Encoding.Latin1.GetString(EntryPath.NextSegment(ref path)));
    }

    // An entry whose parents are only implied lies elsewhere if a layer below has a link there: it could be one of the steps.
    private bool CouldBeRedirected(List<PathStep> steps)
    {
        OpenPath names = OpenPath.Anywhere(NamesOf(steps));
        foreach (LayerEntries layer in Entries.Layers)
            if (names.IsNamedBy(layer, onlyMovable: true)) return true;
        return false;
    }

    // Which contents are reachable, which of them by several paths, and what the hidden ones waste.
    private void Account()
    {
        BitArray live = new(Entries.Count);
        for (int node = 0; node < _nodes.Count; node++)
        {
            ref NodeRecord record = ref _nodes[node];
            if (!record.IsPresent || record.Source < 0) continue;
            if (live[record.Source]) _shared.Add(record.Source);
            live[record.Source] = true;
        }

        // what hides an entry always comes after it
        for (int entry = 0; entry < Entries.Count; entry++)
        {
            ref EntryRecord record = ref Entries[entry];
            if (record.HiddenBy < 0) continue;
            _wasted ??= new long[Entries.Count];
            ref long wasted = ref _wasted[record.HiddenBy];
            wasted = Sum(wasted, _wasted[entry]);
            if (record.Kind == FileKind.File && !live[entry]) wasted = Sum(wasted, record.Size);
        }
    }

    private sealed class ByName(NodeTable nodes) : IComparer<int>
    {
        public int Compare(int x, int y) => nodes.NameOf(x).SequenceCompareTo(nodes.NameOf(y));
    }
}

/// <summary>Where a path leads, as far as the layers that were read decide it.</summary>
/// <param name="Node">What is there; null for nothing.</param>
/// <param name="Open">What a layer below must speak of to change that; null if none can.</param>
internal readonly record struct PathAnswer(TreeNode? Node, OpenPath? Open)
{
    /// <summary>Whether no layer below can change the answer.</summary>
    internal bool IsDecided => Open is null;
}
