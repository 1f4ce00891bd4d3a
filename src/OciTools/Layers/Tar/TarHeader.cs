using System.Text;

namespace OciTools.Layers.Tar;

/// <summary>One entry of a tar as its headers describe it. Names are the raw bytes of the archive; no encoding is assumed.</summary>
internal sealed record TarHeader
{
    /// <summary>The kind of the entry.</summary>
    internal required TarEntryKind Kind { get; init; }

    /// <summary>The type flag as it stands in the header; a writer takes it from <see cref="Kind"/>, except for <see cref="TarEntryKind.Other"/>.</summary>
    internal byte TypeFlag { get; init; }

    /// <summary>The name, from PAX, GNU long name, or name and prefix.</summary>
    internal required ReadOnlyMemory<byte> RawName { get; init; }

    /// <summary>The target of a link, from PAX, GNU long link, or the header; empty for none.</summary>
    internal ReadOnlyMemory<byte> RawLink { get; init; }

    /// <summary>The permissions with setuid, setgid and sticky bit; the bits of 07777 and no others.</summary>
    internal int Mode { get; init; }

    /// <summary>The owner's number.</summary>
    internal uint UserId { get; init; }

    /// <summary>The group's number.</summary>
    internal uint GroupId { get; init; }

    /// <summary>The owner's name; empty for none.</summary>
    internal ReadOnlyMemory<byte> RawUserName { get; init; }

    /// <summary>The group's name; empty for none.</summary>
    internal ReadOnlyMemory<byte> RawGroupName { get; init; }

    /// <summary>When the content was changed, in whole seconds since 1970, rounded down.</summary>
    internal long ModifiedSeconds { get; init; }

    /// <summary>What to add to <see cref="ModifiedSeconds"/>, 0 to 999,999,999: half a second before 1970 is -1 s and 500,000,000 ns.</summary>
    internal int ModifiedNanoseconds { get; init; }

    /// <summary>The major number of a device; 0 for anything else.</summary>
    internal uint DeviceMajor { get; init; }

    /// <summary>The minor number of a device; 0 for anything else.</summary>
    internal uint DeviceMinor { get; init; }

    /// <summary>How many bytes of content are stored in the archive. For a sparse file they are its <see cref="Segments"/> back to back.</summary>
    internal long Size { get; init; }

    /// <summary>How many bytes the file has: more than <see cref="Size"/> if it is sparse.</summary>
    internal long RealSize { get => IsSparse ? field : Size; init; }

    /// <summary>Where the stored content starts in the archive.</summary>
    internal long DataOffset { get; init; }

    /// <summary>Whether only pieces of the file are stored, in one of GNU's four forms.</summary>
    internal bool IsSparse { get; init; }

    /// <summary>The stored pieces of a sparse file, in order; together they have <see cref="Size"/> bytes. Empty for any other file.</summary>
    internal IReadOnlyList<SparseSegment> Segments { get; init; } = [];

    /// <summary>The extended attributes; each name stands there once.</summary>
    internal IReadOnlyList<TarAttribute> Attributes { get; init; } = [];

    /// <summary>
    /// The PAX records that layers of Windows keep a file's other properties in, by their whole keys: <c>MSWINDOWS.fileattr</c>,
    /// <c>MSWINDOWS.rawsd</c> and the like, and <c>LIBARCHIVE.creationtime</c>. Each key stands there once.
    /// </summary>
    internal IReadOnlyList<TarAttribute> PlatformRecords { get; init; } = [];

    /// <summary>The name as text; what is not UTF-8 becomes U+FFFD.</summary>
    internal string Name => Encoding.UTF8.GetString(RawName.Span);

    /// <summary>The target as text; what is not UTF-8 becomes U+FFFD.</summary>
    internal string Link => Encoding.UTF8.GetString(RawLink.Span);

    /// <summary>The stored content with its padding to whole blocks.</summary>
    internal long PaddedSize => TarBlock.Pad(Size);
}
