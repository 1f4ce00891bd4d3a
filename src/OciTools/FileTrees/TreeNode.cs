namespace OciTools.FileTrees;

/// <summary>One path of a tree.</summary>
internal readonly struct TreeNode
{
    private readonly int _node;
    private readonly int _first;

    /// <param name="tree">The tree.</param>
    /// <param name="node">The node.</param>
    /// <param name="first">The node of the path that the same content was given out under before; -1 for none.</param>
    internal TreeNode(FileTree tree, int node, int first = -1)
    {
        Tree = tree;
        _node = node;
        _first = first;
    }

    internal FileTree Tree { get; }

    /// <summary>The number of the node.</summary>
    internal int Number => _node;

    internal bool IsRoot => _node == NodeTable.Root;

    /// <summary>Whether no entry stands for the directory: it is implied by what lies in it.</summary>
    internal bool IsImplied => Tree.Nodes[_node].Entry < 0;

    /// <summary>The number of the entry that the path stands for; -1 for an implied directory.</summary>
    internal int Entry => Tree.Nodes[_node].Entry;

    /// <summary>The number of the entry that has the content and the metadata; -1 for an implied directory.</summary>
    internal int Source => Tree.Nodes[_node].Source;

    /// <summary>The index of the layer that has the content and the metadata. Not for an implied directory.</summary>
    internal int SourceLayer => Tree.Entries.LayerOf(Source).Layer;

    /// <summary>What lies there. A hard link is what its target is; see <see cref="FirstPath"/>.</summary>
    internal FileKind Kind => IsImplied ? FileKind.Directory : Tree.Entries[Source].Kind;

    /// <summary>The entry with the content and the metadata. Not for an implied directory.</summary>
    internal ref readonly EntryRecord Record => ref Tree.Entries[Source];

    /// <summary>Whether an earlier path of the walk leads to the same content, so that this one is a hard link to it.</summary>
    internal bool IsLink => _first >= 0;

    /// <summary>The earlier path that leads to the same content; null for none.</summary>
    internal byte[]? FirstPath => _first < 0 ? null : Tree.Nodes.PathOf(_first);

    internal ReadOnlySpan<byte> Name => Tree.NameOf(_node);

    /// <summary>The number of the node of the directory; -1 for the root.</summary>
    internal int Parent => Tree.Nodes[_node].Parent;

    /// <summary>What lies in it, in no order.</summary>
    internal IEnumerable<TreeNode> Children
    {
        get
        {
            for (int child = Tree.Nodes[_node].FirstChild; child >= 0; child = Tree.Nodes[child].NextSibling)
                if (Tree.Nodes[child].IsPresent) yield return new TreeNode(Tree, child);
        }
    }

    /// <summary>The path from the root, without a slash at the start; empty for the root.</summary>
    internal byte[] Path => Tree.Nodes.PathOf(_node);

    /// <summary>The sha256 digest of the content; null where it was not taken.</summary>
    internal Digest? Hash
    {
        get
        {
            int position = Tree.Entries.PositionOf(Source);
            return Tree.Entries.Layers[position].HashOf(Source - Tree.Entries.BaseOf(position));
        }
    }

    /// <summary>Link target, attributes, sparse map of the source.</summary>
    internal EntryExtra Extra => IsImplied ? EntryExtra.None : EntryExtra.Unpack(Tree.Entries.LayerOf(Source).ExtraOf(Tree.Entries[Source]));
}
