using System.Text;

namespace OciTools;

/// <summary>A file of an image: of its merged file system, or an entry of one of its layers.</summary>
public sealed record ImageFile
{
    private readonly byte[]? _filePathBytes;

    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The path from the root: <c>/etc/passwd</c>. A byte that is not UTF-8 is written as <c>\xNN</c>.</summary>
    public required string FilePath { get; init; }

    /// <summary>The same path as the bytes that it has in the image.</summary>
    public byte[] FilePathBytes
    {
        get => _filePathBytes ?? Encoding.UTF8.GetBytes(FilePath);
        init => _filePathBytes = value;
    }

    /// <summary>
    /// <c>File</c>, <c>Directory</c>, <c>SymbolicLink</c>, <c>HardLink</c> (another path of a file that is listed before), <c>CharacterDevice</c>,
    /// <c>BlockDevice</c>, <c>Fifo</c>; of a single layer also <c>Whiteout</c> and <c>OpaqueWhiteout</c>.
    /// </summary>
    public required string Type { get; init; }

    /// <summary>The bytes of the content of a regular file; null for everything else, so that sums are right.</summary>
    public long? Size { get; init; }

    /// <summary>The permission bits with setuid, setgid and sticky: 493 is 0755.</summary>
    public int Mode { get; init; }

    /// <summary>The same as <c>ls</c> shows it: <c>-rwxr-xr-x</c>.</summary>
    public string Permissions { get; init; } = "";

    /// <summary>The number of the owner.</summary>
    public long UserId { get; init; }

    /// <summary>The number of the group.</summary>
    public long GroupId { get; init; }

    /// <summary>When the content was changed last, in local time; null where unknown.</summary>
    public DateTime? Modified { get; init; }

    /// <summary>Where a symbolic link points, as it stands there; of a hard link the path that the file is listed under; null for others.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>The device number <c>major:minor</c>; null for what is no device.</summary>
    public string? Device { get; init; }

    /// <summary>The names of the extended attributes, such as <c>security.capability</c>.</summary>
    public IReadOnlyList<string> Attributes { get; init; } = [];

    /// <summary>The sha256 digest of the content; null unless it was asked for.</summary>
    public string? Digest { get; init; }

    /// <summary>The index of the layer that the entry comes from, from the bottom, 0-based; null for a directory that no layer has an entry for.</summary>
    public int? Layer { get; init; }

    /// <summary>The digest of that layer as stored, or its diff id where the place knows no digest.</summary>
    public string? LayerDigest { get; init; }

    /// <summary>The index of the layer that hides the entry; null for one that is visible.</summary>
    public int? HiddenByLayer { get; init; }

    /// <summary>The bytes of contents that this entry hides in the layers below, and that nothing leads to any more: they travel for nothing.</summary>
    public long WastedSize { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
