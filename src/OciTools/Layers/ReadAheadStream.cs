using System.Buffers;
using System.Threading.Channels;

namespace OciTools.Layers;

/// <summary>
/// Reads another stream on a task of its own, a few blocks ahead of whoever reads this one, so that both work at the same time. Nothing
/// is read before the first byte is asked for. A failure comes instead of the block in which it happened, behind all blocks before.
/// </summary>
internal sealed class ReadAheadStream : AsyncReadStream
{
    private const int BlockSize = 128 * 1024;
    private const int BlocksAhead = 4;

    private readonly Stream _inner;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ArraySegment<byte>> _blocks = Channel.CreateBounded<ArraySegment<byte>>(new BoundedChannelOptions(BlocksAhead)
    {
        SingleReader = true,
        SingleWriter = true,
    });

    private ArraySegment<byte> _current;
    private int _taken;
    private Task? _reading;
    private bool _isClosed;

    /// <param name="inner">The bytes as they come; closed with this stream.</param>
    internal ReadAheadStream(Stream inner) => _inner = inner;

    public override long Length => _inner.Length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        ObjectDisposedException.ThrowIf(_isClosed, this);
        _reading ??= Task.Run(ReadAheadAsync, CancellationToken.None);
        while (_taken == _current.Count)
        {
            Release();
            if (!_blocks.Reader.TryRead(out _current) && !await _blocks.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)) return 0;
        }

        int count = Math.Min(buffer.Length, _current.Count - _taken);
        _current.AsSpan(_taken, count).CopyTo(buffer.Span);
        _taken += count;
        return count;
    }

    /// <summary>Stops the reading ahead, waits for its task, and closes the inner stream.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            await _stop.CancelAsync().ConfigureAwait(false);
            if (_reading is not null) await _reading.ConfigureAwait(false);
            Release();
            while (_blocks.Reader.TryRead(out _current)) Release();
            _stop.Dispose();
            await _inner.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed) DisposeAsync().AsTask().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    private void Release()
    {
        if (_current.Array is { } block) ArrayPool<byte>.Shared.Return(block);
        _current = default;
        _taken = 0;
    }

    // Never throws: the reader gets the failure.
    private async Task ReadAheadAsync()
    {
        byte[]? block = null;
        Exception? failure = null;
        try
        {
            for (int count = BlockSize; count == BlockSize;)
            {
                block = ArrayPool<byte>.Shared.Rent(BlockSize);
                count = await _inner.ReadAtLeastAsync(block.AsMemory(0, BlockSize), BlockSize, throwOnEndOfStream: false, _stop.Token).ConfigureAwait(false);
                if (count == 0) break;
                await _blocks.Writer.WriteAsync(new ArraySegment<byte>(block, 0, count), _stop.Token).ConfigureAwait(false);
                block = null;
            }
        }
#pragma warning disable CA1031 // thrown where the stream is read
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
        }

        if (block is not null) ArrayPool<byte>.Shared.Return(block);
        _blocks.Writer.Complete(failure);
    }
}
