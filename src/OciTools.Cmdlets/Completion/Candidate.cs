using System.Globalization;
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
            if (!candidate.Text.StartsWith(typed, StringComparison.OrdinalIgnoreCase) || candidate.Text.Any(IsUnseen) || !seen.Add(candidate.Text)) continue;
            yield return new CompletionResult(Quote(candidate.Text, word), candidate.Text, CompletionResultType.ParameterValue, candidate.Tooltip);
        }
    }

    // nobody types what a terminal does not show, or takes for a command
    private static bool IsUnseen(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    // Names come from other people's files too: what is not plain goes into single quotation marks, in which nothing is run.
    private static string Quote(string text, string? word)
    {
        bool isPlain = text.Length > 0 && text[0] is not ('@' or '-' or '#') && text.All(c => char.IsLetterOrDigit(c) || Plain.Contains(c, StringComparison.Ordinal));
        bool isDouble = word is ['"', ..] && text.All(c => char.IsLetterOrDigit(c) || c == ' ' || Plain.Contains(c, StringComparison.Ordinal));
        if (isDouble) return $"\"{text}\"";
        return isPlain && word is not ['\'', ..] ? text : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
    }
}
