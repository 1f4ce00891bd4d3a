using System.Globalization;
using System.Net.Http.Headers;

namespace OciTools.Stores.Http;

/// <summary>
/// Reads when a server wants to be asked again (RFC 9110, section 10.2.3). Besides seconds and dates there are registries that send the
/// time as Unix seconds, and registries that name the header <c>X-Retry-After</c>.
/// </summary>
internal static class RetryAfter
{
    private const long FirstUnixTime = 1_000_000_000;
    private const long LastUnixTime = 253_402_300_799;

    private static readonly string[] s_names = ["Retry-After", "X-Retry-After"];

    // RFC 9110, section 5.6.7: the current form and the two obsolete ones that a recipient must take
    private static readonly string[] s_dates =
        ["ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy", "ddd MMM  d HH:mm:ss yyyy"];

    /// <summary>When to ask again, never before now; null where the answer does not say, or says something unreadable.</summary>
    /// <param name="headers">The headers of the answer.</param>
    /// <param name="time">The clock.</param>
    public static DateTimeOffset? At(HttpResponseHeaders headers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(time);
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset? latest = null;
        foreach (string name in s_names)
        {
            if (!headers.NonValidated.TryGetValues(name, out HeaderStringValues values)) continue;
            foreach (string value in values)
                if (At(value, now) is { } at && (latest is null || at > latest)) latest = at;
            if (latest is not null) return latest;
        }

        return null;
    }

    /// <summary>How long to wait, never less than nothing; null where the answer does not say.</summary>
    /// <param name="headers">The headers of the answer.</param>
    /// <param name="time">The clock.</param>
    public static TimeSpan? Delay(HttpResponseHeaders headers, TimeProvider time) =>
        At(headers, time) is { } at ? Until(at, time) : null;

    /// <summary>How long it is until then; nothing where that is over.</summary>
    internal static TimeSpan Until(DateTimeOffset at, TimeProvider time)
    {
        TimeSpan left = at - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The time that one header value stands for, never before now; null for anything unreadable.</summary>
    /// <param name="value">The value of the header.</param>
    /// <param name="now">The current time.</param>
    public static DateTimeOffset? At(string? value, DateTimeOffset now)
    {
        string text = (value ?? "").Trim();
        if (text.Length is 0 or > 64) return null;
        if (text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0)
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > LastUnixTime) return null;
            return number <= FirstUnixTime ? now.AddSeconds(number) : Later(DateTimeOffset.FromUnixTimeSeconds(number), now);
        }

        return DateTimeOffset.TryParseExact(text, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            ? Later(date, now)
            : null;
    }

    private static DateTimeOffset Later(DateTimeOffset date, DateTimeOffset now) => date > now ? date : now;
}
