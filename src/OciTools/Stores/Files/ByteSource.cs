using Microsoft.Win32.SafeHandles;

namespace OciTools.Stores.Files;

/// <summary>Bytes that can be read at any offset, by several readers at once; closed when the last of those that share them is done.</summary>
internal abstract class ByteSource : IDisposable
{
    private readonly Lock _counting = new();
    private int _sharers = 1;

    internal abstract long Length { get; }

    /// <summary>Whether nobody else can change the bytes: they lie in a temporary file without a name.</summary>
    internal virtual bool IsPrivate => false;

    internal abstract int Read(long offset, Span<byte> buffer);

    internal abstract ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>The same bytes for one more, who disposes of them as well.</summary>
    /// <exception cref="ObjectDisposedException">They are closed.</exception>
    internal ByteSource Share()
    {
        lock (_counting)
        {
            ObjectDisposedException.ThrowIf(_sharers == 0, this);
            _sharers++;
            return this;
        }
    }

    /// <summary>Says that one of the sharers is done.</summary>
    public void Dispose()
    {
        lock (_counting)
        {
            if (--_sharers != 0) return;
        }

        Close();
    }

    private protected abstract void Close();

    /// <summary>The bytes of an open file; closed with the source.</summary>
    internal static ByteSource FromFile(SafeFileHandle handle, string where) => new FileSource(handle, handle, where, isPrivate: false);

    /// <summary>The bytes of a stream of our own that can seek, from its first; closed with the source.</summary>
    internal static ByteSource FromStream(Stream stream, string where)
    {
        if (stream is not FileStream file) return new StreamSource(stream);
        file.Flush();
        return new FileSource(file.SafeFileHandle, file, where, isPrivate: true);
    }

    private sealed class FileSource(SafeFileHandle handle, IDisposable owner, string where, bool isPrivate) : ByteSource
    {
        internal override long Length { get; } = RandomAccess.GetLength(handle);

        internal override bool IsPrivate => isPrivate;

        internal override int Read(long offset, Span<byte> buffer)
        {
            try
            {
                return RandomAccess.Read(handle, buffer, offset);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFile.CannotRead(where, e);
            }
        }

        internal override async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                return await RandomAccess.ReadAsync(handle, buffer, offset, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFile.CannotRead(where, e);
            }
        }

        private protected override void Close() => owner.Dispose();
    }

    private sealed class StreamSource(Stream stream) : ByteSource
    {
        private readonly Lock _lock = new();

        internal override long Length { get; } = stream.Length;

        internal override int Read(long offset, Span<byte> buffer)
        {
            lock (_lock)
            {
                stream.Position = offset;
                return stream.Read(buffer);
            }
        }

        internal override ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(Read(offset, buffer.Span));
        }

        private protected override void Close() => stream.Dispose();
    }
}
