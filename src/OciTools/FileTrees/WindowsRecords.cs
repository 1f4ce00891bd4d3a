using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>The PAX records in which layers of Windows keep attributes, security descriptors and times of creation.</summary>
internal static class WindowsRecords
{
    internal static IReadOnlyList<TarAttribute> Of(TarHeader header, string what)
    {
        _ = header; _ = what;
        return [];
    }
}
