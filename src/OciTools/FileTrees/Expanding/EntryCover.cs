namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Says of the entries of one layer, while they pass, which are probably meant: by their paths alone, before links that lead elsewhere
/// are known.
/// </summary>
internal sealed class EntryCover(PathSelection selection)
{
    private byte[] _folder = [];
    private bool _isFolderMeant;

    internal bool Covers(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> folder = EntryPath.ParentOf(path);
        if (!folder.SequenceEqual(_folder))
        {
            _isFolderMeant = IsAnyMeant(folder);
            _folder = folder.ToArray();
        }

        return _isFolderMeant || selection.Matches(path);
    }

    private bool IsAnyMeant(ReadOnlySpan<byte> folder)
    {
        if (selection.Matches([])) return true;
        for (int i = 0; i <= folder.Length; i++)
            if ((i == folder.Length || folder[i] == '/') && selection.Matches(folder[..i])) return true;
        return false;
    }
}
