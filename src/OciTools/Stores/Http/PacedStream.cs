using System.Buffers;

namespace OciTools.Stores.Http;

/// <summary>
/// A body that ends with <c>TimedOut</c> when no byte comes for a while, or when bytes drip in so slowly that it would never end.
/// The timeout of an HTTP client covers the headers only.
/// </summary>
internal sealed class PacedStream : Stream
{
    private readonly Stream _inner;
    private readonly BodyPace _pace;
    private readonly string _what;
    private readonly CancellationTokenSource _idle;
    private TimeSpan _waited;
    private long _windowBytes;

    /// <param name="inner">The body; closed with this stream.</param>
    /// <param name="what">What is read and from where, for messages.</param>
    /// <param name="pace">The limits.</param>
    internal PacedStream(Stream inner, string what, BodyPace pace)
    {
        _inner = inner;
        _what = what;
        _pace = pace;
        _idle = new CancellationTokenSource(pace.IdleTimeout, pace.Time);
        _idle.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long start = _pace.Time.GetTimestamp();
        if (_idle.IsCancellationRequested) throw Stalled();
        _idle.CancelAfter(_pace.IdleTimeout);
        int count;
        using (cancellationToken.UnsafeRegister(static idle => ((CancellationTokenSource)idle!).Cancel(), _idle))
        {
            try
            {
                count = await _inner.ReadAsync(buffer, _idle.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (_idle.IsCancellationRequested && e is OperationCanceledException or IOException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw Stalled(e);
            }
            finally
            {
                // time that the reader spends elsewhere does not count
                _idle.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }

        Measure(count, _pace.Time.GetElapsedTime(start));
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override int Read(Span<byte> buffer)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            int count = Read(rented, 0, buffer.Length);
            rented.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _idle.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Measure(int count, TimeSpan elapsed)
    {
        _waited += elapsed;
        _windowBytes += count;
        if (_windowBytes >= _pace.WindowBytes)
        {
            _waited = TimeSpan.Zero;
            _windowBytes = 0;
        }
        else if (count > 0 && _waited >= _pace.Window)
        {
            throw ErrorCatalogue.TimedOut.Error(
                $"{_what} came too slowly: {_windowBytes} bytes in {_waited.TotalSeconds:0} seconds, where {_pace.WindowBytes} are the least.");
        }
    }

    private OciException Stalled(Exception? inner = null) =>
        ErrorCatalogue.TimedOut.Error($"{_what} stopped: no byte came for {_pace.IdleTimeout.TotalSeconds:0.###} seconds.", inner);
}
