namespace OciTools.Layers.Tar;

/// <summary>Follows a tar that passes by, to know whether it has come to its end mark.</summary>
internal sealed class TarEndWatcher
{
    private readonly string _what;
    private readonly TarHeaderAssembler _assembler;
    private readonly byte[] _block = new byte[TarBlock.Size];
    private byte[]? _metadata;
    private long _metadataOffset;
    private int _filled;
    private long _skip;
    private long _position;
    private bool _ended;

    internal TarEndWatcher(string what)
    {
        _what = what;
        _assembler = new TarHeaderAssembler(what);
    }

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int used = _ended ? AddAfterEnd(bytes)
                : _skip > 0 ? Skip(bytes)
                : _metadata is not null ? AddMetadata(bytes)
                : AddBlock(bytes);
            _position += used;
            bytes = bytes[used..];
        }
    }

    internal void RequireEnd()
    {
        if (!_ended)
            throw ErrorCatalogue.MalformedContent.Error($"{_what} is cut short: it ends at byte {_position} without the end mark of a tar.");
    }

    private int AddAfterEnd(ReadOnlySpan<byte> bytes) => bytes.ContainsAnyExcept((byte)0)
        ? throw ErrorCatalogue.MalformedContent.Error($"{_what} has bytes after the end mark of the tar, near byte {_position}.")
        : bytes.Length;

    private int Skip(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(bytes.Length, _skip);
        _skip -= count;
        return count;
    }

    private int AddMetadata(ReadOnlySpan<byte> bytes)
    {
        int count = Fill(bytes, _metadata);
        if (_filled == _metadata!.Length) EndMetadata();
        return count;
    }

    private void EndMetadata()
    {
        _assembler.AddMetadata(_metadata, _metadataOffset);
        _skip = TarBlock.Pad(_metadata!.Length) - _metadata.Length;
        _metadata = null;
        _filled = 0;
    }

    private int AddBlock(ReadOnlySpan<byte> bytes)
    {
        int count = Fill(bytes, _block);
        if (_filled < TarBlock.Size) return count;
        _filled = 0;
        long offset = _position + count - TarBlock.Size;
        switch (_assembler.Add(_block, offset))
        {
            case TarHeaderAssembler.Step.Entry:
                _skip = _assembler.Header!.PaddedSize;
                break;
            case TarHeaderAssembler.Step.Metadata:
                _metadata = new byte[_assembler.MetadataSize];
                _metadataOffset = offset;
                if (_metadata.Length == 0) EndMetadata();
                break;
            case TarHeaderAssembler.Step.End:
                _ended = true;
                break;
        }

        return count;
    }

    private int Fill(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        int count = Math.Min(bytes.Length, target.Length - _filled);
        bytes[..count].CopyTo(target[_filled..]);
        _filled += count;
        return count;
    }
}
