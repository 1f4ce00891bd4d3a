using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Registry;

/// <summary>Asks a token server (Docker's token authentication: GET with Basic, and OAuth2 by POST). It follows no redirect.</summary>
internal sealed class TokenClient(HttpExchange exchange, BodyPace pace)
{
    private const string ClientId = "OciTools";
    private const double DefaultLifetime = 60;

    /// <summary>Fetches a token.</summary>
    /// <param name="http">The chain to the realm.</param>
    /// <param name="realm">The address of the token server, already decided on by <see cref="RealmPolicy"/>.</param>
    /// <param name="key">Service and scope.</param>
    /// <param name="credential">What the realm is told; null for nothing.</param>
    /// <param name="refreshed">Refresh tokens that came in exchange for older ones.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The token; null where the realm refused (401, 403).</returns>
    internal async Task<BearerToken?> FetchAsync(HttpMessageInvoker http, Uri realm, TokenKey key, RegistryCredential? credential, TokenCache refreshed, CancellationToken cancellationToken)
    {
        (string Realm, string Account) account = (key.Realm, key.Account);
        if (credential?.IdentityToken is { } identity)
        {
            using HttpRequestMessage post = Post(realm, key, refreshed.Refreshed.GetValueOrDefault(account, identity));
            using HttpResponseMessage answer = await exchange.SendAsync(http, post, cancellationToken).ConfigureAwait(false);
            if (answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed))
                return await ReadAsync(answer, realm, token => refreshed.Refreshed[account] = token, cancellationToken).ConfigureAwait(false);
        }

        using HttpRequestMessage get = Get(realm, key, credential);
        using HttpResponseMessage response = await exchange.SendAsync(http, get, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, realm, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The value of a Basic header (RFC 7617, in UTF-8).</summary>
    internal static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static HttpRequestMessage Get(Uri realm, TokenKey key, RegistryCredential? credential)
    {
        StringBuilder query = new(realm.Query.TrimStart('?'));
        Add(query, "service", key.Service);
        foreach (string scope in key.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)) Add(query, "scope", scope);
        string? password = credential?.Password ?? credential?.IdentityToken;
        if (password is not null) Add(query, "account", credential!.UserName);

        HttpRequestMessage request = New(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString(), Fragment = "" }.Uri);
        if (password is not null) request.Headers.Authorization = Basic(credential!.UserName ?? "<token>", password);
        return request;
    }

    private static HttpRequestMessage Post(Uri realm, TokenKey key, string refreshToken)
    {
        List<KeyValuePair<string, string>> form =
            [new("grant_type", "refresh_token"), new("client_id", ClientId), new("refresh_token", refreshToken)];
        if (key.Scope.Length > 0) form.Add(new("scope", key.Scope));
        if (key.Service is not null) form.Add(new("service", key.Service));
        HttpRequestMessage request = New(HttpMethod.Post, realm);
        request.Content = new FormUrlEncodedContent(form);
        request.Options.Set(RequestMarks.Secret, refreshToken);
        return request;
    }

    private static HttpRequestMessage New(HttpMethod method, Uri address)
    {
        HttpRequestMessage request = new(method, address);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent.Value);
        return request;
    }

    private static void Add(StringBuilder query, string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        if (query.Length > 0) query.Append('&');
        query.Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }

    private async Task<BearerToken?> ReadAsync(HttpResponseMessage response, Uri realm, Action<string>? refreshed, CancellationToken cancellationToken)
    {
        string what = $"The token from {realm.Authority}";
        int status = (int)response.StatusCode;
        if (status is 401 or 403) return null;
        if (status is >= 300 and < 400)
            throw ErrorCatalogue.RedirectRefused.Error($"The token server {realm.Authority} answered {status}, a redirect; with credentials in hand none is followed.");
        if (status != 200) throw await RegistryErrors.FromAsync(response, what, ErrorCatalogue.Unauthorized, pace, cancellationToken).ConfigureAwait(false);

        byte[] body = await ResponseDocument.ReadBodyAsync(response, realm, Limits.Token, what, pace, cancellationToken).ConfigureAwait(false);
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
            JsonElement root = document.RootElement;
            string? token = Text(root, "token") ?? Text(root, "access_token");
            if (token is null || token.AsSpan().ContainsAnyExceptInRange('!', '~')) throw Bad(realm, "holds no usable token");
            if (Text(root, "refresh_token") is { } refresh) refreshed?.Invoke(refresh);
            return new BearerToken(token, RenewAt(Lifetime(root)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Bad(realm, "is not the JSON of a token");
        }
    }

    private static OciException Bad(Uri realm, string why) =>
        ErrorCatalogue.ProtocolViolation.Error($"The answer of the token server {realm.Authority} {why}.");

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static double Lifetime(JsonElement root)
    {
        if (!root.TryGetProperty("expires_in", out JsonElement value)) return DefaultLifetime;
        double seconds = DefaultLifetime;
        if (value.ValueKind == JsonValueKind.Number) _ = value.TryGetDouble(out seconds);
        else if (value.ValueKind == JsonValueKind.String && !double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out seconds)) seconds = DefaultLifetime;
        return double.IsFinite(seconds) ? Math.Clamp(seconds, 0, 86400) : DefaultLifetime;
    }

    // a fifth of its life, at most half a minute, is kept for the request that carries it; the clock starts here, not at the server
    private DateTimeOffset RenewAt(double seconds) => pace.Time.GetUtcNow().AddSeconds(seconds - Math.Min(30, seconds / 5));
}
