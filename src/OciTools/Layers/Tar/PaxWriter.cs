using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace OciTools.Layers.Tar;

/// <summary>Composes the records of one PAX header, and the map of a sparse file. One object serves one entry after the other.</summary>
internal sealed class PaxWriter
{
    private readonly ArrayBufferWriter<byte> _records = new();
    private readonly ArrayBufferWriter<byte> _map = new();
    private readonly ArrayBufferWriter<byte> _key = new();
    private bool _isBinary;

    /// <summary>How many bytes the records have; 0 for none.</summary>
    internal int Length => _records.WrittenCount;

    internal ReadOnlySpan<byte> Records => _records.WrittenSpan;

    /// <summary>The map of a sparse file in whole blocks; empty for none.</summary>
    internal ReadOnlySpan<byte> SparseMap => _map.WrittenSpan;

    internal void Clear()
    {
        _records.ResetWrittenCount();
        _map.ResetWrittenCount();
        _isBinary = false;
    }

    /// <summary>Adds a text as its bytes; those that are not UTF-8 are announced.</summary>
    internal void AddText(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        if (!_isBinary && !Utf8.IsValid(text))
        {
            Add("hdrcharset"u8, "BINARY"u8);
            _isBinary = true;
        }

        Add(key, text);
    }

    internal void AddNumber(ReadOnlySpan<byte> key, long number)
    {
        Span<byte> digits = stackalloc byte[20];
        number.TryFormat(digits, out int count, provider: CultureInfo.InvariantCulture);
        Add(key, digits[..count]);
    }

    /// <summary>Adds a time: whole seconds, and a fraction where there is one.</summary>
    internal void AddTime(ReadOnlySpan<byte> key, long seconds, int nanoseconds)
    {
        // -1 s + 0.75 s is written as -0.25
        bool isNegative = seconds < 0;
        UInt128 whole = (UInt128)Int128.Abs(isNegative && nanoseconds > 0 ? (Int128)seconds + 1 : seconds);
        int fraction = isNegative && nanoseconds > 0 ? 1_000_000_000 - nanoseconds : nanoseconds;
        Span<byte> text = stackalloc byte[40];
        int count = 0;
        if (isNegative) text[count++] = (byte)'-';
        whole.TryFormat(text[count..], out int digits, provider: CultureInfo.InvariantCulture);
        count += digits;
        if (fraction > 0)
        {
            text[count++] = (byte)'.';
            fraction.TryFormat(text[count..], out digits, "D9", CultureInfo.InvariantCulture);
            count += digits;
            while (text[count - 1] == '0') count--;
        }

        Add(key, text[..count]);
    }

    /// <summary>Adds an extended attribute, its name escaped as GNU tar does.</summary>
    internal void AddAttribute(TarAttribute attribute)
    {
        _key.ResetWrittenCount();
        _key.Write("SCHILY.xattr."u8);
        foreach (byte b in attribute.Name.Span)
        {
            ReadOnlySpan<byte> plain = [b];
            _key.Write(b == '=' ? "%3D"u8 : b == '%' ? "%25"u8 : plain);
        }

        Add(_key.WrittenSpan, attribute.Value.Span);
    }

    /// <summary>Adds what GNU's form 1.0 says about a sparse file.</summary>
    /// <returns>The bytes of the map that goes before the content.</returns>
    internal int AddSparse(TarHeader header)
    {
        AddNumber("GNU.sparse.major"u8, 1);
        AddNumber("GNU.sparse.minor"u8, 0);
        AddText("GNU.sparse.name"u8, header.RawName.Span);
        AddNumber("GNU.sparse.realsize"u8, header.RealSize);

        long stored = 0, end = 0;
        foreach (SparseSegment segment in header.Segments)
        {
            if (segment.Length <= 0 || segment.Offset < end || stored % TarBlock.Size != 0)
                throw new ArgumentException("The pieces of a sparse file are out of order, empty, or no whole blocks.", nameof(header));
            stored += segment.Length;
            end = checked(segment.Offset + segment.Length);
        }

        if (stored != header.Size || end > header.RealSize) throw new ArgumentException("The pieces of a sparse file do not make up its content.", nameof(header));
        // an empty piece at the end says how far the file reaches
        bool endsInHole = end < header.RealSize || header.Segments.Count == 0;
        AddLine(header.Segments.Count + (endsInHole ? 1 : 0));
        foreach (SparseSegment segment in header.Segments)
        {
            AddLine(segment.Offset);
            AddLine(segment.Length);
        }

        if (endsInHole)
        {
            AddLine(header.RealSize);
            AddLine(0);
        }

        int padding = (int)(TarBlock.Pad(_map.WrittenCount) - _map.WrittenCount);
        _map.GetSpan(padding)[..padding].Clear();
        _map.Advance(padding);
        return _map.WrittenCount;
    }

    private void AddLine(long number)
    {
        Span<byte> line = _map.GetSpan(21);
        number.TryFormat(line, out int count, provider: CultureInfo.InvariantCulture);
        line[count] = (byte)'\n';
        _map.Advance(count + 1);
    }

    // the length counts itself
    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int rest = checked(key.Length + value.Length + 3);
        int length = rest + Digits(rest);
        length = rest + Digits(length);
        Span<byte> record = _records.GetSpan(length)[..length];
        length.TryFormat(record, out int count, provider: CultureInfo.InvariantCulture);
        record[count++] = (byte)' ';
        key.CopyTo(record[count..]);
        count += key.Length;
        record[count++] = (byte)'=';
        value.CopyTo(record[count..]);
        record[^1] = (byte)'\n';
        _records.Advance(length);
    }

    private static int Digits(int number)
    {
        int digits = 1;
        while ((number /= 10) > 0) digits++;
        return digits;
    }
}
