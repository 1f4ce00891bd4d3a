using System.Runtime.CompilerServices;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Operations.Logins;

/// <summary>Logs in to registries and out of them, and lists for which ones there are logins.</summary>
/// <param name="log">Takes warnings.</param>
/// <param name="memory">The logins of a process; null for those of this one.</param>
/// <param name="storage">Where logins are kept for others; null for the user's files and helpers.</param>
public sealed class RegistryLogins(IOperationLog log, ProcessLogins? memory = null, LoginStorage? storage = null)
{
    private readonly ProcessLogins _memory = memory ?? ProcessLogins.Current;
    private readonly LoginStorage _storage = storage ?? new LoginStorage();

    /// <summary>Finds out what a login would do. Nothing is sent.</summary>
    /// <param name="registry">Host and port, as names of images begin with them.</param>
    /// <param name="credential">A user with a password, or an identity token.</param>
    /// <param name="persist">Whether it is kept for others too.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="MalformedException">It is no registry, or no login that can be sent (<c>InvalidImageName</c>, <c>InvalidCredential</c>).</exception>
    /// <exception cref="AccessException">The file that names the helper does not work (<c>CredentialStoreFailed</c>).</exception>
    public async Task<LoginPlan> PlanAsync(string registry, RegistryCredential credential, bool persist, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credential);
        string host = RegistryName.Parse(registry).Registry;
        Check(credential);
        return new LoginPlan(host, credential, persist ? await _storage.PlaceOfAsync(host, cancellationToken).ConfigureAwait(false) : null);
    }

    /// <summary>Proves a login, then keeps it. What is to be kept for others is kept there first, so that a failure leaves nothing.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="adapters">Where HTTP comes from.</param>
    /// <param name="access">How the registry is reached; its trusted realms are kept with the login.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>The login of this process, then the one that is kept for others.</returns>
    /// <exception cref="AccessException">The registry refuses it, or it cannot be kept (<c>Unauthorized</c>, <c>CredentialStoreFailed</c>).</exception>
    /// <exception cref="RefusedException">The token server lies on a host that is not trusted (<c>RealmNotTrusted</c>).</exception>
    public async Task<IReadOnlyList<ImageRegistry>> ConnectAsync(LoginPlan plan, IAdapters adapters, RegistryAccess access, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(access);
        (RegistryCredential credential, bool isProved) = await RegistryLogin.ProveAsync(plan.Registry, adapters, access, plan.Credential, cancellationToken).ConfigureAwait(false);
        if (!isProved) log.Warning($"{plan.Registry} lets everybody in where one logs in, so that nothing is known of the login; it is kept as it is.");
        List<ImageRegistry> kept = [];
        if (plan.StoredIn is not null) kept.Add(Describe(await _storage.StoreAsync(plan.Registry, credential, cancellationToken).ConfigureAwait(false)));
        credential = credential with { TrustedRealms = [.. access.TrustedRealms] };
        _memory.Keep(plan.Registry, credential);
        kept.Insert(0, Describe(plan.Registry, credential));
        return kept;
    }

    /// <summary>The registries that there is a login for, in the order in which logins are asked: of the same registry, the first counts.</summary>
    /// <param name="onFailure">Told of a file or helper that does not work; the others go on.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async IAsyncEnumerable<ImageRegistry> ListAsync(Action<OciException> onFailure, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((string registry, RegistryCredential credential) in _memory.All) yield return Describe(registry, credential);
        await foreach (StoredLogin login in _storage.ListAsync(onFailure, cancellationToken).ConfigureAwait(false)) yield return Describe(login);
    }

    /// <summary>The registries that this process and the files know a login for. No helper is asked, and what does not work names none.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task<IReadOnlyList<string>> ListNamesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> stored = await new LoginStorage().ListNamesAsync(cancellationToken).ConfigureAwait(false);
        return [.. ProcessLogins.Current.All.Select(login => login.Registry).Concat(stored).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Finds the logins of a registry that would be removed.</summary>
    /// <param name="registry">Host and port, as names of images begin with them.</param>
    /// <param name="stored">Whether those count that Docker and the container tools keep.</param>
    /// <param name="onFailure">Told of a file or helper that does not work; the others go on.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="NotFoundException">There is none (<c>LoginNotFound</c>).</exception>
    public async Task<IReadOnlyList<LogoutPlan>> FindAsync(string registry, bool stored, Action<OciException> onFailure, CancellationToken cancellationToken)
    {
        string host = RegistryName.Parse(registry).Registry;
        List<LogoutPlan> found = [];
        bool isWhole = true;
        if (await _memory.FindAsync(host, "", cancellationToken).ConfigureAwait(false) is { } credential) found.Add(new LogoutPlan(Describe(host, credential), null));
        if (stored)
        {
            foreach (StoredLogin login in await _storage.FindAsync(host, NoteFailure, cancellationToken).ConfigureAwait(false))
                found.Add(new LogoutPlan(Describe(login), login));
        }

        if (found.Count == 0 && isWhole)
            throw ErrorCatalogue.LoginNotFound.Error($"There is no login for {host}{(stored ? ", neither in this process nor where Docker and the container tools keep theirs" : " in this process")}.");
        return found;

        void NoteFailure(OciException failure)
        {
            isWhole = false;
            onFailure(failure);
        }
    }

    /// <summary>Removes a login.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="AccessException">A file or helper does not work (<c>CredentialStoreFailed</c>).</exception>
    public async Task<ImageRegistry> DisconnectAsync(LogoutPlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Stored is { } login) await _storage.EraseAsync(login, cancellationToken).ConfigureAwait(false);
        else _memory.Forget(plan.Login.Registry);
        return plan.Login;
    }

    private static void Check(RegistryCredential credential)
    {
        if (credential.IdentityToken is { } token)
        {
            if (token.Length == 0) throw ErrorCatalogue.InvalidCredential.Error("The identity token is empty.");
            return;
        }

        if (string.IsNullOrEmpty(credential.UserName) || string.IsNullOrEmpty(credential.Password)) throw ErrorCatalogue.InvalidCredential.Error("The user or the password is empty.");
        if (credential.UserName.Contains(':', StringComparison.Ordinal))
            throw ErrorCatalogue.InvalidCredential.Error($"The user '{DisplayText.Excerpt(credential.UserName, 60)}' has a colon, which no registry can be sent (RFC 7617).");
    }

    private static ImageRegistry Describe(string registry, RegistryCredential credential) => new()
    {
        Registry = registry,
        UserName = credential.UserName,
        Kind = credential.IdentityToken is null ? CredentialKind.Password : CredentialKind.IdentityToken,
        Place = CredentialPlace.Process,
        TrustedRealms = credential.TrustedRealms,
    };

    private static ImageRegistry Describe(StoredLogin login) => new()
    {
        Registry = login.Registry,
        Repository = login.Repository.Length == 0 ? null : login.Repository,
        UserName = login.UserName,
        Kind = login.Kind,
        Place = login.Helper is null ? CredentialPlace.File : CredentialPlace.Helper,
        Source = login.Source,
    };
}
