using System.Buffers.Text;

namespace OciTools.Layers.Tar;

/// <summary>Walks the records of a PAX header: <c>length SP key=value LF</c> each (POSIX.1-2017, pax Header Block).</summary>
internal ref struct PaxRecords
{
    private readonly TarPlace _place;
    private ReadOnlySpan<byte> _rest;

    internal PaxRecords(ReadOnlySpan<byte> bytes, TarPlace place)
    {
        _rest = bytes;
        _place = place;
    }

    internal ReadOnlySpan<byte> Key { get; private set; }

    internal ReadOnlySpan<byte> Value { get; private set; }

    internal bool MoveNext()
    {
        if (_rest.IsEmpty) return false;
        if (!Utf8Parser.TryParse(_rest, out int length, out int digits) || digits > 10 || _rest[0] is (byte)'+' or (byte)'-'
            || length <= digits + 1 || length > _rest.Length || _rest[digits] != ' ' || _rest[length - 1] != '\n')
            throw _place.Refuse("the records of its PAX header do not add up");

        ReadOnlySpan<byte> record = _rest[(digits + 1)..(length - 1)];
        int equals = record.IndexOf((byte)'=');
        // GNU tar skips blanks in front of a key, others do not
        if (equals <= 0 || record[0] is (byte)' ' or (byte)'\t' || record[..equals].Contains((byte)0))
            throw _place.Refuse("its PAX header has a record without a key");
        Key = record[..equals];
        Value = record[(equals + 1)..];
        _rest = _rest[length..];
        return true;
    }
}
