using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>
/// A blob that goes on after its connection broke: the registry is asked again, for a fresh redirect and token, from the first byte that was not
/// delivered yet. The bytes are not proved here.
/// </summary>
internal sealed class BlobStream : AsyncReadStream
{
    private const long Progress = 1024 * 1024;
    private const int MostTries = 5;

    private readonly RegistryClient _client;
    private readonly RegistryRequest _request;
    private readonly long _size;
    private HttpResponseMessage? _response;
    private Uri _address;
    private Stream? _body;
    private long _position;
    private long _progressFrom;
    private int _tries;
    private bool _discarded;
    private bool _withoutRange;

    private BlobStream(RegistryClient client, RegistryRequest request, long size)
    {
        _client = client;
        _request = request;
        _size = size;
        _address = client.Endpoint.Secure;
    }

    public override long Length => _size >= 0 ? _size : throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Asks for the blob, and returns when the first answer is there.</summary>
    internal static async Task<BlobStream> OpenAsync(RegistryClient client, RegistryRequest request, long size, CancellationToken cancellationToken)
    {
        BlobStream stream = new(client, request, size);
        HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            if (response.StatusCode != HttpStatusCode.OK)
                throw await RegistryErrors.FromAsync(response, request.What, ErrorCatalogue.BlobNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
            stream.CheckLength(response);
            await stream.TakeAsync(response, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The blob from a byte on. Nothing is asked before the first read.</summary>
    internal static BlobStream OpenAt(RegistryClient client, RegistryRequest request, long size, long position) =>
        new(client, request, size) { _position = position, _progressFrom = position };

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            Exception? broken = null;
            try
            {
                if (_body is null) await ReopenAsync(cancellationToken).ConfigureAwait(false);
                int count = await _body!.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                _position += count;
                // a body that ends with its connection ends anywhere; only the descriptor knows
                if (count > 0 || _size < 0 || _position >= _size) return count;
            }
            catch (Exception e) when (ConnectionErrors.IsConnection(e) && !cancellationToken.IsCancellationRequested)
            {
                if (_size >= 0 && _position >= _size) return 0;
                broken = e;
            }

            Drop();
            if (_position - _progressFrom >= Progress)
            {
                _tries = 0;
                _progressFrom = _position;
            }

            if (++_tries > MostTries || _size < 0)
            {
                throw broken is not null ? ConnectionErrors.From(broken, _address)
                    : ErrorCatalogue.SizeMismatch.Mismatch($"{_request.What} ends after {_position} bytes; its descriptor states {_size}.", $"{_size}", $"{_position}");
            }

            _client.Log?.Request($"{_request.What} broke off after {_position} bytes; it goes on from there");
            if (_tries > 1) await Task.Delay(TimeSpan.FromMilliseconds(100 << _tries), _client.Pace.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Drop();
        base.Dispose(disposing);
    }

    private async Task TakeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        _address = response.RequestMessage!.RequestUri!;
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        _response = response;
        _body = new PacedStream(body, _request.What, _client.Pace);
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await _client.SendAsync(_request with { From = _withoutRange ? 0 : _position }, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_withoutRange && _position > 0 && !IsWanted(response))
            {
                // no part, or another one than was asked for: once more from the registry, whole
                response.Dispose();
                _withoutRange = true;
                response = await _client.SendAsync(_request, cancellationToken).ConfigureAwait(false);
            }

            switch (response.StatusCode)
            {
                case HttpStatusCode.PartialContent when !_withoutRange:
                    await TakeAsync(response, cancellationToken).ConfigureAwait(false);
                    break;
                case HttpStatusCode.OK:
                    CheckLength(response);
                    if (_position > 0 && _discarded)
                        throw ErrorCatalogue.ConnectionFailed.Error($"{_request.What} broke off after {_position} bytes, and {RegistryErrors.Host(response)} does not give parts of it.");
                    await TakeAsync(response, cancellationToken).ConfigureAwait(false);
                    if (_position > 0) await DiscardAsync(cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw await RegistryErrors.FromAsync(response, _request.What, ErrorCatalogue.BlobNotFound, _client.Pace, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // 206 with exactly the rest, 200 with the whole; what else may come of the range is asked again without one
    private bool IsWanted(HttpResponseMessage response)
    {
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.RequestedRangeNotSatisfiable) return false;
        if (response.StatusCode != HttpStatusCode.PartialContent) return true;
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        return range is { Unit: "bytes", HasRange: true } && range.From == _position && range.To == _size - 1 && (!range.HasLength || range.Length == _size)
            && (response.Content.Headers.ContentLength is not { } length || length == _size - _position);
    }

    private void CheckLength(HttpResponseMessage response)
    {
        if (_size < 0 || response.Content.Headers.ContentEncoding.Count > 0) return;
        if (response.Content.Headers.ContentLength is { } length && length != _size)
            throw ErrorCatalogue.SizeMismatch.Mismatch($"{_request.What} has {length} bytes at {RegistryErrors.Host(response)}; its descriptor states {_size}.", $"{_size}", $"{length}");
    }

    private async Task DiscardAsync(CancellationToken cancellationToken)
    {
        _discarded = true;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (long left = _position; left > 0;)
            {
                int count = await _body!.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken).ConfigureAwait(false);
                if (count == 0) throw new HttpIOException(HttpRequestError.ResponseEnded, "The body ended before the byte to go on from.");
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Drop()
    {
        _body?.Dispose();
        _response?.Dispose();
        _body = null;
        _response = null;
    }
}
