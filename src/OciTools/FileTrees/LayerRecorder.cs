using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>Records the entries of a layer whose tar passes by, and hands on the contents of its files.</summary>
/// <param name="entries">Takes the entries.</param>
/// <param name="contents">Takes the contents; null for none.</param>
internal sealed class LayerRecorder(LayerEntries entries, IFileContents? contents) : TarWalker(entries.What)
{
    private bool _isWanted;

    private protected override void OnEntry(TarHeader header)
    {
        int index = entries.Add(header);
        _isWanted = contents is not null && index >= 0 && entries[index].Kind == FileKind.File && contents.Begin(index, header);
    }

    private protected override void OnData(ReadOnlySpan<byte> data)
    {
        if (_isWanted) contents!.Write(data);
    }

    private protected override void OnEntryEnd()
    {
        if (_isWanted) contents!.End();
        _isWanted = false;
    }

    private protected override void OnEnd() => contents?.Finish();
}
