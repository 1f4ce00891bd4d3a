using System.Buffers;
using System.Buffers.Text;

namespace OciTools.Layers.Tar;

/// <summary>Collects the extended attributes of one PAX header.</summary>
internal sealed class PaxAttributes(TarPlace place)
{
    private readonly List<(TarAttribute Attribute, bool IsEncoded)> _attributes = [];

    internal void Clear() => _attributes.Clear();

    /// <summary>All that came.</summary>
    internal IReadOnlyList<TarAttribute> ToList()
    {
        if (_attributes.Count == 0) return [];
        TarAttribute[] list = new TarAttribute[_attributes.Count];
        for (int i = 0; i < list.Length; i++) list[i] = _attributes[i].Attribute;
        return list;
    }

    /// <summary>Takes <c>SCHILY.xattr.NAME</c>: the value is raw; GNU tar writes <c>=</c> in the name as <c>%3D</c> and <c>%</c> as <c>%25</c>.</summary>
    internal void AddRaw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Add(name.Contains((byte)'%') ? Unescape(name, onlyOfGnu: true) : name.ToArray(), value.ToArray(), isEncoded: false);

    /// <summary>Takes a name and a value as they are.</summary>
    internal void AddPlain(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add(name.ToArray(), value.ToArray(), isEncoded: false);

    /// <summary>Takes <c>LIBARCHIVE.xattr.NAME</c>: the name is URL-encoded, the value base64 without padding.</summary>
    internal void AddEncoded(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add(Unescape(name, onlyOfGnu: false), FromBase64(value), isEncoded: true);

    private void Add(byte[] name, byte[] value, bool isEncoded)
    {
        if (name.Length == 0 || name.AsSpan().Contains((byte)0)) throw place.Refuse("it has an extended attribute without a name");
        TarAttribute attribute = new(name, value);
        for (int i = 0; i < _attributes.Count; i++)
        {
            (TarAttribute other, bool otherEncoded) = _attributes[i];
            if (!other.Name.Span.SequenceEqual(name)) continue;
            // a reader that knows one of the two forms only would see another value
            if (isEncoded != otherEncoded && !other.Value.Span.SequenceEqual(value))
                throw place.Refuse("the two forms of an extended attribute have different values");
            _attributes[i] = (attribute, isEncoded && otherEncoded);
            return;
        }

        if (_attributes.Count == Limits.TarAttributes)
            throw place.TooMany("extended attributes", Limits.TarAttributes);
        _attributes.Add((attribute, isEncoded));
    }

    private static byte[] Unescape(ReadOnlySpan<byte> text, bool onlyOfGnu)
    {
        byte[] result = new byte[text.Length];
        int count = 0;
        while (!text.IsEmpty)
        {
            Span<byte> one = result.AsSpan(count++, 1);
            bool isEscape = text[0] == '%' && text.Length >= 3
                && (!onlyOfGnu || text.StartsWith("%3D"u8) || text.StartsWith("%25"u8))
                && Convert.FromHexString(text.Slice(1, 2), one, out _, out _) == OperationStatus.Done;
            if (!isEscape) one[0] = text[0];
            text = text[(isEscape ? 3 : 1)..];
        }

        return result[..count];
    }

    private byte[] FromBase64(ReadOnlySpan<byte> text)
    {
        byte[] padded = new byte[(text.Length + 3) / 4 * 4];
        padded.AsSpan().Fill((byte)'=');
        text.CopyTo(padded);
        if (Base64.DecodeFromUtf8InPlace(padded, out int count) != OperationStatus.Done) throw place.Refuse("an extended attribute is no base64");
        return padded[..count];
    }
}
