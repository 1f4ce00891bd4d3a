namespace OciTools.Stores.Registry.Credentials;

/// <summary>Lists the logins of one credentials file and of the helpers that it names. Secrets are not handed on.</summary>
internal sealed class CredentialListing(string path, bool docker, CredentialHelper helper)
{
    /// <summary>Adds all logins: those that would be used, not those that lie beside a helper unused.</summary>
    internal async Task AddAsync(List<StoredLogin> found, Action<OciException> onFailure, CancellationToken cancellationToken)
    {
        using CredentialDocument? document = await OpenAsync(cancellationToken).ConfigureAwait(false);
        if (document is null) return;
        (string Server, string Helper)[] servers = CredentialFile.Guard(() => document.Helpers.ToArray());
        string? rest = CredentialFile.Guard(() => document.DefaultHelper);
        foreach (string name in servers.Select(s => s.Helper).Append(rest).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            try
            {
                foreach ((string server, string user) in await helper.ListAsync(name, path, cancellationToken).ConfigureAwait(false))
                    if (RegistryKey.Parse(server) is { } key && CredentialFile.Guard(() => document.HelperFor(key)) == name) Add(found, OfHelper(key, user, name));
            }
            catch (OciException e)
            {
                onFailure(e);
            }
        }

        foreach (string name in CredentialFile.Guard(() => document.Keys.ToArray()))
        {
            if (RegistryKey.Parse(name) is not { } key) continue;
            try
            {
                if (CredentialFile.Guard(() => document.EntryFor(key, tokenOnly: document.HelperFor(key) is not null)) is { } entry) Add(found, OfFile(key, entry));
            }
            catch (OciException e)
            {
                onFailure(e);
            }
        }
    }

    /// <summary>Adds the login of a registry as a whole, if there is one.</summary>
    internal async Task AddAsync(List<StoredLogin> found, RegistryKey key, CancellationToken cancellationToken)
    {
        using CredentialDocument? document = await OpenAsync(cancellationToken).ConfigureAwait(false);
        if (document is null) return;
        if (CredentialFile.Guard(() => document.HelperFor(key)) is { } name && await helper.GetAsync(name, key.Server(docker), path, cancellationToken).ConfigureAwait(false) is { } kept)
            found.Add(new StoredLogin(key.Host, "", kept.UserName, LoginStorage.KindOf(kept), name, path, docker));
        else if (CredentialFile.Guard(() => document.EntryFor(key, tokenOnly: false)) is { } entry)
            found.Add(OfFile(key, entry));
    }

    /// <summary>The registries that the file names, with a login or a helper.</summary>
    internal async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken)
    {
        using CredentialDocument? document = await OpenAsync(cancellationToken).ConfigureAwait(false);
        if (document is null) return [];
        return CredentialFile.Guard(() => document.Keys.Concat(document.Helpers.Select(pair => pair.Server)).Select(RegistryKey.Parse).OfType<RegistryKey>().Select(key => key.Host).ToArray());
    }

    private Task<CredentialDocument?> OpenAsync(CancellationToken cancellationToken) => new CredentialFile(path, docker, helper).OpenAsync(cancellationToken);

    // an older spelling of the same registry says nothing new
    private static void Add(List<StoredLogin> found, StoredLogin login)
    {
        if (!found.Exists(other => other.Registry == login.Registry && other.Repository == login.Repository && other.Source == login.Source)) found.Add(login);
    }

    private StoredLogin OfHelper(RegistryKey key, string user, string name) => user == CredentialHelper.TokenUser
        ? new StoredLogin(key.Host, key.Repository, null, CredentialKind.IdentityToken, name, path, docker)
        : new StoredLogin(key.Host, key.Repository, user.Length == 0 ? null : user, CredentialKind.Password, name, path, docker);

    private StoredLogin OfFile(RegistryKey key, RegistryCredential entry) => new(key.Host, key.Repository, entry.UserName, LoginStorage.KindOf(entry), null, path, docker);
}
