using System.Text;

namespace OciTools.Stores.Registry;

/// <summary>Reads lists of challenges: several in one header or in several, quoted strings with commas and escapes, token68 (RFC 9110, section 11.2 to 11.6).</summary>
internal ref struct ChallengeParser
{
    private const int MostChallenges = 16;
    private const int MostParameters = 32;

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private ChallengeParser(string text)
    {
        _text = text;
        _at = 0;
    }

    /// <summary>All challenges that can be read; reading a header stops at what breaks the grammar, and keeps what was complete before.</summary>
    internal static List<Challenge> Parse(IEnumerable<string> headers)
    {
        List<Challenge> challenges = [];
        foreach (string header in headers) new ChallengeParser(header).Read(challenges);
        return challenges;
    }

    private void Read(List<Challenge> challenges)
    {
        SkipSeparators();
        while (_at < _text.Length && challenges.Count < MostChallenges)
        {
            string scheme = Token();
            if (scheme.Length == 0) return;
            Dictionary<string, string>? parameters = Parameters();
            if (parameters is null) return;
            challenges.Add(new Challenge(scheme, parameters));
        }
    }

    // Null where the parameters break the grammar: half a challenge must not be acted on.
    private Dictionary<string, string>? Parameters()
    {
        Dictionary<string, string> parameters = new(StringComparer.OrdinalIgnoreCase);
        bool separated = SkipBlanks();
        while (_at < _text.Length)
        {
            int start = _at;
            SkipSeparators();
            int name = _at;
            string key = Token();
            if (key.Length == 0) return _at == _text.Length ? parameters : separated && parameters.Count == 0 ? SkipToken68(parameters) : null;
            SkipBlanks();
            if (_at == _text.Length || _text[_at] != '=')
            {
                if (parameters.Count == 0 && start == name && separated && IsToken68Rest()) return SkipToken68(parameters);
                // a token without '=' starts the next challenge
                _at = name;
                return parameters;
            }

            int equals = _at++;
            SkipBlanks();
            if (parameters.Count == 0 && (_at == _text.Length || _text[_at] is '=' or ','))
            {
                _at = equals;
                return SkipToken68(parameters);
            }

            string? value = _at < _text.Length && _text[_at] == '"' ? Quoted() : Token();
            if (value is null || (value.Length == 0 && _text[_at - 1] != '"')) return null;
            // a second value for the same name: no way to know which one the server means
            if (parameters.Count >= MostParameters || !parameters.TryAdd(key, value)) return null;
            SkipBlanks();
            if (_at < _text.Length && _text[_at] != ',') return null;
        }

        return parameters;
    }

    private readonly bool IsToken68Rest() => _at < _text.Length && _text[_at] is '/' or '+' or '~';

    private Dictionary<string, string> SkipToken68(Dictionary<string, string> parameters)
    {
        while (_at < _text.Length && _text[_at] != ',') _at++;
        SkipSeparators();
        return parameters;
    }

    private string Token()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || "!#$%&'*+-.^_`|~".Contains(_text[_at], StringComparison.Ordinal))) _at++;
        return _text[start.._at].ToString();
    }

    private string? Quoted()
    {
        StringBuilder value = new();
        for (_at++; _at < _text.Length; _at++)
        {
            char c = _text[_at];
            if (c == '"')
            {
                _at++;
                return value.ToString();
            }

            if (c == '\\' && ++_at < _text.Length) c = _text[_at];
            value.Append(c);
        }

        return null;
    }

    private bool SkipBlanks()
    {
        int start = _at;
        while (_at < _text.Length && _text[_at] is ' ' or '\t') _at++;
        return _at > start;
    }

    private void SkipSeparators()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or ',') _at++;
    }
}
