using OciTools.Stores.Http;

namespace OciTools.Adapters;

/// <summary>
/// Sends idempotent requests again after failures that pass: five tries, waits that double, with jitter, or as long as the server asks for. A
/// server that asks for more than a minute gets its answer passed on at once. Polly is not touched before the first failure.
/// </summary>
internal sealed class RetryHandler(HttpPolicy policy, TimeProvider time) : DelegatingHandler
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(60);

    private RetryPipeline? _pipeline;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!policy.Retry || !IsIdempotent(request.Method)) return await SendOnceAsync(request, cancellationToken).ConfigureAwait(false);

        bool probe = request.Options.TryGetValue(RequestMarks.Probe, out bool marked) && marked;
        HttpResponseMessage? first = null;
        Exception? failure = null;
        try
        {
            first = await SendOnceAsync(request, cancellationToken).ConfigureAwait(false);
            if (!ShouldRetry(first, time)) return first;
        }
        catch (Exception e) when (!probe && ShouldRetry(e) && !cancellationToken.IsCancellationRequested)
        {
            failure = e;
        }

        return await TryAgainAsync(request, first, failure, cancellationToken).ConfigureAwait(false);
    }

    // The failed try counts as the pipeline's first. Not a part of the method above: compiling it loads Polly.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private Task<HttpResponseMessage> TryAgainAsync(HttpRequestMessage request, HttpResponseMessage? first, Exception? failure, CancellationToken cancellationToken)
    {
        _pipeline ??= new RetryPipeline(time);
        bool used = false;
        return _pipeline.ExecuteAsync(
            stop =>
            {
                if (used) return SendOnceAsync(request, stop);
                used = true;
                return failure is null ? Task.FromResult(first!) : Task.FromException<HttpResponseMessage>(failure);
            },
            cancellationToken);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (policy.ResponseTimeout is not { } limit || request.Options.TryGetValue(RequestMarks.Upload, out _)) return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            return await base.SendAsync(request, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {limit.TotalSeconds:0} seconds.", e);
        }
    }

    internal static bool ShouldRetry(HttpResponseMessage response, TimeProvider time) =>
        (int)response.StatusCode is 408 or 429 or 499 or 500 or 502 or 503 or 504 or 522
        && (RateLimit.Delay(response, time) is not { } wait || wait <= s_longestWait);

    // not tried again: what a certificate, an address or the protocol decides will be decided the same way
    internal static bool ShouldRetry(Exception exception)
    {
        if (exception is TimeoutException or OperationCanceledException) return false;
        for (Exception? e = exception; e is not null; e = e.InnerException)
            if (e is OciException) return false;
        return exception is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError or HttpRequestError.Unknown,
        };
    }

    private static bool IsIdempotent(HttpMethod method) => method == HttpMethod.Get || method == HttpMethod.Head;
}
