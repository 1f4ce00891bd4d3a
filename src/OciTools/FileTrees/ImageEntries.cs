namespace OciTools.FileTrees;

/// <summary>The entries of several layers, numbered through from the first of the lowest layer on.</summary>
internal sealed class ImageEntries
{
    // one more number than any image may have layers stands for something else where layers are kept in 16 bits
    private const int MostLayers = ushort.MaxValue - 1;

    private readonly int[] _bases;

    /// <param name="layers">The layers, the lowest first, without gaps.</param>
    internal ImageEntries(IReadOnlyList<LayerEntries> layers)
    {
        if (layers.Count > MostLayers) throw ErrorCatalogue.TooLarge.Error($"An image of {layers.Count} layers is refused.");
        Layers = layers;
        _bases = new int[layers.Count + 1];
        for (int i = 0; i < layers.Count; i++) _bases[i + 1] = checked(_bases[i] + layers[i].Count);
    }

    internal IReadOnlyList<LayerEntries> Layers { get; }

    internal int Count => _bases[^1];

    internal ref EntryRecord this[int entry]
    {
        get
        {
            int position = PositionOf(entry);
            return ref Layers[position][entry - _bases[position]];
        }
    }

    /// <summary>The number of the first entry of a layer.</summary>
    internal int BaseOf(int position) => _bases[position];

    internal LayerEntries LayerOf(int entry) => Layers[PositionOf(entry)];

    /// <summary>The index of the layer that an entry is of, and the number of the entry there.</summary>
    internal (int Layer, int Index) PlaceOf(int entry)
    {
        int position = PositionOf(entry);
        return (Layers[position].Layer, entry - _bases[position]);
    }

    internal int PositionOf(int entry)
    {
        int low = 0;
        int high = Layers.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >> 1;
            if (_bases[middle] <= entry) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}
