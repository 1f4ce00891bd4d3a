namespace OciTools.FileTrees;

/// <summary>How many bytes of holes are read or written as zeros: a sparse file of a terabyte takes a few bytes in a tar.</summary>
/// <param name="maximumSize">What the user allows; null for <see cref="Limits.InflatedFloor"/>.</param>
internal sealed class HoleLimit(long? maximumSize)
{
    private readonly long _most = maximumSize ?? Limits.InflatedFloor;
    private long _taken;

    internal void Take(long bytes, string what)
    {
        if (bytes <= 0) return;
        if (bytes > _most || Interlocked.Add(ref _taken, bytes) > _most)
            throw ErrorCatalogue.TooLarge.Error($"{what} has sparse files whose holes take more than {_most} bytes.",
                recommendation: "Allow their size with -MaximumSize if you trust the image.");
    }
}
