using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// A blob on its way into a layout: a file named by its digest, which only the holder of its lock writes, renames or removes. A writing that
/// stops leaves it where it is worth it, and the next one of the same blob goes on behind it.
/// </summary>
internal sealed class PartialBlob : IDisposable
{
    // what is fetched again in no time is not worth a file that lies about
    private const long WorthKeeping = 1024 * 1024;

    private const int BlockSize = 256 * 1024;

    // so often the disk is told to begin; more often costs calls, more seldom leaves it idle at the start and us waiting at the end
    private const long Stride = 8 * 1024 * 1024;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private long _length;
    private long _begun;
    private bool _isWorthless;
    private bool _isCommitted;

    private PartialBlob(SafeFileHandle file, string path) => (_file, _path, _length) = (file, path, RandomAccess.GetLength(file));

    /// <summary>Starts a blob.</summary>
    internal static PartialBlob Create(IngestFolder folder, Digest digest)
    {
        (SafeFileHandle file, string path) = FileLock.Create(() => folder.NewPartial(IngestFolder.PartialName(digest)));
        return new PartialBlob(file, path);
    }

    /// <summary>Takes the longest part of a blob that was left by a writing that stopped; null where there is none.</summary>
    internal static PartialBlob? TryAdopt(IngestFolder folder, Descriptor blob)
    {
        if (blob.Size < WorthKeeping) return null;
        string pattern = $"{IngestFolder.PartialName(blob.GetDigest())}.*{IngestFolder.PartialEnd}";
        foreach (FileInfo left in folder.Files(pattern).Where(file => file.Length >= WorthKeeping && file.Length <= blob.Size).OrderByDescending(file => file.Length))
            if (FileLock.TryOpen(left.FullName) is { } file) return new PartialBlob(file, left.FullName);
        return null;
    }

    /// <summary>Hashes what is there.</summary>
    internal async Task<ContentPrefix> ReadPrefixAsync(Digest digest, CancellationToken cancellationToken)
    {
        IncrementalHash hash = digest.CreateHash();
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            long offset = 0;
            int count;
            while ((count = await RandomAccess.ReadAsync(_file, block, offset, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(block.AsSpan(0, count));
                offset += count;
            }

            _length = offset;
            return new ContentPrefix(offset, hash);
        }
        catch
        {
            hash.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Writes content behind what is there.</summary>
    internal async Task WriteAsync(Stream content, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            int count;
            while ((count = await content.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await AppendAsync(block.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                _length += count;
                if (_length - _begun < Stride) continue;
                DurableFile.Begin(_file, _begun, _length - _begun);
                _begun = _length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Says that what is there is of no use, so that nothing is left.</summary>
    internal void Discard() => _isWorthless = true;

    /// <summary>Puts the blob on the disk and gives it its name; what was there under that name is replaced.</summary>
    internal void Commit(string path)
    {
        try
        {
            DurableFile.Flush(_file, _path);
        }
        catch (IOException)
        {
            _isWorthless = true;
            throw;
        }

        // a reader shares its lock with others, so nobody may find this one under the name of the blob
        if (OperatingSystem.IsWindows()) _file.Dispose();
        else FileLock.Share(_file);
        File.Move(_path, path, overwrite: true);
        _isCommitted = true;
        DurableFile.FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Lets go of the file, and removes it unless it is worth going on with.</summary>
    public void Dispose()
    {
        if (!_isCommitted && (_isWorthless || _length < WorthKeeping)) File.Delete(_path);
        _file.Dispose();
    }

    private async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_file, bytes, _length, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a disk that is full has better use for the room
            _isWorthless = true;
            throw;
        }
    }
}
