using System.Globalization;

namespace OciTools.Stores.Http;

/// <summary>Sends one request, tells the log of it, and turns failures into errors that name the host.</summary>
internal sealed class HttpExchange(IRequestLog? log, TimeProvider time)
{
    /// <summary>Sends a request as it is: no redirect is followed and no challenge answered.</summary>
    /// <exception cref="OciException">No answer came. A request with <see cref="RequestMarks.Probe"/> throws what the chain threw.</exception>
    internal async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        log?.Detail(Redaction.Headers($"{request.Method} {Redaction.Address(request.RequestUri!)}", request.Headers, request.Content?.Headers));
        try
        {
            HttpResponseMessage response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (log is not null) Tell(request, response, time.GetElapsedTime(start));
            return response;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (ConnectionErrors.IsConnection(e) || e is OperationCanceledException))
        {
            log?.Request(Line(request, $"failed: {DisplayText.Excerpt(e.GetBaseException().Message)}", time.GetElapsedTime(start)));
            if (request.Options.TryGetValue(RequestMarks.Probe, out bool probe) && probe) throw;
            throw ConnectionErrors.From(e, request.RequestUri!);
        }
    }

    private void Tell(HttpRequestMessage request, HttpResponseMessage response, TimeSpan elapsed)
    {
        string bytes = response.Content.Headers.ContentLength is { } length ? string.Create(CultureInfo.InvariantCulture, $", {length} bytes") : "";
        log!.Request(Line(request, string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode}{bytes}"), elapsed));
        log.Detail(Redaction.Headers(string.Create(CultureInfo.InvariantCulture, $"HTTP/{response.Version} {(int)response.StatusCode}"),
            response.Headers, response.Content.Headers));
    }

    private static string Line(HttpRequestMessage request, string outcome, TimeSpan elapsed) =>
        string.Create(CultureInfo.InvariantCulture, $"{request.Method} {Redaction.Address(request.RequestUri!)} {outcome}, {elapsed.TotalMilliseconds:0} ms");
}
