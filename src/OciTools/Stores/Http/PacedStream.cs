namespace OciTools.Stores.Http;

/// <summary>
/// A body that ends with <c>TimedOut</c> when no byte comes for a while, or when bytes drip in so slowly that it would never end.
/// The timeout of an HTTP client covers the headers only.
/// </summary>
internal sealed class PacedStream : AsyncReadStream
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
