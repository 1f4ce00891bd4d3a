namespace OciTools.Layers;

/// <summary>
/// Content as it lies in its place, read ahead: counts the bytes, gives back those that were looked at, and may add a trailer behind the end.
/// </summary>
internal sealed class StoredStream : ReadOnlyStream
{
    private readonly ReadAheadStream _inner;
    private ReadOnlyMemory<byte> _seen;
    private ReadOnlyMemory<byte> _trailer;

    private StoredStream(Stream inner, ReadOnlyMemory<byte> seen)
    {
        _inner = new ReadAheadStream(inner);
        _seen = seen;
        Start = seen;
    }

    /// <summary>The first bytes.</summary>
    internal ReadOnlyMemory<byte> Start { get; }

    /// <summary>How many bytes of the content were read; the trailer does not count.</summary>
    internal long Count { get; private set; }

    /// <summary>Whether the end of the content was seen.</summary>
    internal bool AtEnd { get; private set; }

    /// <summary>The size of the content where its place knows it, and what was read of it otherwise.</summary>
    internal long SizeOrCount
    {
        get
        {
            try
            {
                return Math.Max(Count, _inner.Length);
            }
            catch (NotSupportedException)
            {
                return Count;
            }
        }
    }

    /// <summary>Looks at the first bytes.</summary>
    internal static async Task<StoredStream> OpenAsync(Stream inner, CancellationToken cancellationToken)
    {
        byte[] start = new byte[LayerCompression.SniffLength];
        int count = await inner.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return new StoredStream(inner, start.AsMemory(0, count));
    }

    /// <summary>Bytes that the reader gets after the end of the content.</summary>
    internal void AddTrailer(ReadOnlyMemory<byte> trailer) => _trailer = trailer;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        if (TakeSeen(buffer) is var seen and > 0) return seen;
        int count = AtEnd ? 0 : _inner.Read(buffer);
        return Take(buffer, count);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        if (TakeSeen(buffer.Span) is var seen and > 0) return seen;
        int count = AtEnd ? 0 : await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Take(buffer.Span, count);
    }

    public override async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }

    private int TakeSeen(Span<byte> buffer)
    {
        int count = Move(ref _seen, buffer);
        Count += count;
        return count;
    }

    private int Take(Span<byte> buffer, int count)
    {
        if (count > 0)
        {
            Count += count;
            return count;
        }

        AtEnd = true;
        return Move(ref _trailer, buffer);
    }

    private static int Move(ref ReadOnlyMemory<byte> from, Span<byte> to)
    {
        int count = Math.Min(from.Length, to.Length);
        from.Span[..count].CopyTo(to);
        from = from[count..];
        return count;
    }
}
