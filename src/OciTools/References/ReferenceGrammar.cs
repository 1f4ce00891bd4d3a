using System.Buffers;
using System.Globalization;
using System.Net;

namespace OciTools;

/// <summary>The parts of an image reference, as the distribution project defines them. Each check takes the whole text.</summary>
internal static class ReferenceGrammar
{
    internal const int RepositoryLimit = 255;

    private const int TagLimit = 128;

    private static readonly SearchValues<char> s_lowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>A tag: a letter, digit or underscore, then up to 127 of those, periods and hyphens.</summary>
    internal static bool IsTag(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > TagLimit || !IsWord(text[0])) return false;
        foreach (char c in text)
            if (!IsWord(c) && c is not ('.' or '-')) return false;
        return true;
    }

    /// <summary>A repository path: components of lower-case letters and digits, joined by one period, one or two underscores or any hyphens; slashes between them.</summary>
    internal static bool IsRepository(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return false;
        foreach (Range range in text.Split('/'))
            if (!IsPathComponent(text[range])) return false;
        return true;
    }

    /// <summary>
    /// A host with an optional port: a domain name, an IPv4 address, or an IPv6 address in brackets. Ports above 65535 and bracketed
    /// digits that are no address pass the distribution project's grammar and fail later there; here they fail at once.
    /// </summary>
    internal static bool IsRegistry(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> host = text;
        if (text.StartsWith("["))
        {
            int close = text.IndexOf(']');
            if (close < 2) return false;
            foreach (char c in text[1..close])
                if (!char.IsAsciiHexDigit(c) && c != ':') return false;
            return IPAddress.TryParse(text[1..close], out _) && IsPortOrNothing(text[(close + 1)..]);
        }

        int colon = text.IndexOf(':');
        if (colon >= 0)
        {
            host = text[..colon];
            if (!IsPortOrNothing(text[colon..])) return false;
        }

        if (host.IsEmpty) return false;
        foreach (Range range in host.Split('.'))
        {
            ReadOnlySpan<char> label = host[range];
            if (label.IsEmpty || label[0] == '-' || label[^1] == '-') return false;
            foreach (char c in label)
                if (!char.IsAsciiLetterOrDigit(c) && c != '-') return false;
        }

        return true;
    }

    /// <summary>64 hexadecimal digits alone mean an image id, never a repository.</summary>
    internal static bool IsIdentifier(ReadOnlySpan<char> text) => text.Length == 64 && !text.ContainsAnyExcept(s_lowerHex);

    /// <summary>Whether the first component of a repository, put first in a name, would be taken for a host.</summary>
    internal static bool LooksLikeRegistry(ReadOnlySpan<char> component) =>
        component is "localhost" || component.ContainsAny('.', ':') || component.ContainsAnyInRange('A', 'Z');

    private static bool IsPortOrNothing(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return true;
        return text[0] == ':' && ushort.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    private static bool IsPathComponent(ReadOnlySpan<char> text)
    {
        int i = 0;
        while (true)
        {
            int start = i;
            while (i < text.Length && IsLowerAlphanumeric(text[i])) i++;
            if (i == start) return false;
            if (i == text.Length) return true;
            char separator = text[i];
            start = i;
            while (i < text.Length && text[i] == separator) i++;
            int length = i - start;
            bool valid = separator switch
            {
                '.' => length == 1,
                '_' => length <= 2,
                '-' => true,
                _ => false,
            };
            if (!valid) return false;
        }
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsLowerAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
