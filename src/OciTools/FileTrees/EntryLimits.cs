namespace OciTools.FileTrees;

/// <summary>How many entries an image may have, how long their paths may be and how much they may take in memory; shared by all its layers, from several tasks.</summary>
/// <param name="areLifted">Whether the user allows more than honest images have.</param>
internal sealed class EntryLimits(bool areLifted)
{
    private int _entries;
    private long _bytes;

    internal int PathLength { get; } = areLifted ? ushort.MaxValue : Limits.PathLength;

    private readonly int _most = areLifted ? int.MaxValue / 2 : Limits.FileEntries;
    private readonly long _mostBytes = areLifted ? long.MaxValue : Limits.EntryBytes;

    internal void CountEntry(string what) => CheckCount(what, Interlocked.Increment(ref _entries));

    /// <summary>Checks the number of entries with that of the directories that they imply: a few long paths imply very many.</summary>
    internal void CheckCount(string what, int count)
    {
        if (count > _most) throw TooMany($"{what} brings the image to more than {_most} entries and directories that they imply.");
    }

    /// <summary>Counts what an entry keeps in memory.</summary>
    internal void CountBytes(string what, int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > _mostBytes) throw TooMany($"{what} brings the paths, links and attributes of the image to more than {_mostBytes} bytes.");
    }

    private static OciException TooMany(string message) => ErrorCatalogue.TooLarge.Error(message, recommendation: "Allow more with -MaximumSize if you trust the image.");
}
