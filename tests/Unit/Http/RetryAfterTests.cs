using System.Globalization;
using OciTools.Stores.Http;

namespace OciTools.UnitTests.Http;

public sealed class RetryAfterTests
{
    // 2026-03-01T12:00:00Z is 1772366400 (date -u -d 2026-03-01T12:00:00Z +%s)
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0", "2026-03-01T12:00:00Z")]
    [InlineData("120", "2026-03-01T12:02:00Z")]
    [InlineData("  60 ", "2026-03-01T12:01:00Z")]
    [InlineData("000005", "2026-03-01T12:00:05Z")]
    [InlineData("86400", "2026-03-02T12:00:00Z")]
    [InlineData("1772366460", "2026-03-01T12:01:00Z")]
    [InlineData("1772366400", "2026-03-01T12:00:00Z")]
    [InlineData("1700000000", "2026-03-01T12:00:00Z")]
    [InlineData("Sun, 01 Mar 2026 12:05:00 GMT", "2026-03-01T12:05:00Z")]
    [InlineData("Sunday, 01-Mar-26 12:05:00 GMT", "2026-03-01T12:05:00Z")]
    [InlineData("Sun Mar  1 12:05:00 2026", "2026-03-01T12:05:00Z")]
    [InlineData("Tue Mar 10 12:05:00 2026", "2026-03-10T12:05:00Z")]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", "2026-03-01T12:00:00Z")]
    [InlineData("", null)]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("+5", null)]
    [InlineData("soon", null)]
    [InlineData("1e3", null)]
    [InlineData("0x10", null)]
    [InlineData("60, 120", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("1772366460000", null)]
    [InlineData("<html>429</html>", null)]
    [InlineData("Sun, 31 Feb 2026 12:05:00 GMT", null)]
    public void A_value_is_read_as_seconds_date_or_unix_time(string value, string? expected)
    {
        DateTimeOffset? wanted = expected is null ? null : DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture);
        Assert.Equal(wanted, RetryAfter.At(value, s_now));
    }

    [Theory]
    [InlineData("Retry-After", "30", 30)]
    [InlineData("X-Retry-After", "1772366460", 60)]
    [InlineData("Retry-After", "Sun, 01 Mar 2026 12:05:00 GMT", 300)]
    public void The_header_is_found_under_both_names(string name, string value, int seconds)
    {
        using HttpResponseMessage answer = new();
        Assert.True(answer.Headers.TryAddWithoutValidation(name, value));
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryAfter.Delay(answer.Headers, new FixedClock()));
    }

    [Fact]
    public void Of_two_lines_the_later_time_holds_and_junk_is_passed_over()
    {
        using HttpResponseMessage answer = new();
        answer.Headers.TryAddWithoutValidation("Retry-After", ["10", "junk", "40"]);
        Assert.Equal(TimeSpan.FromSeconds(40), RetryAfter.Delay(answer.Headers, new FixedClock()));
    }

    [Fact]
    public void An_answer_without_the_header_says_nothing()
    {
        using HttpResponseMessage answer = new();
        Assert.Null(RetryAfter.Delay(answer.Headers, new FixedClock()));
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => s_now;
    }
}
