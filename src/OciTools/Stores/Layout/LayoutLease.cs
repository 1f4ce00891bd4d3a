using System.Text;
using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// Says which blobs a running writer counts on, before anything names them: a file of digests, locked as long as the writer lives. It can
/// only keep blobs from being cleared, so nothing in it has to be trusted; without its lock it means nothing.
/// </summary>
internal sealed class LayoutLease : IDisposable
{
    private readonly IngestFolder _folder;
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly HashSet<string> _claimed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private long _length;

    private LayoutLease(IngestFolder folder, SafeFileHandle file, string path) => (_folder, _file, _path) = (folder, file, path);

    /// <summary>Takes a lease; the folder is there.</summary>
    internal static LayoutLease Take(IngestFolder folder)
    {
        (SafeFileHandle file, string path) = FileLock.Create(folder.NewLease);
        return new LayoutLease(folder, file, path);
    }

    /// <summary>
    /// Claims a blob. Whoever finds it in its place afterwards, or puts it there, finds it there until the lease ends: clearing happens
    /// wholly before, so that the blob is gone, or it sees the claim.
    /// </summary>
    internal async Task ClaimAsync(Digest digest, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_claimed.Contains(digest.ToString())) return;
            using SafeFileHandle held = await FileLock.TakeAsync(_folder.SweepLock, isShared: true, cancellationToken).ConfigureAwait(false);
            byte[] line = Encoding.ASCII.GetBytes(digest + "\n");
            RandomAccess.Write(_file, line, _length);
            _length += line.Length;
            _claimed.Add(digest.ToString());
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Ends the lease.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // without its lock it means nothing, and clearing takes it away
        }

        _file.Dispose();
        _gate.Dispose();
    }
}
