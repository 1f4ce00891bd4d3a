using System.Buffers;
using OciTools.FileTrees;
using OciTools.Layers.Tar;
using OciTools.Stores.Files;

namespace OciTools.Operations.Files;

/// <summary>
/// Keeps the stored contents of the files of one layer in a temporary file, one behind the other. From then on the offset of an entry
/// is the one in that file.
/// </summary>
internal sealed class SpooledContents : IFileContents
{
    private const int BufferSize = 256 * 1024;

    private readonly LayerEntries _entries;
    private readonly string? _folder;
    private byte[]? _buffer;
    private FileStream? _file;
    private int _buffered;
    private long _length;

    /// <param name="entries">The entries of the layer.</param>
    /// <param name="folder">Where the temporary file lies; null for the folder of temporary files.</param>
    internal SpooledContents(LayerEntries entries, string? folder)
    {
        _entries = entries;
        _folder = folder;
    }

    /// <inheritdoc/>
    public bool Begin(int index, TarHeader header)
    {
        _entries[index].DataOffset = _length + _buffered;
        return header.Size > 0;
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (_buffered + data.Length > BufferSize) Flush();
        if (data.Length >= BufferSize)
        {
            Put(data);
            return;
        }

        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        data.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += data.Length;
    }

    /// <inheritdoc/>
    public void End()
    {
    }

    /// <inheritdoc/>
    public void Finish()
    {
        Flush();
        GiveBack();
    }

    /// <summary>Reads stored content, after the layer has ended.</summary>
    internal void Read(long offset, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int count = RandomAccess.Read(_file!.SafeFileHandle, target, offset);
            if (count == 0) throw Spool.CannotWrite(new EndOfStreamException("It is shorter than what was written to it."));
            offset += count;
            target = target[count..];
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GiveBack();
        return _file?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void GiveBack()
    {
        if (_buffer is null) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private void Flush()
    {
        if (_buffered == 0) return;
        int count = _buffered;
        _buffered = 0;
        Put(_buffer.AsSpan(0, count));
    }

    private void Put(ReadOnlySpan<byte> data)
    {
        _file ??= Spool.Create(_folder);
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, data, _length);
        }
        catch (IOException e)
        {
            throw Spool.CannotWrite(e);
        }

        _length += data.Length;
    }
}
