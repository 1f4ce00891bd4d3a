namespace OciTools.FileTrees;

/// <summary>A list of small structs that grows without ever copying what it holds: its elements lie in blocks.</summary>
internal sealed class ChunkedList<T>
    where T : struct
{
    // few enough elements that a short list costs little, many enough that a long one has few blocks
    private const int FirstBits = 6;
    private const int BlockBits = 10;
    private const int BlockSize = 1 << BlockBits;

    private readonly List<T[]> _blocks = [];

    /// <summary>How many elements there are.</summary>
    internal int Count { get; private set; }

    /// <summary>An element, to be read or changed where it lies.</summary>
    internal ref T this[int index] => ref _blocks[index >> BlockBits][index & (BlockSize - 1)];

    /// <summary>A list of its own with the same elements.</summary>
    internal ChunkedList<T> Copy()
    {
        ChunkedList<T> copy = new() { Count = Count };
        foreach (T[] block in _blocks) copy._blocks.Add([.. block]);
        return copy;
    }

    /// <summary>Adds an element at the end; gives its index.</summary>
    internal int Add(in T item)
    {
        int index = Count;
        int block = index >> BlockBits;
        int offset = index & (BlockSize - 1);
        if (block == _blocks.Count) _blocks.Add(new T[block == 0 ? 1 << FirstBits : BlockSize]);
        T[] target = _blocks[block];
        if (offset == target.Length)
        {
            // only the first block starts small
            Array.Resize(ref target, target.Length * 2);
            _blocks[block] = target;
        }

        target[offset] = item;
        Count = checked(index + 1);
        return index;
    }
}
