using System.Text;

namespace OciTools.Layers.Tar;

/// <summary>One entry of a tar as its headers describe it. Names are the raw bytes of the archive; no encoding is assumed.</summary>
internal sealed record TarHeader
{
    /// <summary>The kind of the entry.</summary>
    internal required TarEntryKind Kind { get; init; }

    /// <summary>The type flag as it stands in the header.</summary>
    internal required byte TypeFlag { get; init; }

    /// <summary>The name, from PAX, GNU long name, or name and prefix.</summary>
    internal required ReadOnlyMemory<byte> RawName { get; init; }

    /// <summary>The target of a link, from PAX, GNU long link, or the header; empty for none.</summary>
    internal required ReadOnlyMemory<byte> RawLink { get; init; }

    /// <summary>How many bytes of data follow in the archive.</summary>
    internal required long Size { get; init; }

    /// <summary>Where the data starts in the archive.</summary>
    internal required long DataOffset { get; init; }

    /// <summary>Whether the data is a sparse file in one of GNU's four forms, and not the content itself.</summary>
    internal bool IsSparse { get; init; }

    /// <summary>The records of the PAX header before the entry; empty for none.</summary>
    internal ReadOnlyMemory<byte> Pax { get; init; }

    /// <summary>The name as text; what is not UTF-8 becomes U+FFFD.</summary>
    internal string Name => Encoding.UTF8.GetString(RawName.Span);

    /// <summary>The target as text; what is not UTF-8 becomes U+FFFD.</summary>
    internal string Link => Encoding.UTF8.GetString(RawLink.Span);

    /// <summary>The data with its padding to whole blocks.</summary>
    internal long PaddedSize => TarBlock.Pad(Size);
}
