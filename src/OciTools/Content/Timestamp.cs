using System.Globalization;

namespace OciTools;

/// <summary>Times as the documents write them (RFC 3339, section 5.6). .NET alone would take many other forms, with the culture's help.</summary>
internal static class Timestamp
{
    private const int TickDigits = 7;

    /// <summary>Reads <c>2015-10-31T22:22:56.015925234Z</c>; digits beyond 100 nanoseconds are cut.</summary>
    internal static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        const string WholeSeconds = "yyyy-MM-ddTHH:mm:ss";
        if (text.Length <= WholeSeconds.Length) return false;

        int end = WholeSeconds.Length;
        long ticks = 0;
        if (text[end] == '.')
        {
            int start = ++end;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (end == start || end == text.Length) return false;
            for (int i = 0; i < TickDigits; i++) ticks = (ticks * 10) + (start + i < end ? text[start + i] - '0' : 0);
        }

        if (!TryReadOffset(text.AsSpan(end), out TimeSpan offset)) return false;
        string seconds = text[..WholeSeconds.Length].ToUpperInvariant();
        if (!DateTime.TryParseExact(seconds, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
            return false;

        long utc = local.Ticks + ticks - offset.Ticks;
        time = new DateTimeOffset(Math.Clamp(utc, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks), TimeSpan.Zero);
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = default;
        if (text is "Z" or "z") return true;
        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':') return false;
        if (!int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out int hours) || hours > 23) return false;
        if (!int.TryParse(text[4..], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes) || minutes > 59) return false;
        offset = new TimeSpan(hours, minutes, 0);
        if (text[0] == '-') offset = -offset;
        return true;
    }
}
