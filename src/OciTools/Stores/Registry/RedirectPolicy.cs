using System.Net;
using System.Net.Http.Headers;

namespace OciTools.Stores.Registry;

/// <summary>Where a redirect may lead: never from https to http, never with user information, ten times at most.</summary>
internal static class RedirectPolicy
{
    internal const int MostHops = 10;

    internal static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    /// <summary>The next address.</summary>
    /// <param name="current">The address that answered.</param>
    /// <param name="response">Its answer.</param>
    /// <exception cref="RefusedException">It may not be followed (<c>RedirectRefused</c>).</exception>
    internal static Uri Next(Uri current, HttpResponseMessage response) => Target(current, response, "a redirect", "redirects");

    /// <summary>Where the rest of an upload goes, by the same rules.</summary>
    /// <param name="current">The address that answered.</param>
    /// <param name="response">Its answer.</param>
    /// <exception cref="RefusedException">It may not go there (<c>RedirectRefused</c>).</exception>
    internal static Uri Upload(Uri current, HttpResponseMessage response) => Target(current, response, "the start of an upload", "sends the upload");

    private static Uri Target(Uri current, HttpResponseMessage response, string what, string does)
    {
        string location = "";
        if (response.Headers.NonValidated.TryGetValues("Location", out HeaderStringValues values))
        {
            foreach (string value in values)
            {
                if (location.Length > 0 && value != location) throw Refused(current, "to two places at once", does);
                location = value;
            }
        }

        if (location.Length == 0) throw ErrorCatalogue.ProtocolViolation.Error($"{current.Authority} answered {(int)response.StatusCode}, {what}, without saying where to.");
        if (location.AsSpan().ContainsAnyInRange('\0', ' ') || location.Contains('\\', StringComparison.Ordinal) || !Uri.TryCreate(current, location, out Uri? next))
            throw Refused(current, "to something that is no address", does);
        if (next.Scheme != Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttp) throw Refused(current, $"to the scheme '{DisplayText.Excerpt(next.Scheme, 20)}'", does);
        if (next.UserInfo.Length > 0) throw Refused(current, "to an address with a user name in it", does);
        if (current.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps) throw Refused(current, $"from https to http ({DisplayText.Excerpt(next.Authority, 100)})", does);
        return next;
    }

    internal static OciException Refused(Uri current, string where, string does = "redirects") =>
        ErrorCatalogue.RedirectRefused.Error($"{current.Authority} {does} {where}; that is not followed.");
}
