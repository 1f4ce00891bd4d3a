using System.Buffers.Text;

namespace OciTools.Layers.Tar;

/// <summary>Walks the records of a PAX header: <c>length SP key=value LF</c> each (POSIX.1-2017, pax Header Block).</summary>
internal ref struct PaxRecords
{
    private readonly string _what;
    private ReadOnlySpan<byte> _rest;

    internal PaxRecords(ReadOnlySpan<byte> bytes, string what)
    {
        _rest = bytes;
        _what = what;
    }

    internal ReadOnlySpan<byte> Key { get; private set; }

    internal ReadOnlySpan<byte> Value { get; private set; }

    internal bool MoveNext()
    {
        if (_rest.IsEmpty) return false;
        if (!Utf8Parser.TryParse(_rest, out int length, out int digits) || digits > 10 || _rest[0] is (byte)'+' or (byte)'-'
            || length <= digits + 1 || length > _rest.Length || _rest[digits] != ' ' || _rest[length - 1] != '\n')
            throw ErrorCatalogue.MalformedContent.Error($"{_what} has a PAX header whose records do not add up.");

        ReadOnlySpan<byte> record = _rest[(digits + 1)..(length - 1)];
        int equals = record.IndexOf((byte)'=');
        if (equals <= 0) throw ErrorCatalogue.MalformedContent.Error($"{_what} has a PAX record without a key.");
        Key = record[..equals];
        Value = record[(equals + 1)..];
        _rest = _rest[length..];
        return true;
    }
}
