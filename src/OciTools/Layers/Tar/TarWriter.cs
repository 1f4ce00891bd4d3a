using System.Buffers;

namespace OciTools.Layers.Tar;

/// <summary>
/// Writes a tar: ustar headers where an entry fits into them, PAX headers where it does not (POSIX.1-2017, pax Interchange Format).
/// The same entries give the same bytes.
/// </summary>
/// <remarks>
/// For each entry <see cref="WriteHeader"/>, then exactly <see cref="TarHeader.Size"/> bytes through <see cref="WriteData"/> in pieces of
/// any size, then <see cref="EndEntry"/>; <see cref="End"/> after the last. It writes synchronously: bytes come from memory and go to a file.
/// </remarks>
internal sealed class TarWriter : IDisposable
{
    private const int BufferSize = 128 * 1024;

    private readonly Stream _output;
    private readonly PaxWriter _pax = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _filled;
    private long _left;
    private int _padding;

    /// <param name="output">Where the tar goes; not closed by this writer.</param>
    internal TarWriter(Stream output) => _output = output;

    /// <summary>The headers of an entry by themselves, for whoever writes its content in another way.</summary>
    internal static byte[] HeaderOf(TarHeader header)
    {
        MemoryStream bytes = new();
        using TarWriter writer = new(bytes);
        writer.WriteHeader(header);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>How many bytes of tar were made so far.</summary>
    internal long Position { get; private set; }

    /// <summary>Writes the headers of an entry. Nothing is taken from <see cref="TarHeader.TypeFlag"/>, but for <see cref="TarEntryKind.Other"/>, nor from <see cref="TarHeader.DataOffset"/>.</summary>
    /// <exception cref="ArgumentException">The entry cannot stand in a tar: no name, a NUL in it, content where none may be.</exception>
    internal void WriteHeader(TarHeader header)
    {
        RequireEntryEnd();
        Check(header);
        _pax.Clear();
        Span<byte> block = stackalloc byte[TarBlock.Size];
        TarBlockWriter.Compose(block, header, _pax);
        long size = header.Size;
        if (header.IsSparse) size += _pax.AddSparse(header);
        TarBlockWriter.PutSize(block, size, _pax);
        foreach (TarAttribute attribute in header.Attributes) _pax.AddAttribute(attribute);
        foreach (TarAttribute record in header.PlatformRecords) _pax.AddText(record.Name.Span, record.Value.Span);

        if (_pax.Length > 0)
        {
            Span<byte> extended = stackalloc byte[TarBlock.Size];
            TarBlockWriter.ComposePax(extended, _pax.Length);
            Put(extended);
            Put(_pax.Records);
            Pad(_pax.Length);
        }

        TarBlockWriter.PutChecksum(block);
        Put(block);
        Put(_pax.SparseMap);
        _left = header.Size;
        _padding = (int)(TarBlock.Pad(header.Size) - header.Size);
    }

    /// <summary>Writes stored content of the entry; of a sparse file, its segments back to back.</summary>
    internal void WriteData(ReadOnlySpan<byte> data)
    {
        if (data.Length > _left) throw new InvalidOperationException("An entry of a tar has more content than its header says.");
        _left -= data.Length;
        Put(data);
    }

    /// <summary>Ends the entry.</summary>
    internal void EndEntry()
    {
        if (_left != 0) throw new InvalidOperationException("An entry of a tar has less content than its header says.");
        PutZeros(_padding);
        _padding = 0;
    }

    /// <summary>Writes the end mark, and hands all bytes to the output.</summary>
    internal void End()
    {
        RequireEntryEnd();
        PutZeros(2 * TarBlock.Size);
        Flush();
        _output.Flush();
    }

    /// <summary>Gives back the memory. What was not written by <see cref="End"/> is lost.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void RequireEntryEnd()
    {
        if (_left != 0 || _padding != 0) throw new InvalidOperationException("The entry before was not ended.");
    }

    private static void Check(TarHeader header)
    {
        ReadOnlySpan<byte> name = header.RawName.Span;
        if (name.IsEmpty || name.Contains((byte)0) || header.RawLink.Span.Contains((byte)0)) throw new ArgumentException("A name in a tar has at least one byte, and no NUL.", nameof(header));
        bool isFile = header.Kind is TarEntryKind.File or TarEntryKind.Other;
        if (!isFile && (header.Size != 0 || header.IsSparse)) throw new ArgumentException($"A {header.Kind} has no content.", nameof(header));
        if (header.Kind == TarEntryKind.File && name[^1] == '/') throw new ArgumentException("A file whose name ends in a slash is a directory to readers of tars.", nameof(header));
        if (header.Size < 0 || header.ModifiedNanoseconds is < 0 or > 999_999_999) throw new ArgumentException("A size or a time is out of range.", nameof(header));
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Position += bytes.Length;
        if (bytes.Length > _buffer.Length - _filled)
        {
            Flush();
            if (bytes.Length >= _buffer.Length)
            {
                _output.Write(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_filled));
        _filled += bytes.Length;
    }

    private void PutZeros(int count)
    {
        if (count > _buffer.Length - _filled) Flush();
        _buffer.AsSpan(_filled, count).Clear();
        _filled += count;
        Position += count;
    }

    private void Pad(int size) => PutZeros((int)(TarBlock.Pad(size) - size));

    private void Flush()
    {
        _output.Write(_buffer, 0, _filled);
        _filled = 0;
    }
}
