using System.Security.Cryptography;

namespace OciTools;

/// <summary>
/// Content that proves itself: the last bytes are handed out only after size and digest of all bytes were found right.
/// Whoever reads to the end holds proved content; whoever stops before has no proof.
/// </summary>
internal sealed class VerifiedStream : ReadOnlyStream
{
    private readonly Stream _inner;
    private readonly Descriptor _descriptor;
    private readonly string _what;
    private readonly IncrementalHash _hash;
    private readonly byte[] _probe = new byte[1];
    private readonly byte[] _held = new byte[1];
    private OciException? _failure;
    private long _position;
    private bool _hasHeld;
    private bool _proved;

    /// <param name="inner">The bytes as they come; closed with this stream.</param>
    /// <param name="descriptor">Their digest and size; a size of -1 is not checked.</param>
    /// <param name="what">What the content is and where it lies, for messages.</param>
    /// <param name="prefix">What comes before those bytes and is hashed already; null where they are the whole.</param>
    internal VerifiedStream(Stream inner, Descriptor descriptor, string what, ContentPrefix? prefix = null)
    {
        _inner = inner;
        _descriptor = descriptor;
        _what = what;
        _position = prefix?.Length ?? 0;
        _hash = prefix?.TakeHash() ?? descriptor.GetDigest().CreateHash();
    }

    /// <summary>The content that a descriptor carries, behind a prefix of it.</summary>
    internal static VerifiedStream Of(byte[] data, Descriptor descriptor, ContentPrefix? prefix)
    {
        int start = (int)(prefix?.Length ?? 0);
        return new VerifiedStream(new MemoryStream(data, start, data.Length - start, writable: false), descriptor, $"The embedded content {descriptor.Digest}", prefix);
    }

    /// <summary>Content that can only be opened from its first byte, behind a prefix of it.</summary>
    internal static async Task<Stream> BehindAsync(Func<CancellationToken, Task<Stream>> open, Descriptor descriptor, ContentPrefix? prefix, CancellationToken cancellationToken)
    {
        Stream content = await open(cancellationToken).ConfigureAwait(false);
        if (prefix is null) return content;
        try
        {
            await BoundedReading.SkipAsync(content, prefix.Length, cancellationToken).ConfigureAwait(false);
            return new VerifiedStream(content, descriptor, $"The content {descriptor.Digest}", prefix);
        }
        catch
        {
            await content.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override long Length => _descriptor.Size >= 0 ? _descriptor.Size : throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_proved || buffer.IsEmpty) return 0;
        if (_failure is not null) throw _failure;
        if (_descriptor.Size < 0) return ReadOpenEnded(buffer);
        Span<byte> window = buffer[..Window(buffer.Length)];
        int count = window.IsEmpty ? 0 : _inner.Read(window);
        return Take(window[..count], AtEnd(count) ? _inner.Read(_probe) : -1);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_proved || buffer.IsEmpty) return 0;
        if (_failure is not null) throw _failure;
        if (_descriptor.Size < 0) return await ReadOpenEndedAsync(buffer, cancellationToken).ConfigureAwait(false);
        int window = Window(buffer.Length);
        int count = window == 0 ? 0 : await _inner.ReadAsync(buffer[..window], cancellationToken).ConfigureAwait(false);
        int extra = AtEnd(count) ? await _inner.ReadAsync(_probe, cancellationToken).ConfigureAwait(false) : -1;
        return Take(buffer.Span[..count], extra);
    }

    public override async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync().ConfigureAwait(false);
        _hash.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Window(int length) => (int)Math.Min(length, _descriptor.Size - _position);

    // The end is reached with the last byte, and one byte more is asked for.
    private bool AtEnd(int count) => _position + count == _descriptor.Size;

    private int Take(ReadOnlySpan<byte> bytes, int extra)
    {
        _position += bytes.Length;
        if (extra > 0)
            throw Fail(Mismatch($"{_what} is longer than the {_descriptor.Size} bytes that its descriptor states.", $"more than {_descriptor.Size}"));
        _hash.AppendData(bytes);
        if (extra == 0) Prove();
        else if (bytes.IsEmpty)
            throw Fail(Mismatch($"{_what} ends after {_position} bytes; its descriptor states {_descriptor.Size}.", $"{_position}"));
        return bytes.Length;
    }

    // Without a size only an empty read tells the end, so the last byte that came is kept back until something follows it.
    private int ReadOpenEnded(Span<byte> buffer)
    {
        while (true)
        {
            Span<byte> target = buffer.Length > 1 ? buffer[Held..] : _probe;
            int count = _inner.Read(target);
            if (Release(buffer, target[..count]) is { } released) return released;
        }
    }

    private async ValueTask<int> ReadOpenEndedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Memory<byte> target = buffer.Length > 1 ? buffer[Held..] : _probe;
            int count = await _inner.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            if (Release(buffer.Span, target.Span[..count]) is { } released) return released;
        }
    }

    private int Held => _hasHeld ? 1 : 0;

    // What can be handed out now that the bytes have come; null where another read is needed first.
    private int? Release(Span<byte> buffer, ReadOnlySpan<byte> bytes)
    {
        int before = Held;
        if (bytes.IsEmpty)
        {
            Prove();
            if (before == 1) buffer[0] = _held[0];
            _hasHeld = false;
            _position += before;
            return before;
        }

        _hash.AppendData(bytes);
        byte last = bytes[^1];
        if (before == 1) buffer[0] = _held[0];
        _held[0] = last;
        _hasHeld = true;
        int released = before + bytes.Length - 1;
        _position += released;
        return released == 0 ? null : released;
    }

    private IntegrityException Mismatch(string message, string actual) =>
        ErrorCatalogue.SizeMismatch.Mismatch(message, $"{_descriptor.Size}", actual);

    private OciException Fail(OciException failure) => _failure = failure;

    private void Prove()
    {
        Digest expected = _descriptor.GetDigest();
        Span<byte> hash = stackalloc byte[64];
        int length = _hash.GetCurrentHash(hash);
        Digest actual = Digest.FromHash(expected.Algorithm, hash[..length]);
        if (actual != expected)
            throw Fail(ErrorCatalogue.DigestMismatch.Mismatch($"{_what} has the digest {actual} where {expected} was asked for.", expected.ToString(), actual.ToString()));
        _proved = true;
    }
}
