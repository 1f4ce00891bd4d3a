using System.Net;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Registry;

/// <summary>Proves a login against a registry (distribution-spec, section Determining Support, and the challenge that answers it).</summary>
public static class RegistryLogin
{
    /// <summary>Asks the registry whether it takes a login. Nothing that was learned of the registry before counts, tokens least of all.</summary>
    /// <param name="registry">The registry as it is named in references.</param>
    /// <param name="adapters">Where HTTP comes from.</param>
    /// <param name="access">How the registry is reached; a credential in it is not looked at.</param>
    /// <param name="credential">The login.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>
    /// The login to keep, whose identity token may be a newer one that came in exchange; and whether it is proved: a registry that lets
    /// everybody in asks for none.
    /// </returns>
    /// <exception cref="AccessException">The registry refuses the login (<c>Unauthorized</c>, <c>Forbidden</c>).</exception>
    /// <exception cref="RefusedException">Its token server lies on a host that is not trusted (<c>RealmNotTrusted</c>).</exception>
    public static async Task<(RegistryCredential Credential, bool IsProved)> ProveAsync(
        string registry, IAdapters adapters, RegistryAccess access, RegistryCredential credential, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(access);
        ArgumentNullException.ThrowIfNull(credential);
        RegistryMemory memory = new();
        Given given = new(credential);
        RegistryClient client = new(registry, adapters, access with { Credential = null }, given, memory);
        RegistryRequest request = new(HttpMethod.Get, "", "/v2/", registry) { Action = RegistryAction.Login };
        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            throw await RegistryErrors.FromAsync(response, request, ErrorCatalogue.ProtocolViolation, client.Pace, cancellationToken).ConfigureAwait(false);

        // a web page behind a name that is no registry's says 200 to everybody
        _ = await ResponseDocument.ReadAsync(response, Limits.ErrorBody, registry, client.Pace, cancellationToken).ConfigureAwait(false);
        string? newer = memory.Tokens.Refreshed.Values.FirstOrDefault();
        return (newer is null ? credential : credential with { IdentityToken = newer }, given.IsAsked);
    }

    private sealed class Given(RegistryCredential credential) : ICredentialSource
    {
        internal bool IsAsked { get; private set; }

        public Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken)
        {
            IsAsked = true;
            return Task.FromResult<RegistryCredential?>(credential);
        }
    }
}
