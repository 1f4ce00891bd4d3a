using System.Numerics;

namespace OciTools.FileTrees;

/// <summary>The nodes of a tree, found by parent and name.</summary>
internal sealed class NodeTable
{
    internal const int Root = 0;

    // stands for the layer of names that no entry ends with
    private const ushort OwnName = ushort.MaxValue;

    private readonly ChunkedList<NodeRecord> _nodes = new();
    private readonly ByteArena _ownNames = new();
    private readonly ImageEntries _entries;
    private int[] _buckets;

    /// <param name="entries">The entries, in whose layers the names lie.</param>
    internal NodeTable(ImageEntries entries)
    {
        _entries = entries;
        // most entries have a path of their own, and a table that grows leaves the smaller ones as garbage
        _buckets = new int[checked((int)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(64, (entries.Count + 1L) * 2)))];
        _nodes.Add(new NodeRecord { Parent = -1, FirstChild = -1, NextSibling = -1, Entry = -1, Source = -1, State = NodeState.Present | NodeState.Directory });
    }

    internal int Count => _nodes.Count;

    internal ref NodeRecord this[int node] => ref _nodes[node];

    internal ReadOnlySpan<byte> NameOf(int node)
    {
        ref NodeRecord record = ref _nodes[node];
        if (record.NameLayer == OwnName) return _ownNames.Get(record.Name, record.NameLength);
        return node == Root ? default : _entries.Layers[record.NameLayer].NameAt(record.Name, record.NameLength);
    }

    /// <summary>The node of a name, there or hidden; -1 for none.</summary>
    internal int Find(int parent, ReadOnlySpan<byte> name)
    {
        int mask = _buckets.Length - 1;
        for (int i = Hash(parent, name) & mask; _buckets[i] != 0; i = (i + 1) & mask)
        {
            int node = _buckets[i] - 1;
            ref NodeRecord record = ref _nodes[node];
            if (record.Parent == parent && record.NameLength == name.Length && NameOf(node).SequenceEqual(name)) return node;
        }

        return -1;
    }

    /// <summary>Adds a node that no entry stands for.</summary>
    internal int Add(int parent, ReadOnlySpan<byte> name) => Add(parent, name, OwnName, _ownNames.Add(name));

    /// <summary>Adds a node that is not there yet.</summary>
    /// <param name="parent">The node of its directory.</param>
    /// <param name="name">Its name.</param>
    /// <param name="position">The position of the layer in whose arena the name lies.</param>
    /// <param name="nameOffset">Where it lies there.</param>
    internal int Add(int parent, ReadOnlySpan<byte> name, int position, uint nameOffset)
    {
        if (_nodes.Count * 2 >= _buckets.Length) Grow();
        int node = _nodes.Add(new NodeRecord
        {
            Parent = parent,
            FirstChild = -1,
            NextSibling = -1,
            Entry = -1,
            Source = -1,
            Name = nameOffset,
            NameLength = (ushort)name.Length,
            NameLayer = (ushort)position,
        });
        Insert(node, name);
        return node;
    }

    /// <summary>Whether no layer below those that were merged can change a step: something stands there, or nothing from below shows under its directory.</summary>
    internal bool IsDecided(PathStep step)
    {
        if (step.Node >= 0)
        {
            if (IsOpenLink(step.Node)) return false;
            ref NodeRecord node = ref _nodes[step.Node];
            if ((node.State & NodeState.Cut) != 0 || (node.IsPresent && node.Entry >= 0)) return true;
        }

        return step.Folder < 0 || IsCutBelow(step.Folder);
    }

    /// <summary>Whether a node is a hard link whose target lies in a layer that was not merged.</summary>
    internal bool IsOpenLink(int node) => _nodes[node] is { IsPresent: true, Source: < 0, Entry: >= 0 };

    private bool IsCutBelow(int node)
    {
        if ((_nodes[node].State & NodeState.CutBelow) != 0) return true;
        for (; node > Root; node = _nodes[node].Parent)
            if ((_nodes[node].State & NodeState.Cut) != 0 || (_nodes[_nodes[node].Parent].State & NodeState.CutBelow) != 0) return true;
        return false;
    }

    /// <summary>The length of the path of a node.</summary>
    internal int PathLength(int node)
    {
        int length = 0;
        for (; node != Root; node = _nodes[node].Parent) length += _nodes[node].NameLength + 1;
        return Math.Max(0, length - 1);
    }

    /// <summary>The path of a node.</summary>
    internal byte[] PathOf(int node)
    {
        byte[] path = new byte[PathLength(node)];
        int end = path.Length;
        for (; node != Root; node = _nodes[node].Parent)
        {
            ReadOnlySpan<byte> name = NameOf(node);
            name.CopyTo(path.AsSpan(end - name.Length));
            end -= name.Length;
            if (end > 0) path[--end] = (byte)'/';
        }

        return path;
    }

    private void Insert(int node, ReadOnlySpan<byte> name)
    {
        int mask = _buckets.Length - 1;
        int i = Hash(_nodes[node].Parent, name) & mask;
        while (_buckets[i] != 0) i = (i + 1) & mask;
        _buckets[i] = node + 1;
    }

    private void Grow()
    {
        _buckets = new int[checked(_buckets.Length * 2)];
        for (int node = 1; node < _nodes.Count; node++) Insert(node, NameOf(node));
    }

    // seeded anew in each process, so that nobody can choose names that collide
    private static int Hash(int parent, ReadOnlySpan<byte> name)
    {
        HashCode hash = default;
        hash.Add(parent);
        hash.AddBytes(name);
        return hash.ToHashCode();
    }
}
