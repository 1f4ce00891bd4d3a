using System.Globalization;
using System.Net;
using OciTools.Stores.Http;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Http;

public sealed class RateLimitTests
{
    // 2026-03-01T12:00:00Z is 1772366400 (date -u -d 2026-03-01T12:00:00Z +%s)
    private static readonly JumpingTime s_noon = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    // the pull limit of Docker Hub (docs.docker.com, "View pull rate and limit"): so many in so many seconds
    [InlineData("ratelimit-limit: 100;w=21600|ratelimit-remaining: 0;w=21600|docker-ratelimit-source: 192.0.2.1", "2026-03-01T18:00:00Z", 21600)]
    [InlineData("x-ratelimit-limit: 100;w=3600|x-ratelimit-remaining: 0;w=3600", "2026-03-01T13:00:00Z", 3600)]
    // its abuse limit, as github.com/docker/hub-feedback/issues/2459 shows it
    [InlineData("x-ratelimit-limit: 180|x-ratelimit-reset: 1772366460|x-ratelimit-remaining: 0|retry-after: 1772366460", "2026-03-01T12:01:00Z", 0)]
    [InlineData("x-ratelimit-limit: 180|x-ratelimit-reset: 1772370000|x-ratelimit-remaining: 0", "2026-03-01T13:00:00Z", 0)]
    // seconds, as the drafts of the RateLimit header fields had it
    [InlineData("RateLimit-Limit: 100|RateLimit-Remaining: 0|RateLimit-Reset: 50", "2026-03-01T12:00:50Z", 0)]
    // what says when to ask again comes before what says when it is counted anew
    [InlineData("Retry-After: 30|RateLimit-Reset: 50|ratelimit-remaining: 0;w=21600", "2026-03-01T12:00:30Z", 0)]
    // something is left, so it is another limit that was reached
    [InlineData("ratelimit-limit: 100;w=21600|ratelimit-remaining: 76;w=21600", null, 0)]
    [InlineData("ratelimit-remaining: 0", null, 0)]
    [InlineData("ratelimit-remaining: 0;w=-5", null, 0)]
    [InlineData("ratelimit-remaining: 0;w=99999999999", null, 0)]
    [InlineData("ratelimit-remaining: 0;w=soon|x-ratelimit-reset: soon", null, 0)]
    [InlineData("Date: Sun, 01 Mar 2026 12:00:00 GMT", null, 0)]
    public void The_end_of_a_limit_is_read_in_each_form(string headers, string? expected, int window)
    {
        using HttpResponseMessage answer = Answer(HttpStatusCode.TooManyRequests, headers);
        LimitEnd? end = RateLimit.EndOf(answer, s_noon);
        Assert.Equal(expected is null ? null : DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), end?.At);
        Assert.Equal(window == 0 ? null : TimeSpan.FromSeconds(window), end?.Window);
    }

    [Theory]
    [InlineData(429, "ratelimit-remaining: 0;w=21600", 21600)]
    [InlineData(429, "RateLimit-Reset: 50", 50)]
    [InlineData(429, "Retry-After: 5", 5)]
    [InlineData(503, "Retry-After: 5", 5)]
    // a registry may send them with every answer, and they say nothing of its other errors
    [InlineData(503, "ratelimit-remaining: 0;w=21600|RateLimit-Reset: 50", null)]
    public void Only_a_limit_is_waited_for_by_its_own_headers(int status, string headers, int? seconds)
    {
        using HttpResponseMessage answer = Answer((HttpStatusCode)status, headers);
        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : null, RateLimit.Delay(answer, s_noon));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public void A_time_that_is_over_while_one_looks_is_not_waited_for(int status)
    {
        using HttpResponseMessage answer = Answer((HttpStatusCode)status, "Retry-After: 0");
        RunningTime time = new();
        Assert.Equal(TimeSpan.Zero, RateLimit.Delay(answer, time));
        Assert.Equal(TimeSpan.Zero, RetryAfter.Delay(answer.Headers, time));
    }

    // a clock that goes on between two looks at it
    private sealed class RunningTime : TimeProvider
    {
        private DateTimeOffset _now = s_noon.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _now += TimeSpan.FromMilliseconds(20);
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string headers)
    {
        HttpResponseMessage answer = new(status);
        foreach (string header in headers.Split('|'))
        {
            int colon = header.IndexOf(':', StringComparison.Ordinal);
            Assert.True(answer.Headers.TryAddWithoutValidation(header[..colon], header[(colon + 1)..]));
        }

        return answer;
    }
}
