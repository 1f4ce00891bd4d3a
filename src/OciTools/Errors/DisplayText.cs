using System.Buffers;
using System.Globalization;
using System.Text;

namespace OciTools;

/// <summary>Makes text from images and servers safe to show: control characters cannot move the cursor, colour the screen or reorder a line.</summary>
public static class DisplayText
{
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    private const int DefaultLimit = 300;
    private const int ShortHash = 12;

    // C0, DEL, C1, line and paragraph separators, and the characters that change writing direction or hide text.
    private static readonly SearchValues<char> s_unsafe = SearchValues.Create(
        string.Concat(Enumerable.Range(0, 0x20).Select(c => (char)c))
        + string.Concat(Enumerable.Range(0x7F, 0x21).Select(c => (char)c))
        + "\u061C\u200E\u200F\u2028\u2029\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u206A\u206B\u206C\u206D\u206E\u206F\uFFF9\uFFFA\uFFFB\uFEFF");

    /// <summary>Replaces each control character by U+FFFD; a tab or line break becomes a space.</summary>
    /// <param name="text">Text from outside; null gives an empty string.</param>
    public static string Clean(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text.AsSpan().IndexOfAny(s_unsafe) < 0 && !HasLoneSurrogate(text)) return text;

        StringBuilder clean = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '\t' or '\n' or '\r') clean.Append(' ');
            else if (rune.IsBmp && s_unsafe.Contains((char)rune.Value)) clean.Append('\uFFFD');
            else clean.Append(rune.ToString());
        }

        return clean.ToString();
    }

    /// <summary>The same, cut to a length that fits into a message.</summary>
    /// <param name="text">Text from outside.</param>
    /// <param name="limit">The most characters to keep.</param>
    public static string Excerpt(string? text, int limit = DefaultLimit)
    {
        if (string.IsNullOrEmpty(text)) return "";
        string clean = Clean(text.Length > limit * 2 ? text[..(limit * 2)] : text).Trim();
        if (clean.Length <= limit) return clean;
        int end = limit > 0 && char.IsHighSurrogate(clean[limit - 1]) ? limit - 1 : limit;
        return clean[..end] + "…";
    }

    /// <summary>A number of things in words: <c>1 layer</c>, <c>2 layers</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="one">One of them.</param>
    /// <param name="many">More than one, where that is not the same with an <c>s</c> behind it.</param>
    public static string Count(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");

    /// <summary>A size as people read it: decimal units, three digits, as <c>docker</c> shows it; empty for null.</summary>
    /// <param name="bytes">The size in bytes.</param>
    public static string Size(long? bytes)
    {
        if (bytes is not { } value) return "";
        if (value < 1000) return string.Create(CultureInfo.InvariantCulture, $"{value} B");
        double number = value;
        int unit = 0;
        while (number >= 999.5 && unit < s_units.Length - 1)
        {
            number /= 1000;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{number.ToString(number < 9.995 ? "0.00" : number < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    /// <summary>A size in bytes, with the human form behind it; empty for null.</summary>
    /// <param name="bytes">The size in bytes.</param>
    public static string Bytes(long? bytes) => bytes switch
    {
        null => "",
        < 1000 => Size(bytes),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} ({Size(bytes)})"),
    };

    /// <summary>A time in a column of tables, as long for every language: <c>2026-11-29 14:21:35</c>; empty for null.</summary>
    /// <param name="time">The time, as it is.</param>
    public static string Time(DateTime? time) => time?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A digest cut to the first 12 digits of its hash: <c>sha256:e3b0c44298fc</c>; empty for null.</summary>
    /// <param name="digest">The digest.</param>
    public static string ShortDigest(string? digest)
    {
        string text = Clean(digest);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return text.Length <= colon + 1 + ShortHash ? text : text[..(colon + 1 + ShortHash)];
    }

    /// <summary>An image id as <c>docker images</c> shows it: the first 12 digits of the hash; empty for null.</summary>
    /// <param name="imageId">The id.</param>
    public static string ShortId(string? imageId)
    {
        string text = ShortDigest(imageId);
        return text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>A media type by its telling part; empty for null.</summary>
    /// <param name="mediaType">The media type.</param>
    public static string ShortType(string? mediaType)
    {
        string text = Clean(mediaType);
        return text.StartsWith("application/vnd.", StringComparison.Ordinal) ? text["application/vnd.".Length..] : text;
    }

    /// <summary>One item a line, each cleaned.</summary>
    /// <param name="items">The items.</param>
    public static string Lines(System.Collections.IEnumerable? items) =>
        items is null ? "" : string.Join('\n', items.Cast<object?>().Select(item => Clean(item?.ToString())));

    /// <summary>One <c>key=value</c> a line, each cleaned, from any kind of map.</summary>
    /// <param name="map">A dictionary, or a list of key-value pairs.</param>
    public static string Map(System.Collections.IEnumerable? map) => map switch
    {
        null => "",
        // a generic dictionary is both, and gives its pairs
        IEnumerable<KeyValuePair<string, string>> pairs => Lines(pairs.Select(p => $"{p.Key}={p.Value}")),
        System.Collections.IDictionary dictionary => Lines(dictionary.Cast<System.Collections.DictionaryEntry>().Select(e => $"{e.Key}={e.Value}")),
        _ => Lines(map),
    };

    private static bool HasLoneSurrogate(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else return true;
        }

        return false;
    }
}
