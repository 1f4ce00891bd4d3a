using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OciTools.FileTrees;

/// <summary>
/// Which paths of an image are meant: <c>*</c> and <c>?</c> stay within a segment, <c>**</c> crosses segments, everything else stands for
/// itself, upper and lower case are different. A byte that is not UTF-8 is written as paths show it, <c>\xNN</c>.
/// </summary>
internal sealed class FilePathPattern
{
    private readonly Regex? _pattern;
    private readonly string _literal;

    private FilePathPattern(string literal, Regex? pattern)
    {
        _literal = literal;
        _pattern = pattern;
    }

    /// <summary>A pattern.</summary>
    /// <exception cref="OciException">It is empty or has a segment <c>..</c> (<c>InvalidFilePath</c>).</exception>
    internal static FilePathPattern Parse(string text)
    {
        string path = Clean(text);
        if (path.AsSpan().IndexOfAny('*', '?') < 0) return new FilePathPattern(Unescape(path), null);
        StringBuilder expression = new("^");
        string unescaped = Unescape(path);
        for (int i = 0; i < unescaped.Length; i++)
        {
            char c = unescaped[i];
            if (c == '?') expression.Append("(?:[^/\uD800-\uDFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uDC00-\uDFFF])");
            else if (c != '*') expression.Append(Regex.Escape(c.ToString()));
            else if (i + 1 == unescaped.Length || unescaped[i + 1] != '*') expression.Append("[^/]*");
            else
            {
                i++;
                bool isWholeSegment = (i < 2 || unescaped[i - 2] == '/') && i + 1 < unescaped.Length && unescaped[i + 1] == '/';
                if (isWholeSegment) i++;
                expression.Append(isWholeSegment ? "(?:.*/)?" : ".*");
            }
        }

        // in time that grows with the length of the path only, whatever the pattern
        return new FilePathPattern("", new Regex(expression.Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant));
    }

    /// <summary>A path that stands for itself.</summary>
    internal static FilePathPattern Literal(string text) => new(Unescape(Clean(text)), null);

    /// <summary>Whether the pattern is one path.</summary>
    internal bool IsLiteral => _pattern is null;

    /// <summary>Whether a path is meant.</summary>
    /// <param name="path">The path without a slash at the start.</param>
    internal bool Matches(ReadOnlySpan<byte> path)
    {
        // the root is named by a single slash and by nothing else
        if (path.IsEmpty) return _pattern is null && _literal.Length == 0;
        string text = Decode(path);
        return _pattern?.IsMatch(text) ?? text == _literal;
    }

    /// <summary>The bytes of a path as a user writes it, without slashes at its ends.</summary>
    internal static byte[] BytesOf(string text)
    {
        string path = Unescape(Clean(text));
        MemoryStream bytes = new(path.Length);
        ReadOnlySpan<char> rest = path;
        Span<byte> buffer = stackalloc byte[4];
        while (!rest.IsEmpty)
        {
            if (rest[0] is >= '\uDC80' and <= '\uDCFF')
            {
                bytes.WriteByte((byte)(rest[0] - '\uDC00'));
                rest = rest[1..];
                continue;
            }

            Rune.DecodeFromUtf16(rest, out Rune rune, out int used);
            bytes.Write(buffer[..rune.EncodeToUtf8(buffer)]);
            rest = rest[used..];
        }

        return bytes.ToArray();
    }

    private static string Clean(string text)
    {
        string[] segments = [.. text.Split('/').Where(s => s is not ("" or "."))];
        if (text.Length == 0 || segments.Contains(".."))
            throw ErrorCatalogue.InvalidFilePath.Error(text.Length == 0 ? "A path inside an image is empty." : $"The path '{DisplayText.Excerpt(text)}' inside an image has a segment '..'.");
        return string.Join('/', segments);
    }

    // a byte that is not UTF-8 becomes a lone low surrogate, which no valid text has
    private static string Decode(ReadOnlySpan<byte> path)
    {
        if (System.Text.Unicode.Utf8.IsValid(path)) return Encoding.UTF8.GetString(path);
        StringBuilder text = new(path.Length);
        while (!path.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(path, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            if (isValid) text.Append(rune.ToString());
            else text.Append((char)(0xDC00 + path[0]));
            path = path[(isValid ? used : 1)..];
        }

        return text.ToString();
    }

    private static string Unescape(string text)
    {
        if (!text.Contains("\\x", StringComparison.Ordinal)) return text;
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text[i + 1] == 'x' && byte.TryParse(text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                plain.Append(value < 0x80 ? (char)value : (char)(0xDC00 + value));
                i += 3;
            }
            else plain.Append(text[i]);
        }

        return plain.ToString();
    }
}
