namespace OciTools.FileTrees.Expanding;

/// <summary>What is not on the disk as it is in the image.</summary>
internal sealed class SkippedFiles
{
    private readonly List<SkippedFile> _files = [];

    /// <summary>The files, as many as are listed.</summary>
    internal IReadOnlyList<SkippedFile> Files => _files;

    /// <summary>How many there are, also beyond those that are listed.</summary>
    internal int Count { get; private set; }

    internal void Add(TreeNode node, string reason, bool isWritten)
    {
        Count++;
        if (_files.Count < Limits.SkippedFiles) _files.Add(new SkippedFile { FilePath = "/" + EntryPath.Show(node.Path), Reason = reason, IsWritten = isWritten });
    }
}
