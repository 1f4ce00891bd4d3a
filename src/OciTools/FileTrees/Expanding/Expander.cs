using System.Collections;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Gives everything that was staged its place: first directories, files, devices and their hard links, so that no symbolic link is there
/// while they are written; then symbolic links; and from below up the metadata of directories.
/// </summary>
/// <param name="tree">The tree.</param>
/// <param name="inclusion">Which of its nodes are written.</param>
/// <param name="target">Where they are written.</param>
/// <param name="lostOf">What could not be kept of the content and metadata of a staged file; null if all was.</param>
/// <param name="cancellationToken">Stops the writing.</param>
internal sealed class Expander(FileTree tree, Inclusion inclusion, ITreeTarget target, Func<StagedName, string?> lostOf, CancellationToken cancellationToken)
{
    private readonly BitArray _left = new(tree.Nodes.Count);
    private readonly BitArray _shown = new(tree.Nodes.Count);
    private readonly Dictionary<int, Staged> _shared = [];
    private readonly Stack<TreeNode> _open = new();

    internal SkippedFiles Skipped { get; } = new();

    internal int Files { get; private set; }

    internal int Directories { get; private set; } = 1;

    internal int Links { get; private set; }

    internal int Devices { get; private set; }

    internal long Size { get; private set; }

    /// <summary>Writes the tree.</summary>
    /// <exception cref="IOException">The file system does not take it.</exception>
    internal void Write()
    {
        _open.Push(tree.Root);
        foreach (TreeNode node in Included())
        {
            if (IsLeft(node)) continue;
            GoTo(node.Parent, isForGood: false);
            if (node.Kind == FileKind.Directory) MakeFolder(node);
            else if (node.Kind != FileKind.SymbolicLink) Place(node);
        }

        GoTo(NodeTable.Root, isForGood: false);
        foreach (TreeNode node in Included())
        {
            if (_left[node.Number] || node.Kind is not (FileKind.Directory or FileKind.SymbolicLink)) continue;
            GoTo(node.Parent, isForGood: true);
            if (node.Kind == FileKind.Directory) Enter(node);
            else Place(node);
        }

        GoTo(NodeTable.Root, isForGood: true);
        LeaveForGood();
    }

    private IEnumerable<TreeNode> Included()
    {
        foreach (TreeNode node in tree.Walk())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!node.IsRoot && inclusion.Contains(node.Number)) yield return node;
        }
    }

    // what lies in a directory that could not be made
    private bool IsLeft(TreeNode node)
    {
        if (!_left[node.Parent]) return false;
        LeaveOut(node, Refusals.FolderMissing);
        return true;
    }

    private void LeaveOut(TreeNode node, string reason)
    {
        _left[node.Number] = true;
        Skipped.Add(node, reason, isWritten: false);
    }

    private void GoTo(int folder, bool isForGood)
    {
        while (_open.Peek().Number != folder)
        {
            if (isForGood)
            {
                LeaveForGood();
                continue;
            }

            _open.Pop();
            target.Leave();
        }
    }

    private void LeaveForGood()
    {
        TreeNode folder = _open.Pop();
        CheckNames(folder);
        if (target.Leave(FileMetadata.Of(folder)) is { } lost) Skipped.Add(folder, lost, isWritten: true);
    }

    // file systems fold, shorten and normalise names as they like, and some say nothing of it
    private void CheckNames(TreeNode folder)
    {
        target.ReadNames(name =>
        {
            int node = tree.Nodes.Find(folder.Number, name);
            if (node >= 0) _shown[node] = true;
        });
        foreach (TreeNode child in folder.Children)
        {
            if (_shown[child.Number] || _left[child.Number] || !inclusion.Contains(child.Number)) continue;
            bool isThere = target.IsThere(child.Name);
            Skipped.Add(child, isThere ? Refusals.NameChanged : Refusals.NameLost, isThere);
        }
    }

    private void MakeFolder(TreeNode node)
    {
        if (target.MakeFolder(node.Name) is { } refusal)
        {
            LeaveOut(node, refusal);
            return;
        }

        _open.Push(node);
        Directories++;
    }

    private void Enter(TreeNode node)
    {
        target.Enter(node.Name);
        _open.Push(node);
    }

    private void Place(TreeNode node)
    {
        int source = node.Source;
        (int layer, int index) = tree.Entries.PlaceOf(source);
        StagedName name = new(layer, index);
        bool isShared = tree.HasSeveralPaths(source);
        if (!isShared || !_shared.TryGetValue(source, out Staged? staged))
        {
            staged = Stage(node, name);
            if (isShared) _shared.Add(source, staged);
        }

        if ((staged.Refusal ?? target.Place(name, node.Name, isShared)) is { } refusal)
        {
            LeaveOut(node, refusal);
            return;
        }

        if (staged.IsPlaced)
        {
            Links++;
            return;
        }

        staged.IsPlaced = true;
        Count(node);
        if (staged.Lost is not null) Skipped.Add(node, staged.Lost, isWritten: true);
    }

    private void Count(TreeNode node)
    {
        if (node.Kind == FileKind.SymbolicLink) Links++;
        else if (node.Kind != FileKind.File) Devices++;
        else
        {
            Files++;
            Size = FileTree.Sum(Size, node.Record.Size);
        }
    }

    private Staged Stage(TreeNode node, StagedName name)
    {
        if (node.Kind == FileKind.File) return new Staged(null, lostOf(name));
        string? refusal = node.Kind == FileKind.SymbolicLink
            ? target.StageLink(name, EntryExtra.LinkOf(tree.Entries.LayerOf(node.Source).ExtraOf(node.Record)), target.NeedsLinkKind && LeadsToFolder(node))
            : target.StageDevice(name, node.Kind, (uint)(node.Record.Size >> 32), (uint)node.Record.Size);
        return new Staged(refusal, refusal is null ? target.Describe(name, node.Kind, FileMetadata.Of(node)) : null);
    }

    private bool LeadsToFolder(TreeNode node)
    {
        try
        {
            return tree.Find(node.Path, followLast: true) is { Kind: FileKind.Directory };
        }
        catch (MalformedException)
        {
            // a circle
            return false;
        }
    }

    /// <summary>Something that is staged or could not be.</summary>
    /// <param name="refusal">Why it could not be made.</param>
    /// <param name="lost">What could not be kept of it.</param>
    private sealed class Staged(string? refusal, string? lost)
    {
        internal string? Refusal => refusal;

        internal string? Lost => lost;

        internal bool IsPlaced { get; set; }
    }
}
