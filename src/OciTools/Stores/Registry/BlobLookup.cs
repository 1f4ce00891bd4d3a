using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>Asks about a blob without reading it: whether it is there, how large it is, and what a few of its bytes are.</summary>
internal static class BlobLookup
{
    /// <summary>The size that the registry states; -1 where it states none; null where the blob is not there.</summary>
    internal static async Task<long?> FindAsync(RegistryClient client, RegistryRequest request, CancellationToken cancellationToken)
    {
        using (HttpResponseMessage head = await client.SendAsync(request with { Method = HttpMethod.Head }, cancellationToken).ConfigureAwait(false))
        {
            if (head.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
            if (head.StatusCode == HttpStatusCode.OK)
            {
                if (SizeOf(head) is > 0 and var size) return size;
            }
            else if ((int)head.StatusCode is not (400 or 403 or 405 or 501))
            {
                throw await RegistryErrors.FromAsync(head, request.What, ErrorCatalogue.BlobNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
            }
        }

        // HEAD is refused here or says too little: the head of the answer to a GET may know; its body is not read
        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => SizeOf(response),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => null,
            _ => throw await RegistryErrors.FromAsync(response, request.What, ErrorCatalogue.BlobNotFound, client.Pace, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Whether the blob is there with its size, as far as the registry states one.</summary>
    internal static async Task<bool> HasAsync(RegistryClient client, RegistryRequest request, long size, CancellationToken cancellationToken) =>
        await FindAsync(client, request, cancellationToken).ConfigureAwait(false) is { } stated && (stated < 0 || stated == size);

    /// <summary>Some bytes of the blob; null where the registry, or the storage that it redirects to, gives no parts.</summary>
    internal static async Task<byte[]?> ReadPartAsync(RegistryClient client, RegistryRequest request, long offset, int count, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.SendAsync(request with { From = offset, To = offset + count - 1 }, cancellationToken).ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent:
                return IsWanted(response.Content.Headers.ContentRange, offset, count)
                    ? await ReadAsync(client, request, response, count, cancellationToken).ConfigureAwait(false)
                    : null;
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                return response.Content.Headers.ContentRange is { HasLength: true, Length: var length } && length <= offset ? [] : null;
            case HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.NotImplemented:
                // the whole comes, or nothing does: the body is not read
                return null;
            default:
                throw await RegistryErrors.FromAsync(response, request.What, ErrorCatalogue.BlobNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
        }
    }

    private static long SizeOf(HttpResponseMessage response) =>
        response.Content.Headers.ContentEncoding.Count == 0 && response.Content.Headers.ContentLength is { } length ? length : -1;

    // from the byte that was asked for, to the last one or to the end of the blob
    private static bool IsWanted(ContentRangeHeaderValue? range, long offset, int count) =>
        range is { Unit: "bytes", HasRange: true } && range.From == offset && (range.To == offset + count - 1 || (range.HasLength && range.To == range.Length - 1 && range.To < offset + count));

    private static async Task<byte[]> ReadAsync(RegistryClient client, RegistryRequest request, HttpResponseMessage response, int count, CancellationToken cancellationToken)
    {
        int expected = (int)(response.Content.Headers.ContentRange!.To!.Value - response.Content.Headers.ContentRange.From!.Value + 1);
        byte[] bytes = new byte[Math.Min(expected, count)];
        try
        {
            Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using PacedStream paced = new(stream, request.What, client.Pace);
            await paced.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
        catch (Exception e) when (ConnectionErrors.IsConnection(e) && !cancellationToken.IsCancellationRequested)
        {
            throw ConnectionErrors.From(e, response.RequestMessage!.RequestUri!);
        }
    }
}
