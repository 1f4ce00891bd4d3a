namespace OciTools.Stores.Files;

/// <summary>A part of a source. It has all its bytes or fails.</summary>
internal sealed class SliceStream : ReadOnlyStream
{
    private readonly ByteSource _source;
    private bool _ownsSource;
    private readonly long _start;
    private readonly long _end;
    private readonly string _what;
    private long _position;

    internal SliceStream(ByteSource source, long offset, long length, string what, bool ownsSource = false)
    {
        _source = source;
        _ownsSource = ownsSource;
        _position = _start = offset;
        _end = offset + length;
        Length = length;
        _what = what;
    }

    public override long Length { get; }

    /// <summary>Whether nobody else can change the bytes.</summary>
    internal bool IsPrivate => _source.IsPrivate;

    /// <summary>Reads bytes of the part from anywhere; what was read in order so far does not matter, nor does it change.</summary>
    internal void ReadAt(long offset, Span<byte> buffer)
    {
        if (offset < 0 || buffer.Length > Length - offset) throw Cut(_start + offset);
        long position = _start + offset;
        while (!buffer.IsEmpty)
        {
            int count = _source.Read(position, buffer);
            if (count == 0) throw Cut(position);
            position += count;
            buffer = buffer[count..];
        }
    }

    public override int Read(Span<byte> buffer)
    {
        int wanted = Wanted(buffer.Length);
        return wanted == 0 ? 0 : Take(_source.Read(_position, buffer[..wanted]));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int wanted = Wanted(buffer.Length);
        return wanted == 0 ? 0 : Take(await _source.ReadAsync(_position, buffer[..wanted], cancellationToken).ConfigureAwait(false));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _ownsSource)
        {
            _ownsSource = false;
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Wanted(int length) => (int)Math.Min(length, _end - _position);

    private int Take(int count)
    {
        if (count == 0) throw Cut(_position);
        _position += count;
        return count;
    }

    private OciException Cut(long position) => ErrorCatalogue.MalformedContent.Error($"{_what} is cut short: it ends at byte {position}.");
}
