using System.IO.Enumeration;

namespace OciTools.Operations.Clearing;

/// <summary>
/// Conditions on what is cleared: <c>kind=Blob</c>, <c>reference=PATTERN</c>, <c>label=KEY</c>, <c>label=KEY=VALUE</c>, each with <c>!=</c>
/// for the opposite. One of several kinds and one of several references has to fit, and all of the others.
/// </summary>
public sealed class ClearingFilter
{
    private readonly List<RemovedKind> _kinds = [];
    private readonly List<string> _references = [];
    private readonly List<Condition> _conditions = [];

    private ClearingFilter()
    {
    }

    /// <summary>Whether there are conditions that only images fit.</summary>
    internal bool IsForImages => _references.Count > 0 || _conditions.Exists(condition => condition.Kind is null);

    /// <summary>Parses conditions.</summary>
    /// <param name="conditions">The conditions.</param>
    /// <exception cref="MalformedException">One is none (<c>InvalidFilter</c>).</exception>
    public static ClearingFilter Parse(IReadOnlyList<string> conditions)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        ClearingFilter filter = new();
        foreach (string text in conditions) filter.Add(text);
        return filter;
    }

    /// <summary>Whether something that is no image fits.</summary>
    internal bool Fits(RemovedKind kind) => FitsKind(kind) && _references.Count == 0 && _conditions.TrueForAll(condition => condition.Kind is not null || condition.IsNot);

    /// <summary>Whether an image fits.</summary>
    /// <param name="names">Its names.</param>
    /// <param name="labels">Its labels.</param>
    internal bool Fits(IReadOnlyList<string> names, IReadOnlyDictionary<string, string> labels) =>
        FitsKind(RemovedKind.Image)
        && (_references.Count == 0 || _references.Exists(pattern => IsMatch(pattern, names)))
        && _conditions.TrueForAll(condition => condition.Kind is not null || condition.IsNot != condition.IsTrue(names, labels));

    private void Add(string text)
    {
        int equals = text?.IndexOf('=', StringComparison.Ordinal) ?? -1;
        if (equals <= 0 || equals == text!.Length - 1) throw Wrong(text);
        bool isNot = text[equals - 1] == '!';
        string value = text[(equals + 1)..];
        switch (text[..(isNot ? equals - 1 : equals)])
        {
            case "kind":
                // a number or a list of names would parse too, and the list to the kind that is the sum of their numbers
                if (!Enum.TryParse(value, ignoreCase: true, out RemovedKind kind) || !Enum.IsDefined(kind) || !kind.ToString().Equals(value, StringComparison.OrdinalIgnoreCase)) throw Wrong(text);
                if (isNot) _conditions.Add(new Condition(true) { Kind = kind });
                else _kinds.Add(kind);
                break;
            case "reference":
                if (isNot) _conditions.Add(new Condition(true) { Reference = value });
                else _references.Add(value);
                break;
            case "label":
                int second = value.IndexOf('=', StringComparison.Ordinal);
                _conditions.Add(new Condition(isNot) { Label = second < 0 ? value : value[..second], Value = second < 0 ? null : value[(second + 1)..] });
                break;
            default:
                throw Wrong(text);
        }
    }

    private bool FitsKind(RemovedKind kind) => (_kinds.Count == 0 || _kinds.Contains(kind)) && !_conditions.Exists(condition => condition.Kind == kind);

    private static bool IsMatch(string pattern, IReadOnlyList<string> names) => names.Any(name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    private static OciException Wrong(string? text) => ErrorCatalogue.InvalidFilter.Error($"'{DisplayText.Excerpt(text, 100)}' is no condition.");

    private sealed record Condition(bool IsNot)
    {
        internal RemovedKind? Kind { get; init; }

        internal string? Reference { get; init; }

        internal string? Label { get; init; }

        internal string? Value { get; init; }

        internal bool IsTrue(IReadOnlyList<string> names, IReadOnlyDictionary<string, string> labels) => Reference is not null
            ? IsMatch(Reference, names)
            : labels.TryGetValue(Label!, out string? value) && (Value is null || value == Value);
    }
}
