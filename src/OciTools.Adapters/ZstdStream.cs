using ZstdSharp;
using ZstdSharp.Unsafe;

namespace OciTools.Adapters;

/// <summary>Inflates zstd frames one after the other. What the decoder throws becomes <see cref="InvalidDataException"/>.</summary>
internal sealed class ZstdStream : ReadOnlyStream
{
    private readonly DecompressionStream _frames;

    internal ZstdStream(Stream compressed)
    {
        _frames = new DecompressionStream(compressed, bufferSize: 128 * 1024, checkEndOfStream: true, leaveOpen: false);
        _frames.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, Limits.ZstdWindowLog);
    }

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return _frames.Read(buffer);
        }
        catch (ZstdException e)
        {
            throw Damaged(e);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _frames.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (ZstdException e)
        {
            throw Damaged(e);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _frames.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _frames.Dispose();
        base.Dispose(disposing);
    }

    private static InvalidDataException Damaged(ZstdException e) => new("The zstd data is damaged, or needs a larger window than is allowed.", e);
}
