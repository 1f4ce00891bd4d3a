namespace OciTools.Layers.Tar;

/// <summary>Follows a tar that is pushed through it in pieces of any size, and tells of its entries as they pass.</summary>
internal abstract class TarWalker
{
    private readonly TarPlace _place;
    private readonly TarHeaderAssembler _assembler;
    private readonly byte[] _block = new byte[TarBlock.Size];
    private byte[] _metadata = [];
    private int _metadataSize = -1;
    private int _filled;
    private long _data;
    private long _padding;

    /// <param name="what">What the tar is and where it lies, for messages.</param>
    private protected TarWalker(string what)
    {
        _place = new TarPlace(what);
        _assembler = new TarHeaderAssembler(_place);
    }

    /// <summary>How many bytes came so far.</summary>
    internal long Position { get; private set; }

    /// <summary>Whether the end mark came.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Takes the next bytes of the tar.</summary>
    /// <exception cref="MalformedException">The bytes are no tar, or one that readers would read differently (<c>MalformedContent</c>).</exception>
    internal void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int used = HasEnded ? AddAfterEnd(bytes)
                : _data > 0 ? AddData(bytes)
                : _padding > 0 ? SkipPadding(bytes)
                : _metadataSize >= 0 ? AddMetadata(bytes)
                : AddBlock(bytes);
            Position += used;
            bytes = bytes[used..];
        }
    }

    /// <summary>Says that no more bytes come.</summary>
    /// <exception cref="MalformedException">The end mark is missing (<c>MalformedContent</c>).</exception>
    internal void RequireEnd()
    {
        if (!HasEnded) throw _place.Cut(Position);
    }

    /// <summary>
    /// Says that no more bytes come of a tar that is proved in another way: the end mark may be missing, and the zeros behind the content
    /// of the last entry, as in layers that umoci makes; nothing else.
    /// </summary>
    /// <exception cref="MalformedException">The tar ends within an entry (<c>MalformedContent</c>).</exception>
    internal void RequireWholeEntries()
    {
        if (_data > 0 || _filled > 0 || _metadataSize >= 0 || _assembler.IsInEntry) throw _place.CutWithinEntry(Position);
        OnEnd();
    }

    /// <summary>An entry is known in full; its content follows.</summary>
    private protected abstract void OnEntry(TarHeader header);

    /// <summary>Some of the stored content of the entry.</summary>
    private protected virtual void OnData(ReadOnlySpan<byte> data) { }

    /// <summary>The content of the entry has come in full; there may have been none.</summary>
    private protected virtual void OnEntryEnd() { }

    /// <summary>A tar that is proved in another way has come in full.</summary>
    private protected virtual void OnEnd() { }

    private int AddAfterEnd(ReadOnlySpan<byte> bytes) => bytes.ContainsAnyExcept((byte)0) ? throw _place.MoreBytes(Position) : bytes.Length;

    private int AddData(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(bytes.Length, _data);
        _data -= count;
        OnData(bytes[..count]);
        if (_data == 0) OnEntryEnd();
        return count;
    }

    private int SkipPadding(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(bytes.Length, _padding);
        _padding -= count;
        return count;
    }

    private int AddMetadata(ReadOnlySpan<byte> bytes)
    {
        if (_filled == 0 && bytes.Length >= _metadataSize)
        {
            int size = _metadataSize;
            EndMetadata(bytes[..size]);
            return size;
        }

        if (_metadata.Length < _metadataSize) Array.Resize(ref _metadata, _metadataSize);
        int count = Fill(bytes, _metadata.AsSpan(0, _metadataSize));
        if (_filled == _metadataSize) EndMetadata(_metadata.AsSpan(0, _metadataSize));
        return count;
    }

    private void EndMetadata(ReadOnlySpan<byte> metadata)
    {
        _assembler.AddMetadata(metadata);
        _padding = TarBlock.Pad(metadata.Length) - metadata.Length;
        _metadataSize = -1;
        _filled = 0;
    }

    private int AddBlock(ReadOnlySpan<byte> bytes)
    {
        if (_filled == 0 && bytes.Length >= TarBlock.Size)
        {
            TakeBlock(bytes[..TarBlock.Size], Position);
            return TarBlock.Size;
        }

        int count = Fill(bytes, _block);
        if (_filled < TarBlock.Size) return count;
        _filled = 0;
        TakeBlock(_block, Position + count - TarBlock.Size);
        return count;
    }

    private void TakeBlock(ReadOnlySpan<byte> block, long offset)
    {
        switch (_assembler.Add(block, offset))
        {
            case TarHeaderAssembler.Step.Entry:
                TarHeader header = _assembler.Header!;
                _data = header.Size;
                _padding = header.PaddedSize - header.Size;
                OnEntry(header);
                if (_data == 0) OnEntryEnd();
                break;
            case TarHeaderAssembler.Step.Metadata:
                _metadataSize = _assembler.MetadataSize;
                if (_metadataSize == 0) EndMetadata([]);
                break;
            case TarHeaderAssembler.Step.End:
                HasEnded = true;
                break;
        }
    }

    private int Fill(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        int count = Math.Min(bytes.Length, target.Length - _filled);
        bytes[..count].CopyTo(target[_filled..]);
        _filled += count;
        return count;
    }
}
