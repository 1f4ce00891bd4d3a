using System.Buffers;

namespace OciTools.Layers.Tar;

/// <summary>Reads the entries of a tar from a stream, one after the other. Data that nobody asks for is sought over, or read where that is impossible.</summary>
internal sealed class TarHeaderReader
{
    private const int SkipSize = 128 * 1024;

    private readonly Stream _stream;
    private readonly TarPlace _place;
    private readonly TarHeaderAssembler _assembler;
    private readonly byte[] _block = new byte[TarBlock.Size];
    private long _position;
    private long _data;
    private long _padding;
    private byte[] _metadata = [];

    /// <param name="stream">The archive from its first byte; not closed by this reader.</param>
    /// <param name="what">What the archive is and where it lies, for messages.</param>
    internal TarHeaderReader(Stream stream, string what)
    {
        _stream = stream;
        _place = new TarPlace(what);
        _assembler = new TarHeaderAssembler(_place);
    }

    /// <summary>The next entry; null after the end mark. An archive that ends without it is an error.</summary>
    internal async ValueTask<TarHeader?> ReadNextAsync(CancellationToken cancellationToken)
    {
        await SkipAsync(_data + _padding, cancellationToken).ConfigureAwait(false);
        _data = _padding = 0;
        while (true)
        {
            long offset = _position;
            await FillAsync(_block, cancellationToken).ConfigureAwait(false);
            switch (_assembler.Add(_block, offset))
            {
                case TarHeaderAssembler.Step.Entry:
                    _data = _assembler.Header!.Size;
                    _padding = _assembler.Header.PaddedSize - _data;
                    return _assembler.Header;
                case TarHeaderAssembler.Step.Metadata:
                    await ReadMetadataAsync(_assembler.MetadataSize, cancellationToken).ConfigureAwait(false);
                    break;
                case TarHeaderAssembler.Step.End:
                    return null;
            }
        }
    }

    /// <summary>Reads data of the current entry; 0 at its end.</summary>
    internal async ValueTask<int> ReadDataAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int wanted = (int)Math.Min(buffer.Length, _data);
        if (wanted == 0) return 0;
        int count = await _stream.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        if (count == 0) throw Cut();
        _position += count;
        _data -= count;
        return count;
    }

    /// <summary>Reads what follows the end mark, which must be zeros: with anything else, readers that go on see more entries than those that stop.</summary>
    internal async Task RequireNothingMoreAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SkipSize);
        try
        {
            int count;
            while ((count = await _stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (buffer.AsSpan(0, count).ContainsAnyExcept((byte)0)) throw _place.MoreBytes(_position);
                _position += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask ReadMetadataAsync(int size, CancellationToken cancellationToken)
    {
        if (_metadata.Length < size) _metadata = new byte[size];
        await FillAsync(_metadata.AsMemory(0, size), cancellationToken).ConfigureAwait(false);
        await SkipAsync(TarBlock.Pad(size) - size, cancellationToken).ConfigureAwait(false);
        _assembler.AddMetadata(_metadata.AsSpan(0, size));
    }

    private async ValueTask FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int count = await _stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        _position += count;
        if (count < buffer.Length) throw Cut();
    }

    private async ValueTask SkipAsync(long length, CancellationToken cancellationToken)
    {
        if (length == 0) return;
        if (_stream.CanSeek)
        {
            if (length > _stream.Length - _position) throw Cut();
            _position += length;
            _stream.Position = _position;
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(SkipSize);
        try
        {
            while (length > 0)
            {
                int count = await _stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)), cancellationToken).ConfigureAwait(false);
                if (count == 0) throw Cut();
                _position += count;
                length -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private OciException Cut() => _place.Cut(_position);
}
