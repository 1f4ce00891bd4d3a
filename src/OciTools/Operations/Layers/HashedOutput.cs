using System.Buffers;
using System.Security.Cryptography;

namespace OciTools.Operations.Layers;

/// <summary>Writes to another stream and takes the digest of what is written, both at the same time, block by block.</summary>
internal sealed class HashedOutput(Stream target) : WriteOnlyStream
{
    private const int BlockSize = 256 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _block = ArrayPool<byte>.Shared.Rent(BlockSize);
    private byte[] _hashed = ArrayPool<byte>.Shared.Rent(BlockSize);
    private Task _hashing = Task.CompletedTask;
    private int _filled;
    private long _length;

    public override long Length => _length;

    public override long Position { get => _length; set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _length += buffer.Length;
        while (!buffer.IsEmpty)
        {
            int count = Math.Min(buffer.Length, BlockSize - _filled);
            buffer[..count].CopyTo(_block.AsSpan(_filled));
            _filled += count;
            buffer = buffer[count..];
            if (_filled == BlockSize) Pass();
        }
    }

    // what it does takes no waiting, but for the disk
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>Writes what is left; the digest of all of it.</summary>
    internal string Finish()
    {
        Pass();
        _hashing.GetAwaiter().GetResult();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        return Digest.FromHash("sha256", hash).ToString();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hashing.GetAwaiter().GetResult();
            _hash.Dispose();
            ArrayPool<byte>.Shared.Return(_block);
            ArrayPool<byte>.Shared.Return(_hashed);
        }

        base.Dispose(disposing);
    }

    // the block before was hashed while this one was filled
    private void Pass()
    {
        _hashing.GetAwaiter().GetResult();
        (_block, _hashed) = (_hashed, _block);
        int count = _filled;
        _filled = 0;
        _hashing = Task.Run(() => _hash.AppendData(_hashed, 0, count));
        target.Write(_hashed.AsSpan(0, count));
    }
}
