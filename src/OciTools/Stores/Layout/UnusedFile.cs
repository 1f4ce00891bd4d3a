namespace OciTools.Stores.Layout;

/// <summary>A file of a layout that nothing needs.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Digest">The digest of the blob that it is, or is a part of; null for other files.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Written">When it was last written, in UTC.</param>
internal sealed record UnusedFile(string Path, RemovedKind Kind, Digest? Digest, long Size, DateTime Written)
{
    internal static UnusedFile Of(FileInfo file, RemovedKind kind, Digest? digest) => new(file.FullName, kind, digest, file.Length, file.LastWriteTimeUtc);

    /// <summary>Whether the file is the one that was found, as far as one can see.</summary>
    internal bool IsSame()
    {
        FileInfo now = new(Path);
        return now.Exists && now.Length == Size && now.LastWriteTimeUtc == Written && (now.Attributes & FileAttributes.ReparsePoint) == 0;
    }
}
