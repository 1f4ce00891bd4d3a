using System.Security.Cryptography;

namespace OciTools;

/// <summary>The first bytes of some content that lie where it goes already, with their hash, so that only the rest has to be read.</summary>
public sealed class ContentPrefix : IDisposable
{
    private IncrementalHash? _hash;

    /// <param name="length">How many bytes there are.</param>
    /// <param name="hash">The hash of them so far; belongs to this object from then on.</param>
    internal ContentPrefix(long length, IncrementalHash hash) => (Length, _hash) = (length, hash);

    /// <summary>How many bytes there are.</summary>
    public long Length { get; }

    /// <summary>Hands the hash over to the reader of the rest, who goes on with it and disposes of it.</summary>
    internal IncrementalHash TakeHash()
    {
        IncrementalHash hash = _hash ?? throw new InvalidOperationException("The hash of a prefix is taken once.");
        _hash = null;
        return hash;
    }

    /// <summary>Whether the prefix is all of the content.</summary>
    internal bool Is(Digest digest) => Digest.FromHash(digest.Algorithm, _hash!.GetCurrentHash()) == digest;

    /// <summary>Disposes of the hash if nobody took it.</summary>
    public void Dispose() => _hash?.Dispose();
}
