namespace OciTools.Layers;

/// <summary>
/// Passes bytes on but always keeps the last few back, until the end of the inner stream is there and all bytes were found good.
/// It reads straight into the caller's buffer, so that keeping back costs a copy of the tail only.
/// </summary>
internal abstract class TailHoldingStream : ReadOnlyStream
{
    private const int ScratchSize = 4096;

    private readonly Stream _inner;
    private readonly byte[] _tail;
    private int _held;
    private bool _ended;
    private byte[]? _scratch;
    private ReadOnlyMemory<byte> _pending;

    /// <param name="inner">The bytes as they come; closed with this stream.</param>
    /// <param name="hold">How many bytes are kept back.</param>
    private protected TailHoldingStream(Stream inner, int hold)
    {
        _inner = inner;
        _tail = new byte[hold];
    }

    /// <summary>Sees every byte once, in order, before it is passed on.</summary>
    private protected virtual void Observe(ReadOnlySpan<byte> bytes) { }

    /// <summary>Judges the whole at its end; throws, or says how many of the held bytes are content.</summary>
    private protected abstract int Finish(ReadOnlySpan<byte> held);

    /// <summary>The error to report for one of the inner stream; null leaves it as it is.</summary>
    private protected virtual OciException? Translate(Exception error) => null;

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (TakePending(buffer) is var pending and > 0) return pending;
            if (_ended) return 0;
            bool isDirect = buffer.Length > 2 * _tail.Length;
            Span<byte> target = isDirect ? buffer : Scratch();
            _tail.AsSpan(0, _held).CopyTo(target);
            int count = Pull(target[_held..]);
            int passed = Accept(target, count);
            if (passed == 0) continue;
            if (isDirect) return passed;
            _pending = _scratch.AsMemory(0, passed);
        }

        return 0;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            if (TakePending(buffer.Span) is var pending and > 0) return pending;
            if (_ended) return 0;
            bool isDirect = buffer.Length > 2 * _tail.Length;
            Memory<byte> target = isDirect ? buffer : Scratch();
            _tail.AsSpan(0, _held).CopyTo(target.Span);
            int count = await PullAsync(target[_held..], cancellationToken).ConfigureAwait(false);
            int passed = Accept(target.Span, count);
            if (passed == 0) continue;
            if (isDirect) return passed;
            _pending = _scratch.AsMemory(0, passed);
        }

        return 0;
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

    private byte[] Scratch() => _scratch ??= new byte[ScratchSize];

    private int TakePending(Span<byte> buffer)
    {
        int count = Math.Min(_pending.Length, buffer.Length);
        _pending.Span[..count].CopyTo(buffer);
        _pending = _pending[count..];
        return count;
    }

    private int Pull(Span<byte> target)
    {
        try
        {
            return _inner.Read(target);
        }
        catch (Exception e) when (Translate(e) is { } error)
        {
            throw error;
        }
    }

    private async ValueTask<int> PullAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        try
        {
            return await _inner.ReadAsync(target, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (Translate(e) is { } error)
        {
            throw error;
        }
    }

    // target holds the old tail and the new bytes behind it
    private int Accept(Span<byte> target, int count)
    {
        if (count == 0)
        {
            int released = Finish(_tail.AsSpan(0, _held));
            _ended = true;
            _pending = _tail.AsMemory(0, released);
            return 0;
        }

        Observe(target.Slice(_held, count));
        int total = _held + count;
        int keep = Math.Min(_tail.Length, total);
        int passed = total - keep;
        target.Slice(passed, keep).CopyTo(_tail);
        _held = keep;
        return passed;
    }
}
