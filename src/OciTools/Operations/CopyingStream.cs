using System.Security.Cryptography;

namespace OciTools.Operations;

/// <summary>Reads a stream and writes the same bytes to another one and into a sha256 on the way.</summary>
internal sealed class CopyingStream(Stream source, Stream target) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _position;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>The digest of all bytes so far.</summary>
    internal string GetDigest() => Digest.FromHash("sha256", _hash.GetCurrentHash()).ToString();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _hash.AppendData(buffer.Span[..count]);
        await target.WriteAsync(buffer[..count], cancellationToken).ConfigureAwait(false);
        _position += count;
        return count;
    }

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _hash.AppendData(buffer[..count]);
        target.Write(buffer[..count]);
        _position += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
