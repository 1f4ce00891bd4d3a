namespace OciTools.Layers.Tar;

/// <summary>Collects the pieces of a sparse file and holds them to what all readers agree on. One object serves one file after the other.</summary>
internal sealed class SparseMap(TarPlace place)
{
    private readonly List<SparseSegment> _segments = [];
    private int _count;
    private long _end;
    private long _stored;

    internal void Clear()
    {
        _segments.Clear();
        _count = 0;
        _end = _stored = 0;
    }

    /// <summary>Takes the next piece. One without bytes only says how far the file reaches.</summary>
    internal void Add(long offset, long length)
    {
        if (++_count > Limits.TarSparsePieces) throw place.TooMany("pieces of a sparse file", Limits.TarSparsePieces);
        if (offset < 0 || length < 0 || length > long.MaxValue - offset) throw place.Refuse("a piece of the sparse file lies beyond any file");
        if (offset < _end) throw place.Refuse("the pieces of the sparse file overlap or are out of order");
        if (length == 0)
        {
            _end = offset;
            return;
        }

        // GNU tar starts each piece at a new block, others do not
        if (_stored % TarBlock.Size != 0) throw place.Refuse("a piece of the sparse file that is not its last is no whole number of blocks");
        _end = offset + length;
        _stored += length;
        _segments.Add(new SparseSegment(offset, length));
    }

    /// <summary>The pieces, once all are there.</summary>
    /// <param name="realSize">The size of the file.</param>
    /// <param name="storedSize">How many bytes of it are stored.</param>
    internal SparseSegment[] Finish(long realSize, long storedSize)
    {
        // with a map that ends before the file, GNU tar makes a shorter file than it lists
        if (_end != realSize) throw place.Refuse($"the map of the sparse file ends at {_end} and the file at {realSize}");
        if (_stored != storedSize) throw place.Refuse($"the pieces of the sparse file have {_stored} bytes, but {storedSize} are stored");
        return [.. _segments];
    }
}
