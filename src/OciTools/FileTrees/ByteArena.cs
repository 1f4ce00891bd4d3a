namespace OciTools.FileTrees;

/// <summary>Keeps many small byte strings in few blocks. A string is found again by the number that adding it gave.</summary>
internal sealed class ByteArena
{
    /// <summary>The longest string.</summary>
    internal const int MaximumLength = 1 << OffsetBits;

    private const int OffsetBits = 20;
    private const int FirstBlock = 4096;
    private const int MostBlocks = 1 << (32 - OffsetBits);

    private readonly List<byte[]> _blocks = [];
    private int _used;

    /// <summary>Adds a string.</summary>
    /// <returns>The number of the string, for <see cref="Get"/>.</returns>
    internal uint Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return 0;
        if (_blocks.Count == 0 || _blocks[^1].Length - _used < bytes.Length) AddBlock(bytes.Length);
        int offset = _used;
        bytes.CopyTo(_blocks[^1].AsSpan(offset));
        _used += bytes.Length;
        return ((uint)(_blocks.Count - 1) << OffsetBits) | (uint)offset;
    }

    /// <summary>A string that was added.</summary>
    internal ReadOnlySpan<byte> Get(uint number, int length) =>
        length == 0 ? default : _blocks[(int)(number >> OffsetBits)].AsSpan((int)(number & (MaximumLength - 1)), length);

    private void AddBlock(int needed)
    {
        if (_blocks.Count == MostBlocks || needed > MaximumLength) throw ErrorCatalogue.TooLarge.Error("The names and attributes of a layer take more than 4 GiB.");
        int size = _blocks.Count == 0 ? FirstBlock : Math.Min(MaximumLength, _blocks[^1].Length * 2);
        _blocks.Add(new byte[Math.Max(size, needed)]);
        _used = 0;
    }
}
