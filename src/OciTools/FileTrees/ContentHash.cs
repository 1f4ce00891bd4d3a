using System.Runtime.CompilerServices;

namespace OciTools.FileTrees;

/// <summary>The sha256 of the content of a file, in place.</summary>
[InlineArray(Length)]
internal struct ContentHash
{
    internal const int Length = 33;

    private byte _first;

    internal ContentHash(ReadOnlySpan<byte> hash)
    {
        hash.CopyTo(this[1..]);
        this[0] = 1;
    }

    /// <summary>Whether there is a hash.</summary>
    internal readonly bool IsSet => this[0] != 0;

    internal readonly byte[] Bytes() => this[1..].ToArray();
}
