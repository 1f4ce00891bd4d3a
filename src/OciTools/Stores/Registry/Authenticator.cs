using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Registry;

/// <summary>
/// Answers the challenges of one registry. Credentials are looked for only when the registry asks, tokens are shared by the whole process,
/// and an origin whose challenge is known gets its token without being asked first.
/// </summary>
internal sealed class Authenticator(RegistryEndpoint endpoint, RegistryAccess access, ICredentialSource source, RegistryMemory memory, RegistryChains chains, TokenClient tokens)
{
    private const string GivenHere = "-Credential";

    private readonly ConcurrentDictionary<string, Task<RegistryCredential?>> _credentials = new(StringComparer.Ordinal);
    private readonly IReadOnlyCollection<string> _trusted = RealmPolicy.TrustedHosts(access.TrustedRealms, access.Environment);

    /// <summary>The Authorization for a repository of an origin that has been met before; null for none, and for one not met before.</summary>
    internal async ValueTask<AuthenticationHeaderValue?> KnownAsync(Uri origin, RegistryRequest request, CancellationToken cancellationToken) =>
        memory.ChallengeOf(RegistryEndpoint.OriginOf(origin), chains.RegistryPolicy) is { } challenge
            ? await HeaderAsync(origin, request, challenge, null, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>The Authorization that answers a 401 of the registry.</summary>
    /// <param name="origin">The root of the registry.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="response">The answer of 401.</param>
    /// <param name="sent">What the refused request carried; null for nothing.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="AccessException">There is no answer to it (<c>Unauthorized</c>).</exception>
    internal async Task<AuthenticationHeaderValue> AnswerAsync(Uri origin, RegistryRequest request, HttpResponseMessage response, AuthenticationHeaderValue? sent, CancellationToken cancellationToken)
    {
        string host = endpoint.Registry;
        if (!response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues headers))
            throw ErrorCatalogue.Unauthorized.Error($"{request.What} may not be {request.Done}: {host} answered 401 without saying how to log in (no WWW-Authenticate header).", null,
                "Ask who runs the registry: without a challenge no program knows which credentials it wants.");

        Challenge challenge = Choose(ChallengeParser.Parse(headers))
            ?? throw ErrorCatalogue.Unauthorized.Error($"{request.What} may not be {request.Done}: {host} asks for a way to log in that OciTools does not know: {DisplayText.Excerpt(headers.ToString())}.", null,
                "Only Basic and Bearer are spoken.");
        string originText = RegistryEndpoint.OriginOf(origin);
        memory.Remember(originText, chains.RegistryPolicy, challenge);
        if (challenge.Scope is { } scope && request.Repository.Length > 0) memory.RememberScope(originText, chains.RegistryPolicy, request.Scope, scope);

        AuthenticationHeaderValue? header = await HeaderAsync(origin, request, challenge, sent?.Parameter, cancellationToken).ConfigureAwait(false);
        if (header is not null && (sent is null || sent.Parameter != header.Parameter)) return header;
        throw await RefusedAsync(origin, request, sent is not null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The error for a request that the registry refused again, or whose token the token server refused.</summary>
    internal async Task<OciException> RefusedAsync(Uri origin, RegistryRequest request, bool sent, CancellationToken cancellationToken)
    {
        RegistryCredential? credential = await CredentialAsync(request.Repository, cancellationToken).ConfigureAwait(false);
        if (await WithheldAsync(origin, request.Repository, cancellationToken).ConfigureAwait(false) is { } withheld) return NotTrusted(origin, withheld, request);
        if (credential is null)
            return ErrorCatalogue.Unauthorized.Error($"{request.What} may not be {request.Done} without logging in to {endpoint.Registry}, or is not there: no credential was found.", null,
                $"Check the spelling of the name. If it is right, give -Credential, or log in {LoginAdvice.Ways(endpoint.Registry)}.");
        return ErrorCatalogue.Unauthorized.Error($"{request.What} may not be {request.Done}: {endpoint.Registry} refused the credential of '{DisplayText.Excerpt(credential.UserName ?? "(token)", 60)}' from {DisplayText.Excerpt(credential.Source)}.",
            null, sent ? Again(request, credential) : null);
    }

    // a registry does not say whether a login was wrong or has expired
    private string Again(RegistryRequest request, RegistryCredential credential) => request.Action == RegistryAction.Login || credential.Source == GivenHere
        ? "Check user name and password, or get a new token where it has expired; check also that the account may do this."
        : $"The login may have expired: log in again {LoginAdvice.Ways(endpoint.Registry)}. Check also that the account may do this.";

    /// <summary>The realm that did not get the credential there is; null where nothing was held back.</summary>
    internal async ValueTask<Uri?> WithheldAsync(Uri origin, string repository, CancellationToken cancellationToken)
    {
        if (memory.ChallengeOf(RegistryEndpoint.OriginOf(origin), chains.RegistryPolicy) is not { IsBearer: true } challenge) return null;
        if (await CredentialAsync(repository, cancellationToken).ConfigureAwait(false) is not { } credential) return null;
        return RealmPolicy.Decide(origin, challenge.Realm, TrustedWith(credential), out Uri? realm) == RealmDecision.AnonymousOnly ? realm : null;
    }

    /// <summary>The error for a realm that may not get the credential.</summary>
    /// <param name="origin">The root of the registry.</param>
    /// <param name="realm">The realm.</param>
    /// <param name="request">What was asked for.</param>
    internal static OciException NotTrusted(Uri origin, Uri realm, RegistryRequest request)
    {
        string host = RealmPolicy.HostAndPort(realm);
        return ErrorCatalogue.RealmNotTrusted.Error(
            request.Action == RegistryAction.Login
                ? $"The token server of {request.What} is {host}, which is not trusted with the credential; nothing was sent there."
                : $"{request.What} may not be {request.Done} without logging in, and the registry's token server {host} is not trusted with the credential; it was asked without one.",
            null, RealmPolicy.HostToTrust(origin, realm.AbsoluteUri, RealmDecision.SendCredentials) is { } known ? HowToTrust(known)
                : "It is asked without TLS, so that no trust brings it the credential; ask who runs the registry for a token server with TLS.");
    }

    private static string HowToTrust(string host) => $"If {host} belongs to the registry, add -TrustedRealm {host}, or set the environment variable {RealmPolicy.Variable}.";

    private static Challenge? Choose(List<Challenge> challenges)
    {
        Challenge? basic = null;
        foreach (Challenge challenge in challenges)
        {
            if (challenge.IsBearer && challenge.Realm is not null) return challenge;
            if (challenge.IsBasic) basic ??= challenge;
        }

        return basic;
    }

    private async Task<AuthenticationHeaderValue?> HeaderAsync(Uri origin, RegistryRequest request, Challenge challenge, string? refused, CancellationToken cancellationToken)
    {
        RegistryCredential? credential = await CredentialAsync(request.Repository, cancellationToken).ConfigureAwait(false);
        if (origin.Scheme == Uri.UriSchemeHttp && !access.PlainHttp && !endpoint.IsLoopback) credential = null;
        if (challenge.IsBasic) return credential is { UserName: { } user, Password: { } password } ? TokenClient.Basic(user, password) : null;
        if (credential?.RegistryToken is { Length: > 0 } own && !own.AsSpan().ContainsAnyExceptInRange('!', '~')) return new("Bearer", own);

        RealmDecision decision = RealmPolicy.Decide(origin, challenge.Realm, TrustedWith(credential), out Uri? realm);
        if (decision == RealmDecision.Refuse || realm is null)
            throw ErrorCatalogue.RealmNotTrusted.Error($"The registry {endpoint.Registry} names '{DisplayText.Excerpt(challenge.Realm, 200)}' as its token server; that address is not asked at all.", null,
                RealmPolicy.HostToTrust(origin, challenge.Realm, RealmDecision.AnonymousOnly) is { } host ? HowToTrust(host) : "No token server of a registry has such an address: the registry is set up wrongly or is hostile; ask who runs it.");
        if (decision == RealmDecision.AnonymousOnly)
        {
            // a token that anybody gets proves no login
            if (request.Action == RegistryAction.Login) throw NotTrusted(origin, realm, request);
            credential = null;
        }

        string originText = RegistryEndpoint.OriginOf(origin);
        string scope = memory.ScopeOf(originText, chains.RegistryPolicy, request.Scope) ?? request.Scope;
        HttpMessageInvoker http = chains.For(realm, origin, out HttpPolicy policy);
        TokenKey key = new(originText, policy, realm.AbsoluteUri, challenge.Service, scope, AccountOf(credential));
        try
        {
            BearerToken token = await memory.Tokens.GetAsync(key, refused,
                async stop => await tokens.FetchAsync(http, realm, key, credential, memory.Tokens, stop).ConfigureAwait(false) ?? throw new TokenRefusedException(),
                access.Pace.Time, cancellationToken).ConfigureAwait(false);
            return new("Bearer", token.Value);
        }
        catch (TokenRefusedException)
        {
            throw await RefusedAsync(origin, request with { What = $"{endpoint.Registry}/{request.Repository}".TrimEnd('/') }, credential is not null, cancellationToken).ConfigureAwait(false);
        }
    }

    private IReadOnlyCollection<string> TrustedWith(RegistryCredential? credential) =>
        credential is { TrustedRealms.Count: > 0 } ? RealmPolicy.TrustedHosts([.. access.TrustedRealms, .. credential.TrustedRealms], access.Environment) : _trusted;

    /// <summary>The credential for a repository; null for none. Each is looked for once.</summary>
    internal async Task<RegistryCredential?> CredentialAsync(string repository, CancellationToken cancellationToken)
    {
        if (access.Credential is { } given) return new RegistryCredential(given.UserName, given.Password, null, null, GivenHere);
        Task<RegistryCredential?> lookup = _credentials.GetOrAdd(repository, name => source.FindAsync(endpoint.Registry, name, cancellationToken));
        try
        {
            return await lookup.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (lookup.IsCanceled)
        {
            // the one who started the lookup gave up; that says nothing about the credential
            _credentials.TryRemove(new(repository, lookup));
            cancellationToken.ThrowIfCancellationRequested();
            return await source.FindAsync(endpoint.Registry, repository, cancellationToken).ConfigureAwait(false);
        }
    }

    // tokens of different secrets are kept apart, and no secret becomes part of a key that lives as long as the process
    private static string AccountOf(RegistryCredential? credential) => credential is null ? "" : Convert.ToHexString(SHA256.HashData(
        Encoding.UTF8.GetBytes($"{credential.UserName}\n{credential.Password}\n{credential.IdentityToken}")));

    private sealed class TokenRefusedException : Exception;
}
