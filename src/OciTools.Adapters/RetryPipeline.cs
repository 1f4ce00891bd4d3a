using OciTools.Stores.Http;
using Polly;
using Polly.Retry;

namespace OciTools.Adapters;

/// <summary>The waits between tries, by Polly. A class of its own, so that Polly is loaded at the first failure and not with the first request.</summary>
internal sealed class RetryPipeline
{
    private const int MostRetries = 4;

    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    internal RetryPipeline(TimeProvider time)
    {
        RetryStrategyOptions<HttpResponseMessage> options = new()
        {
            MaxRetryAttempts = MostRetries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(250),
            MaxDelay = TimeSpan.FromSeconds(10),
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome switch
            {
                { Result: { } response } => RetryHandler.ShouldRetry(response, time),
                { Exception: { } exception } => RetryHandler.ShouldRetry(exception),
                _ => false,
            }),
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result is { } response ? RateLimit.Delay(response, time) : null),
            OnRetry = static arguments =>
            {
                arguments.Outcome.Result?.Dispose();
                return default;
            },
        };
        _pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }.AddRetry(options).Build();
    }

    /// <summary>Runs tries until one is good or there were enough.</summary>
    internal Task<HttpResponseMessage> ExecuteAsync(Func<CancellationToken, Task<HttpResponseMessage>> attempt, CancellationToken cancellationToken) =>
        _pipeline.ExecuteAsync(stop => new ValueTask<HttpResponseMessage>(attempt(stop)), cancellationToken).AsTask();
}
