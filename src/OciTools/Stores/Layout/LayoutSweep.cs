using System.Text;
using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// Finds and removes what nothing in a layout needs, beside writers that run: what they have claimed stays, and so does what they write.
/// </summary>
internal sealed class LayoutSweep
{
    private static readonly string[] s_algorithms = ["sha256", "sha384", "sha512"];

    private readonly IContentFiles _files;
    private readonly IngestFolder _folder;
    private readonly LayoutIndexFile _index;
    private readonly LayoutMarks _marks;

    internal LayoutSweep(IContentFiles files)
    {
        _files = files;
        _folder = new IngestFolder(files.Where);
        _index = new LayoutIndexFile(files, _folder);
        _marks = new LayoutMarks(files);
    }

    /// <summary>Finds what nothing needs now. Nothing is written.</summary>
    /// <exception cref="OciException">It cannot be told, since a document is missing or damaged.</exception>
    internal async Task<IReadOnlyList<UnusedFile>> FindAsync(CancellationToken cancellationToken)
    {
        await MarkAsync(cancellationToken).ConfigureAwait(false);
        HashSet<string> claimed = Claimed();
        List<UnusedFile> unused = [.. Blobs().Where(blob => !_marks.Has(blob.Digest!) && !claimed.Contains(blob.Digest!.ToString()))];
        foreach (FileInfo file in _folder.Files("*" + IngestFolder.PartialEnd))
        {
            Digest? digest = IngestFolder.DigestOf(file.Name);
            if (!FileLock.IsHeld(file.FullName)) unused.Add(UnusedFile.Of(file, digest is null ? RemovedKind.Leftover : RemovedKind.PartialBlob, digest));
        }

        foreach (FileInfo file in _folder.Files("*" + IngestFolder.LeaseEnd))
            if (!FileLock.IsHeld(file.FullName)) unused.Add(UnusedFile.Of(file, RemovedKind.Leftover, null));
        return unused;
    }

    /// <summary>Removes what was found, as far as nothing needs it now either.</summary>
    /// <param name="found">What was found.</param>
    /// <param name="removed">Gets each file that was removed.</param>
    /// <param name="failed">Gets each file that the disk does not let go of, and why; the others go on.</param>
    /// <param name="cancellationToken">Stops between two files.</param>
    /// <exception cref="OciException">It cannot be told any more; then nothing is removed.</exception>
    internal async Task RemoveAsync(IEnumerable<UnusedFile> found, Action<UnusedFile> removed, Action<UnusedFile, Exception> failed, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_folder.Path);
        using SafeFileHandle index = await _index.LockAsync(cancellationToken).ConfigureAwait(false);
        using SafeFileHandle sweep = await FileLock.TakeAsync(_folder.SweepLock, isShared: false, cancellationToken).ConfigureAwait(false);
        await MarkAsync(cancellationToken).ConfigureAwait(false);
        HashSet<string> claimed = Claimed();
        foreach (UnusedFile file in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool isGone;
            try
            {
                isGone = file.Kind == RemovedKind.Blob
                    ? !_marks.Has(file.Digest!) && !claimed.Contains(file.Digest!.ToString()) && RemoveIfSame(file)
                    : RemoveIfFree(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failed(file, e);
                continue;
            }

            if (isGone) removed(file);
        }
    }

    private async Task MarkAsync(CancellationToken cancellationToken) =>
        await _marks.AddAsync(await LayoutContent.ReadIndexAsync(_files, _files.Where, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private IEnumerable<UnusedFile> Blobs()
    {
        foreach (string algorithm in s_algorithms)
        {
            DirectoryInfo folder = new(Path.Join(_files.Where, "blobs", algorithm));
            if (!folder.Exists) continue;
            if (((folder.Attributes | folder.Parent!.Attributes) & FileAttributes.ReparsePoint) != 0)
                throw ErrorCatalogue.MalformedContent.Error($"'{DisplayText.Excerpt(folder.FullName)}' is a link; a layout holds its blobs itself, and what lies outside it is not cleared.");

            // what is no blob by its name is not ours to judge
            foreach (FileInfo file in folder.EnumerateFiles())
                if (Digest.TryParse($"{algorithm}:{file.Name}", out Digest? digest) && (file.Attributes & FileAttributes.ReparsePoint) == 0)
                    yield return UnusedFile.Of(file, RemovedKind.Blob, digest);
        }
    }

    // the digests that writers count on which run now
    private HashSet<string> Claimed()
    {
        HashSet<string> claimed = new(StringComparer.Ordinal);
        foreach (FileInfo file in _folder.Files("*" + IngestFolder.LeaseEnd))
        {
            if (!FileLock.IsHeld(file.FullName)) continue;
            using SafeFileHandle? lease = FileLock.OpenLocked(file.FullName);
            if (lease is null) continue;
            using StreamReader lines = new(new FileStream(lease, FileAccess.Read, bufferSize: 0), Encoding.ASCII);
            while (lines.ReadLine() is { } line) claimed.Add(line);
        }

        return claimed;
    }

    private static bool RemoveIfSame(UnusedFile file)
    {
        if (!file.IsSame()) return false;
        File.Delete(file.Path);
        return true;
    }

    private static bool RemoveIfFree(UnusedFile file)
    {
        using SafeFileHandle? held = FileLock.TryOpen(file.Path);
        return held is not null && RemoveIfSame(file);
    }
}
