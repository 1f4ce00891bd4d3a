using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>
/// The body of a request that writes, with its exact length. Bytes that the server does not take for a while end it. It is read again where the
/// connection sends it again: HTTP/2 does so with what the server has not looked at before it ended the connection (RFC 9113, 8.7).
/// </summary>
internal sealed class UploadContent : HttpContent
{
    private const int BlockSize = 256 * 1024;

    // a registry moves and perhaps hashes what it got before it answers
    private static readonly TimeSpan s_answer = TimeSpan.FromMinutes(5);

    private readonly RegistryBody _body;
    private readonly BodyPace _pace;
    private readonly CancellationTokenSource _stalled;
    private Stream _source;
    private int _reads;

    /// <param name="source">The bytes, opened already; closed with this content.</param>
    /// <param name="body">What they are.</param>
    /// <param name="pace">How slowly they may go.</param>
    /// <param name="stalled">Is cancelled when nothing goes any more.</param>
    internal UploadContent(Stream source, RegistryBody body, BodyPace pace, CancellationTokenSource stalled)
    {
        (_source, _body, _pace, _stalled) = (source, body, pace, stalled);
        Headers.ContentType = new MediaTypeHeaderValue(body.MediaType);
        Headers.ContentLength = body.Size;
        if (body.Offset is { } offset) Headers.TryAddWithoutValidation("Content-Range", $"{offset}-{offset + body.Size - 1}");
        stalled.CancelAfter(pace.IdleTimeout);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_reads++ > 0)
        {
            await _source.DisposeAsync().ConfigureAwait(false);
            _source = await _body.OpenAsync(cancellationToken).ConfigureAwait(false);
        }

        Stream source = _source;
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (true)
            {
                // the source has a pace of its own
                _stalled.CancelAfter(Timeout.InfiniteTimeSpan);
                int count = await source.ReadAsync(block, cancellationToken).ConfigureAwait(false);
                if (count == 0) break;
                _stalled.CancelAfter(_pace.IdleTimeout);
                await stream.WriteAsync(block.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }

            _stalled.CancelAfter(s_answer);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Size;
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _source.Dispose();
        base.Dispose(disposing);
    }
}
