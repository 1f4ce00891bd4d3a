using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace OciTools.Stores.Http;

/// <summary>
/// Reads when a limit on requests ends (status 429). A server that does not say when to ask again (<see cref="RetryAfter"/>) may say when
/// it counts anew (<c>X-RateLimit-Reset</c>, <c>RateLimit-Reset</c>), or over how many seconds it counts and that nothing is left, as Docker
/// Hub does for pulls: <c>ratelimit-remaining: 0;w=21600</c>. Its window moves along, so that the limit ends within it at the latest.
/// </summary>
internal static class RateLimit
{
    /// <summary>The longest time that is taken for a limit; what says more means something else.</summary>
    internal static readonly TimeSpan LongestWindow = TimeSpan.FromDays(366);

    private static readonly string[] s_resets = ["X-RateLimit-Reset", "RateLimit-Reset"];
    private static readonly string[] s_remainders = ["RateLimit-Remaining", "X-RateLimit-Remaining"];

    /// <summary>When the limit ends, never before now; null where the answer does not say.</summary>
    /// <param name="response">An answer of 429.</param>
    /// <param name="time">The clock.</param>
    internal static LimitEnd? EndOf(HttpResponseMessage response, TimeProvider time)
    {
        if (RetryAfter.At(response.Headers, time) is { } asked) return new LimitEnd(asked, null);
        DateTimeOffset now = time.GetUtcNow();
        foreach (string value in Values(response.Headers, s_resets))
            if (RetryAfter.At(value, now) is { } reset) return new LimitEnd(reset, null);
        foreach (string value in Values(response.Headers, s_remainders))
            if (WindowOf(value) is { } window) return new LimitEnd(now + window, window);
        return null;
    }

    /// <summary>How long to wait before the same is asked again, never less than nothing; null where the answer does not say.</summary>
    internal static TimeSpan? Delay(HttpResponseMessage response, TimeProvider time)
    {
        if (response.StatusCode != HttpStatusCode.TooManyRequests) return RetryAfter.Delay(response.Headers, time);
        return EndOf(response, time) is { } end ? RetryAfter.Until(end.At, time) : null;
    }

    // 0;w=21600: nothing is left of what is given out in so many seconds
    private static TimeSpan? WindowOf(string value)
    {
        string[] parts = value.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] != "0") return null;
        foreach (string part in parts)
        {
            if (part.StartsWith("w=", StringComparison.OrdinalIgnoreCase) && long.TryParse(part.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds > 0 && seconds <= LongestWindow.TotalSeconds)
                return TimeSpan.FromSeconds(seconds);
        }

        return null;
    }

    private static IEnumerable<string> Values(HttpResponseHeaders headers, string[] names)
    {
        foreach (string name in names)
        {
            if (!headers.NonValidated.TryGetValues(name, out HeaderStringValues values)) continue;
            foreach (string value in values) yield return value.Trim();
        }
    }
}

/// <summary>When a limit ends.</summary>
/// <param name="At">The time.</param>
/// <param name="Window">The time over which requests are counted, where only that is known: then the limit ends at the latest at <paramref name="At"/>.</param>
internal readonly record struct LimitEnd(DateTimeOffset At, TimeSpan? Window);
