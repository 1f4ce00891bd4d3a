using System.Collections;

namespace OciTools.FileTrees.Expanding;

/// <summary>Which nodes of a tree are written: those that are meant, all below them, and the directories above.</summary>
internal sealed class Inclusion
{
    private readonly BitArray? _included;

    private Inclusion(BitArray? included) => _included = included;

    /// <summary>Whether a node is written.</summary>
    internal bool Contains(int node) => _included is null || _included[node];

    /// <summary>Finds the nodes that are meant.</summary>
    /// <exception cref="NotFoundException">A named path is not there, or nothing is meant at all (<c>FileNotFound</c>).</exception>
    internal static Inclusion Of(FileTree tree, PathSelection selection, string image)
    {
        if (selection.IsAll) return new Inclusion(null);
        foreach ((byte[] path, string written) in selection.Named)
            if (!IsThere(tree, path)) throw Missing(tree, path, written, image);
        BitArray included = new(tree.Nodes.Count);
        BitArray meant = new(tree.Nodes.Count);
        bool isAny = false;
        foreach (TreeNode node in tree.Walk())
        {
            meant[node.Number] = (!node.IsRoot && meant[node.Parent]) || selection.Matches(node.Path);
            if (!meant[node.Number]) continue;
            isAny = true;
            for (int above = node.Number; above >= 0 && !included[above]; above = tree.Nodes[above].Parent) included[above] = true;
        }

        return isAny ? new Inclusion(included) : throw ErrorCatalogue.FileNotFound.Error($"No file of {DisplayText.Excerpt(image)} fits the pattern.");
    }

    // under that very path, not through a link
    private static bool IsThere(FileTree tree, byte[] path) => tree.Find(path, followLast: false) is { } node && node.Path.AsSpan().SequenceEqual(path);

    private static OciException Missing(FileTree tree, byte[] path, string written, string image)
    {
        string message = $"{DisplayText.Excerpt(image)} has no file '{DisplayText.Excerpt(written)}'";
        if (tree.Find(path, followLast: false) is not { } node) return ErrorCatalogue.FileNotFound.Error(message + ".");
        string real = DisplayText.Excerpt("/" + EntryPath.Show(node.Path));
        return ErrorCatalogue.FileNotFound.Error($"{message}: a symbolic link on the way leads to '{real}'.", recommendation: $"Name it '{real}'.");
    }
}
