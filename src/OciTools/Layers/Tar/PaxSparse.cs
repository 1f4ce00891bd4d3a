namespace OciTools.Layers.Tar;

/// <summary>What the records <c>GNU.sparse.*</c> of one PAX header say (GNU tar manual, PAX Format, Versions 0.0, 0.1 and 1.0).</summary>
internal sealed class PaxSparse(SparseMap map, TarPlace place)
{
    private long? _major;
    private long? _minor;
    private long? _count;
    private long? _offset;
    private long _pieces;
    private bool _hasMap;

    /// <summary>Whether there is any of them.</summary>
    internal bool IsPresent { get; private set; }

    /// <summary>The name of the file; null where the name of the entry is it.</summary>
    internal byte[]? Name { get; private set; }

    /// <summary>The size of the file.</summary>
    internal long? RealSize { get; private set; }

    /// <summary>Whether the map stands before the content, as in form 1.0.</summary>
    internal bool HasMapInContent => _major == 1;

    internal void Clear()
    {
        IsPresent = _hasMap = false;
        Name = null;
        RealSize = _major = _minor = _count = _offset = null;
        _pieces = 0;
    }

    /// <summary>Takes a record.</summary>
    /// <param name="key">The key without its first part, <c>GNU.sparse.</c>.</param>
    /// <param name="value">The value.</param>
    internal void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!IsPresent) map.Clear();
        IsPresent = true;
        if (key.SequenceEqual("name"u8))
        {
            if (value.IsEmpty || value.Contains((byte)0) || (Name is not null && !value.SequenceEqual(Name))) throw place.Refuse("its sparse file has no name, or two");
            Name = value.ToArray();
        }
        else if (key.SequenceEqual("map"u8)) AddMap(value);
        else AddNumber(key, PaxNumber.TryParse(value, out long number) ? number : throw place.Refuse("a number of its sparse file is none"));
    }

    /// <summary>Fails unless the records make up one of the forms.</summary>
    internal void RequireWhole()
    {
        bool isWhole = RealSize is not null && _offset is null && (_major, _minor) switch
        {
            (1, 0) => !_hasMap && _count is null && _pieces == 0,
            (null, null) or (0, 0) or (0, 1) => _count > 0 && _pieces == _count,
            _ => false,
        };
        if (!isWhole) throw place.Refuse("what it says about its sparse file is in none of GNU's forms");
    }

    private void AddNumber(ReadOnlySpan<byte> key, long number)
    {
        if (key.SequenceEqual("offset"u8) && _count is not null && _offset is null && !_hasMap) _offset = number;
        else if (key.SequenceEqual("numbytes"u8) && _offset is { } offset)
        {
            _offset = null;
            AddPiece(offset, number);
        }
        else if (key.SequenceEqual("numblocks"u8)) Set(ref _count, number);
        else if (key.SequenceEqual("major"u8)) Set(ref _major, number);
        else if (key.SequenceEqual("minor"u8)) Set(ref _minor, number);
        else if (key.SequenceEqual("size"u8) || key.SequenceEqual("realsize"u8))
        {
            long? size = RealSize;
            Set(ref size, number);
            RealSize = size;
        }
        else throw place.Refuse("what it says about its sparse file is in none of GNU's forms");
    }

    private void Set(ref long? field, long number)
    {
        if (field is { } other && other != number) throw place.Refuse("it says two things about its sparse file");
        field = number;
    }

    private void AddMap(ReadOnlySpan<byte> value)
    {
        if (_hasMap || _count is null || _pieces > 0) throw place.Refuse("it has two sparse maps, or one of unknown size");
        _hasMap = true;
        while (!value.IsEmpty)
            AddPiece(Next(ref value), Next(ref value));
    }

    private long Next(ref ReadOnlySpan<byte> list)
    {
        int comma = list.IndexOf((byte)',');
        ReadOnlySpan<byte> text = comma < 0 ? list : list[..comma];
        if (comma == list.Length - 1 || !PaxNumber.TryParse(text, out long number)) throw place.Refuse("a number of its sparse map is none");
        list = comma < 0 ? [] : list[(comma + 1)..];
        return number;
    }

    private void AddPiece(long offset, long length)
    {
        _pieces++;
        map.Add(offset, length);
    }
}
