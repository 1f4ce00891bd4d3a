using System.Text;
using OciTools.Layers.Tar;

namespace OciTools.Stores.Files;

/// <summary>Writes an archive of regular files front to back. The same files give the same bytes: no entry has a time or an owner.</summary>
/// <param name="output">Where the archive goes; not closed with this writer.</param>
internal sealed class TarOutput(Stream output)
{
    private const int FileMode = 0x1A4; // 0644
    private const int FolderMode = 0x1ED; // 0755

    /// <summary>Writes a directory.</summary>
    internal ValueTask WriteFolderAsync(string name, CancellationToken cancellationToken) =>
        output.WriteAsync(Header(name, TarEntryKind.Directory, FolderMode, 0), cancellationToken);

    /// <summary>Writes a small file.</summary>
    internal Task WriteFileAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        WriteFileAsync(name, content.Length, (stream, token) => stream.WriteAsync(content, token).AsTask(), cancellationToken);

    /// <summary>Writes a file.</summary>
    /// <param name="name">Its path in the archive.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <param name="write">Writes exactly so many bytes.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    internal async Task WriteFileAsync(string name, long size, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await output.WriteAsync(Header(name, TarEntryKind.File, FileMode, size), cancellationToken).ConfigureAwait(false);
        CountingOutput counted = new(output, size, name);
        await using (counted.ConfigureAwait(false))
        {
            await write(counted, cancellationToken).ConfigureAwait(false);
            counted.RequireAll();
        }

        await output.WriteAsync(new byte[(int)(TarBlock.Pad(size) - size)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the end mark.</summary>
    internal async Task EndAsync(CancellationToken cancellationToken)
    {
        await output.WriteAsync(new byte[2 * TarBlock.Size], cancellationToken).ConfigureAwait(false);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Header(string name, TarEntryKind kind, int mode, long size) =>
        TarWriter.HeaderOf(new TarHeader { Kind = kind, RawName = Encoding.UTF8.GetBytes(name), Mode = mode, Size = size });

    // a size that is not kept would shift everything behind it
    private sealed class CountingOutput(Stream inner, long size, string name) : WriteOnlyStream
    {
        private long _count;

        internal void RequireAll()
        {
            if (_count != size) throw Wrong();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Count(buffer.Length);
            return inner.WriteAsync(buffer, cancellationToken);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Count(buffer.Length);
            inner.Write(buffer);
        }

        public override void Flush() => inner.Flush();

        private void Count(int count)
        {
            _count += count;
            if (_count > size) throw Wrong();
        }

        private IntegrityException Wrong() => ErrorCatalogue.SizeMismatch.Mismatch(
            $"'{name}' must have {size} bytes and has {(_count > size ? "more" : $"{_count}")}.", $"{size}", $"{_count}");
    }
}
