using System.Net.Http.Headers;

namespace OciTools.Stores.Registry;

/// <summary>
/// The address of the next page of a list (distribution-spec, section Listing Tags; RFC 8288). It is followed as it is given, since the
/// cursor in it belongs to the registry, and only on the registry itself.
/// </summary>
internal static class PageLink
{
    /// <summary>Path and query of the next page; null where this page is the last.</summary>
    /// <param name="response">The answer that brought this page.</param>
    /// <param name="endpoint">The registry.</param>
    /// <param name="what">What the list is, for messages.</param>
    /// <exception cref="RefusedException">The page lies elsewhere, or in two places (<c>PageRefused</c>).</exception>
    internal static string? Next(HttpResponseMessage response, RegistryEndpoint endpoint, string what)
    {
        if (!response.Headers.NonValidated.TryGetValues("Link", out HeaderStringValues values)) return null;
        string? target = null;
        foreach (string value in values)
        {
            foreach (string found in Targets(value))
            {
                if (target is not null && found != target) throw Refused(what, "in two places at once");
                target = found;
            }
        }

        return target is null ? null : Resolve(target, response.RequestMessage!.RequestUri!, endpoint, what);
    }

    private static string Resolve(string target, Uri current, RegistryEndpoint endpoint, string what)
    {
        if (target.Length > Limits.PageAddress) throw Refused(what, $"at an address of {target.Length} characters");
        if (target.Length == 0 || target.AsSpan().ContainsAnyInRange('\0', ' ') || target.Contains('\\', StringComparison.Ordinal) || !Uri.TryCreate(current, target, out Uri? next))
            throw Refused(what, "at something that is no address");
        if (next.UserInfo.Length > 0) throw Refused(what, "at an address with a user name in it");
        bool isOwn = RegistryEndpoint.SameOrigin(current, endpoint.Secure) || RegistryEndpoint.SameOrigin(current, endpoint.Plain);
        if (!isOwn || !RegistryEndpoint.SameOrigin(next, current)) throw Refused(what, $"on another server ({DisplayText.Excerpt(RegistryEndpoint.OriginOf(next), 100)})");

        // two slashes in front would make a host of what follows them
        return next.PathAndQuery.StartsWith("//", StringComparison.Ordinal) ? throw Refused(what, "at something that is no address") : next.PathAndQuery;
    }

    // the targets with the relation "next" of one header: <target>; rel="next", <target>; rel=prev
    private static List<string> Targets(string header)
    {
        List<string> targets = [];
        foreach (string link in Split(header, ','))
        {
            List<string> parts = Split(link, ';');
            string target = parts[0].Trim();
            if (!parts.Skip(1).Any(IsNext)) continue;

            // one registry once forgot the brackets
            targets.Add(target is ['<', .., '>'] ? target[1..^1] : target);
        }

        return targets;
    }

    private static bool IsNext(string parameter)
    {
        int equals = parameter.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && parameter.AsSpan(0, equals).Trim().Equals("rel", StringComparison.OrdinalIgnoreCase)
            && parameter[(equals + 1)..].Trim().Trim('"').Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase);
    }

    // separators inside of brackets and quotes belong to what stands there
    private static List<string> Split(string text, char separator)
    {
        List<string> parts = [];
        int start = 0;
        char closing = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (closing != '\0') closing = c == closing ? '\0' : closing;
            else if (c is '<' or '"') closing = c == '<' ? '>' : '"';
            else if (c == separator)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    private static OciException Refused(string what, string where) =>
        ErrorCatalogue.PageRefused.Error($"{what} goes on {where}, says the registry; that is not followed.");
}
