namespace OciTools.FileTrees;

/// <summary>How many entries an image may have and how long their paths may be; shared by all its layers, from several tasks.</summary>
/// <param name="areLifted">Whether the user allows more than honest images have.</param>
internal sealed class EntryLimits(bool areLifted)
{
    private int _entries;

    internal int PathLength { get; } = areLifted ? ushort.MaxValue : Limits.PathLength;

    private readonly int _most = areLifted ? int.MaxValue / 2 : Limits.FileEntries;

    internal void CountEntry(string what)
    {
        if (Interlocked.Increment(ref _entries) > _most)
            throw ErrorCatalogue.TooLarge.Error($"{what} brings the image to more than {_most} entries.",
                recommendation: "Allow more with -MaximumSize if you trust the image.");
    }
}
