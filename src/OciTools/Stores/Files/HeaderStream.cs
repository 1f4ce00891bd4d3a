namespace OciTools.Stores.Files;

/// <summary>
/// A source as a stream for a reader that takes a header here and there: a small buffer, and no task is ever waited for, since the
/// bytes of a local file are there sooner than a thread.
/// </summary>
internal sealed class HeaderStream : Stream
{
    private const int BufferSize = 8 * 1024;

    private readonly ByteSource _source;
    private readonly byte[] _buffer = new byte[BufferSize];
    private long _start;
    private int _filled;
    private long _position;

    internal HeaderStream(ByteSource source) => _source = source;

    /// <summary>How many bytes were read of the source.</summary>
    internal long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _source.Length;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        long inBuffer = _position - _start;
        if (inBuffer < 0 || inBuffer >= _filled)
        {
            _start = _position;
            _filled = _source.Read(_position, _buffer);
            BytesRead += _filled;
            inBuffer = 0;
        }

        int count = Math.Min(buffer.Length, _filled - (int)inBuffer);
        _buffer.AsSpan((int)inBuffer, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
