using Microsoft.Win32.SafeHandles;
using OciTools.Layers.Tar;

namespace OciTools.FileTrees.Expanding;

/// <summary>Writes the contents of the files of one layer, each into a file that has no place yet.</summary>
/// <param name="entries">The entries of the layer.</param>
/// <param name="target">Where the files are made.</param>
/// <param name="isMeant">Whether the content of the entry that came last, with this index, is wanted; null for all.</param>
internal sealed class StagedContents(LayerEntries entries, ITreeTarget target, Func<int, bool>? isMeant) : ExpandedContents
{
    private readonly Dictionary<int, string> _lost = [];
    private readonly HashSet<int> _staged = [];
    private SafeFileHandle? _file;
    private TarHeader? _header;
    private int _index;
    private long _end;

    /// <summary>Whether the content of an entry was written.</summary>
    internal bool IsStaged(int index) => isMeant is null || _staged.Contains(index);

    /// <summary>What could not be kept of an entry; null if all was.</summary>
    internal string? LostOf(int index) => _lost.GetValueOrDefault(index);

    private protected override bool BeginFile(int index, TarHeader header)
    {
        if (isMeant is not null)
        {
            if (!isMeant(index)) return false;
            _staged.Add(index);
        }

        (_index, _header, _end) = (index, header, 0);
        try
        {
            _file = target.StageFile(new StagedName(entries.Layer, index));
            return true;
        }
        catch (Exception e) when (IsOfWriting(e))
        {
            throw new StagingException(e);
        }
    }

    private protected override void WriteAt(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
            RandomAccess.Write(_file!, data, offset);
            _end = offset + data.Length;
        }
        catch (Exception e) when (IsOfWriting(e))
        {
            throw new StagingException(e);
        }
    }

    private protected override void EndFile(long size)
    {
        try
        {
            // a hole at the end
            if (_end < size) RandomAccess.SetLength(_file!, size);
            string? lost = target.Describe(_file!, FileMetadata.Of(entries[_index], _header!.Attributes));
            if (lost is not null) _lost[_index] = lost;
            Close();
        }
        catch (Exception e) when (IsOfWriting(e))
        {
            throw new StagingException(e);
        }
    }

    public override ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    // a length that the file system cannot have is an argument to .NET
    private static bool IsOfWriting(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
