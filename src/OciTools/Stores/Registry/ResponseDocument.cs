using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>Reads the whole body of an answer that is to be a document.</summary>
internal static class ResponseDocument
{
    /// <summary>The exact bytes, as the registry keeps them.</summary>
    /// <param name="response">The answer; the caller disposes of it.</param>
    /// <param name="limit">The most bytes that are read.</param>
    /// <param name="what">What was asked for and where.</param>
    /// <param name="pace">How slowly the body may come.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, string what, BodyPace pace, CancellationToken cancellationToken)
    {
        byte[] body = await ReadBodyAsync(response, response.RequestMessage!.RequestUri!, limit, what, pace, cancellationToken).ConfigureAwait(false);
        if (RegistryErrors.IsPage(body)) throw RegistryErrors.NotARegistry(what, response, body);
        if (response.Content.Headers.ContentEncoding.Count > 0 && !response.Content.Headers.ContentEncoding.Contains("identity"))
            throw ErrorCatalogue.ProtocolViolation.Error($"{what} came compressed from {RegistryErrors.Host(response)}, although it was asked for as it is.");
        return body;
    }

    /// <summary>The bytes of a body, whatever they are.</summary>
    /// <param name="response">The answer; the caller disposes of it.</param>
    /// <param name="address">Who answered.</param>
    /// <param name="limit">The most bytes that are read.</param>
    /// <param name="what">What was asked for and where.</param>
    /// <param name="pace">How slowly the body may come.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, Uri address, int limit, string what, BodyPace pace, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit) throw BoundedReading.TooLarge(what, limit);
        try
        {
            Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using PacedStream paced = new(stream, what, pace);
            return await BoundedReading.ReadAllAsync(paced, limit, what, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (ConnectionErrors.IsConnection(e) && !cancellationToken.IsCancellationRequested)
        {
            throw ConnectionErrors.From(e, address);
        }
    }
}
