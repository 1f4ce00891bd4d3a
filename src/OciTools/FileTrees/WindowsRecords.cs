using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>The PAX records in which layers of Windows keep attributes, security descriptors and times of creation.</summary>
internal static class WindowsRecords
{
    internal static IReadOnlyList<TarAttribute> Of(TarHeader header, string what)
    {
        if (header.Pax.IsEmpty) return [];
        List<TarAttribute>? found = null;
        PaxRecords records = new(header.Pax.Span, what);
        while (records.MoveNext())
            if (records.Key.StartsWith("MSWINDOWS."u8)) (found ??= []).Add(new TarAttribute(records.Key.ToArray(), records.Value.ToArray()));
        return found ?? [];
    }
}
