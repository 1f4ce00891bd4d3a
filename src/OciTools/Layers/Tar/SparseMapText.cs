namespace OciTools.Layers.Tar;

/// <summary>The sparse map of GNU's form 1.0, which stands before the content: lines with the number of pieces, then offset and length of each.</summary>
internal sealed class SparseMapText(SparseMap map, TarPlace place)
{
    // as many as GNU tar takes in a number
    private const int MaximumDigits = 19;

    private long _left;
    private long _number;
    private long _offset;
    private int _digits;
    private bool _hasCount;
    private bool _hasOffset;

    internal void Clear()
    {
        _left = _number = _offset = 0;
        _digits = 0;
        _hasCount = _hasOffset = false;
    }

    /// <summary>Takes the next block.</summary>
    /// <returns>Whether the map goes on in another one.</returns>
    internal bool Add(ReadOnlySpan<byte> block)
    {
        foreach (byte b in block)
        {
            if (b != '\n')
            {
                if (++_digits > MaximumDigits || !PaxNumber.TryAppend(ref _number, b)) throw place.Refuse("a number of its sparse map is none");
                continue;
            }

            if (_digits == 0) throw place.Refuse("a number of its sparse map is none");
            if (EndNumber()) return false;
        }

        return true;
    }

    private bool EndNumber()
    {
        if (!_hasCount)
        {
            _hasCount = true;
            _left = _number;
        }
        else if (!_hasOffset)
        {
            _hasOffset = true;
            _offset = _number;
        }
        else
        {
            _hasOffset = false;
            _left--;
            map.Add(_offset, _number);
        }

        _number = 0;
        _digits = 0;
        return _left == 0;
    }
}
