using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace OciTools.Completion;

/// <summary>Something that can be typed next.</summary>
/// <param name="Text">The whole argument.</param>
/// <param name="Tooltip">What it is.</param>
internal readonly record struct Candidate(string Text, string Tooltip)
{
    private const string Plain = "_-.:/\\~+=%^@*?[]!";

    /// <summary>The word as it is meant. PowerShell gives its value, with quotation marks around it where one was typed in front.</summary>
    internal static string Unquote(string? word)
    {
        word ??= "";
        if (word is not ['\'' or '"', ..]) return word;
        return word.Length > 1 && word[^1] == word[0] ? word[1..^1] : word[1..];
    }

    /// <summary>Those that go on behind a word, each once, in quotation marks where they need them.</summary>
    internal static IEnumerable<CompletionResult> Fit(IEnumerable<Candidate> candidates, string? word)
    {
        string typed = Unquote(word);
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (Candidate candidate in candidates)
        {
            if (!candidate.Text.StartsWith(typed, StringComparison.OrdinalIgnoreCase) || !seen.Add(candidate.Text)) continue;
            yield return new CompletionResult(Quote(candidate.Text, word), candidate.Text, CompletionResultType.ParameterValue, candidate.Tooltip);
        }
    }

    /// <summary>The images that are bound already, as text.</summary>
    internal static IEnumerable<string> ImagesOf(IDictionary? bound) => (bound?["Image"] ?? bound?["ReferenceImage"]) switch
    {
        string one => [one],
        IEnumerable many => many.Cast<object?>().Select(one => one?.ToString() ?? ""),
        _ => [],
    };

    private static string Quote(string text, string? word)
    {
        if (word is ['"', ..]) return $"\"{text.Replace("`", "``", StringComparison.Ordinal).Replace("$", "`$", StringComparison.Ordinal).Replace("\"", "`\"", StringComparison.Ordinal)}\"";
        bool isPlain = text.Length > 0 && text[0] is not ('@' or '-' or '#') && text.All(c => char.IsAsciiLetterOrDigit(c) || Plain.Contains(c, StringComparison.Ordinal) || c > 0xBF);
        return isPlain && word is not ['\'', ..] ? text : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
    }
}
