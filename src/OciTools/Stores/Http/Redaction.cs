using System.Net.Http.Headers;
using System.Text;

namespace OciTools.Stores.Http;

/// <summary>Takes secrets out of addresses and headers before they are shown: passwords, tokens, cookies and signatures of storage links.</summary>
internal static class Redaction
{
    private const string Hidden = "***";
    private const int ShortestSecret = 4;

    // query keys whose value never grants anything; every other value is hidden, since each storage has its own names for its signatures
    private static readonly HashSet<string> s_harmlessKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        "service", "scope", "n", "last", "digest", "mount", "from", "artifactType", "client_id", "offline_token", "filters", "names", "all",
    };

    private static readonly HashSet<string> s_secretHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Registry-Auth", "X-Registry-Config", "X-Amz-Security-Token",
    };

    /// <summary>The address without user information, and without values in its query that could be secret.</summary>
    /// <param name="address">An absolute address.</param>
    public static string Address(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        string text = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        return address.Query.Length > 1 ? DisplayText.Clean(text + "?" + Query(address.Query[1..])) : DisplayText.Clean(text);
    }

    /// <summary>A header as a line, its value hidden where it holds a secret.</summary>
    /// <param name="name">The name of the header.</param>
    /// <param name="value">Its value.</param>
    public static string Header(string name, string value)
    {
        if (s_secretHeaders.Contains(name)) return $"{DisplayText.Clean(name)}: {Scheme(name, value)}{Hidden}";
        if (name.Equals("Location", StringComparison.OrdinalIgnoreCase) || name.Equals("Link", StringComparison.OrdinalIgnoreCase))
        {
            int query = value.IndexOf('?', StringComparison.Ordinal);
            int user = value.IndexOf('@', StringComparison.Ordinal);
            if (user >= 0 && (query < 0 || user < query)) return $"{DisplayText.Clean(name)}: {Hidden}";
            if (query >= 0) value = value[..(query + 1)] + Query(value[(query + 1)..]);
        }

        return DisplayText.Clean($"{name}: {value}");
    }

    /// <summary>The headers of a message, one per line.</summary>
    internal static string Headers(string first, params ReadOnlySpan<HttpHeaders?> groups)
    {
        StringBuilder lines = new(first);
        foreach (HttpHeaders? group in groups)
        {
            if (group is null) continue;
            foreach ((string name, HeaderStringValues values) in group.NonValidated)
                foreach (string value in values) lines.Append('\n').Append("    ").Append(Header(name, value));
        }

        return lines.ToString();
    }

    /// <summary>What a server said, without the secrets of the request where it repeats them.</summary>
    internal static string Echo(string text, HttpRequestMessage? request)
    {
        if (request is null) return text;
        if (request.Options.TryGetValue(RequestMarks.Secret, out string? form)) text = Hide(text, form);
        if (request.Headers.Authorization is not { Parameter: { } parameter } authorization) return text;
        text = Hide(text, parameter);
        if (!authorization.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) return text;
        string account = Encoding.UTF8.GetString(Convert.FromBase64String(parameter));
        return Hide(text, account[(account.IndexOf(':', StringComparison.Ordinal) + 1)..]);
    }

    // what is shorter than a password stands in any text
    private static string Hide(string text, string secret) => secret.Length < ShortestSecret ? text : text.Replace(secret, Hidden, StringComparison.Ordinal);

    private static string Query(string query)
    {
        string[] parts = query.Split('&');
        for (int i = 0; i < parts.Length; i++)
        {
            int equals = parts[i].IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) parts[i] = Hidden;
            else if (!s_harmlessKeys.Contains(parts[i][..equals])) parts[i] = parts[i][..(equals + 1)] + Hidden;
        }

        return string.Join('&', parts);
    }

    private static string Scheme(string name, string value)
    {
        int blank = value.IndexOf(' ', StringComparison.Ordinal);
        return name.EndsWith("Authorization", StringComparison.OrdinalIgnoreCase) && blank > 0 ? DisplayText.Clean(value[..(blank + 1)]) : "";
    }
}
