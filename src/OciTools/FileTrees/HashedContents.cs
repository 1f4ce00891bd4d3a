using System.Security.Cryptography;
using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>Takes the sha256 of the content of each file of a layer.</summary>
internal sealed class HashedContents(LayerEntries entries, HoleLimit holes) : ExpandedContents
{
    private static readonly byte[] s_zeros = new byte[64 * 1024];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _index;
    private long _position;

    private protected override bool BeginFile(int index, TarHeader header)
    {
        _index = index;
        _position = 0;
        return true;
    }

    private protected override void WriteAt(long offset, ReadOnlySpan<byte> data)
    {
        FillTo(offset);
        _hash.AppendData(data);
        _position += data.Length;
    }

    private protected override void EndFile(long size)
    {
        FillTo(size);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        entries.SetHash(_index, hash);
    }

    private void FillTo(long offset)
    {
        holes.Take(offset - _position, entries.What);
        while (_position < offset)
        {
            int count = (int)Math.Min(s_zeros.Length, offset - _position);
            _hash.AppendData(s_zeros.AsSpan(0, count));
            _position += count;
        }
    }

    public override void Finish() => _hash.Dispose();

    public override ValueTask DisposeAsync()
    {
        _hash.Dispose();
        return ValueTask.CompletedTask;
    }
}
