using System.Buffers;
using System.Text;

namespace OciTools;

/// <summary>Makes text from images and servers safe to show: control characters cannot move the cursor, colour the screen or reorder a line.</summary>
public static class DisplayText
{
    private const int DefaultLimit = 300;

    // C0, DEL, C1, line and paragraph separators, and the characters that change writing direction.
    private static readonly SearchValues<char> s_unsafe = SearchValues.Create(
        string.Concat(Enumerable.Range(0, 0x20).Select(c => (char)c))
        + string.Concat(Enumerable.Range(0x7F, 0x21).Select(c => (char)c))
        + "\u061C\u200E\u200F\u2028\u2029\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\uFEFF");

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
        return clean.Length <= limit ? clean : clean[..limit] + "…";
    }

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
