using System.Runtime.CompilerServices;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// Keeps logins where Docker keeps them: in the helper that its <c>config.json</c> names, else in that file; and finds and removes those
/// that Docker and the container tools keep.
/// </summary>
public sealed class LoginStorage
{
    private readonly CredentialFiles _files;
    private readonly CredentialHelper _helper;

    /// <param name="environment">Where the files are looked for; null for the process's own environment.</param>
    /// <param name="timeLimit">How long a credential helper may take; null for <see cref="CredentialFiles.DefaultTimeLimit"/>.</param>
    public LoginStorage(UserEnvironment? environment = null, TimeSpan? timeLimit = null)
    {
        _files = new CredentialFiles(environment, timeLimit);
        _helper = new CredentialHelper(environment ?? UserEnvironment.Current, timeLimit ?? CredentialFiles.DefaultTimeLimit);
    }

    /// <summary>Where a login would be kept, for people: the program of a helper, or the file.</summary>
    /// <param name="registry">The registry as it is named in references.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="AccessException">The file does not work, or there is no place for one (<c>CredentialStoreFailed</c>).</exception>
    public async Task<string> PlaceOfAsync(string registry, CancellationToken cancellationToken)
    {
        string path = DockerFile();
        return await HelperAsync(path, new RegistryKey(registry, ""), cancellationToken).ConfigureAwait(false) is { } helper ? CredentialHelper.ProgramOf(helper) : path;
    }

    /// <summary>Keeps a login in place of the one before.</summary>
    /// <param name="registry">The registry as it is named in references.</param>
    /// <param name="credential">The login: a user with a password, or an identity token.</param>
    /// <param name="cancellationToken">Stops the waiting, and a helper with all it started.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="AccessException">A file or helper does not work (<c>CredentialStoreFailed</c>); no other place was tried.</exception>
    public async Task<StoredLogin> StoreAsync(string registry, RegistryCredential credential, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credential);
        string path = DockerFile();
        RegistryKey key = new(registry, "");
        string server = key.Server(docker: true);
        string? helper = await HelperAsync(path, key, cancellationToken).ConfigureAwait(false);
        if (helper is not null) await _helper.StoreAsync(helper, server, credential, path, cancellationToken).ConfigureAwait(false);
        CredentialFile file = new(path, docker: true, _helper);
        await CredentialFileWriter.ChangeAsync(path, async token =>
        {
            // where a helper has the login, Docker leaves an empty entry, by which docker logout knows of it
            using CredentialDocument? document = await file.OpenAsync(token).ConfigureAwait(false);
            return CredentialFile.Guard(() => CredentialEdit.With(document?.Root, server, helper is null ? credential : null));
        }, cancellationToken).ConfigureAwait(false);
        return new StoredLogin(key.Host, "", credential.UserName, KindOf(credential), helper, path, IsDocker: true);
    }

    /// <summary>All logins, in the order in which they are asked: of the same registry, the first is the one that counts.</summary>
    /// <param name="onFailure">Told of a file or helper that does not work; the others go on.</param>
    /// <param name="cancellationToken">Stops the reading, and a helper with all it started.</param>
    public async IAsyncEnumerable<StoredLogin> ListAsync(Action<OciException> onFailure, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onFailure);
        foreach ((string path, bool docker) in _files.Paths())
        {
            List<StoredLogin> found = [];
            try
            {
                await new CredentialListing(path, docker, _helper).AddAsync(found, onFailure, cancellationToken).ConfigureAwait(false);
            }
            catch (OciException e)
            {
                onFailure(e);
            }

            foreach (StoredLogin login in found) yield return login;
        }
    }

    /// <summary>The registries that the files name; no helper is asked. A file that does not work names none.</summary>
    internal async Task<IReadOnlyList<string>> ListNamesAsync(CancellationToken cancellationToken)
    {
        List<string> names = [];
        foreach ((string path, bool docker) in _files.Paths())
        {
            try
            {
                names.AddRange(await new CredentialListing(path, docker, _helper).NamesAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (OciException)
            {
                // who wants to know why is told by the listing of the logins themselves
            }
        }

        return names;
    }

    /// <summary>The logins of a registry as a whole, wherever they are. A helper is asked for the login itself, since not all of them have a list.</summary>
    /// <param name="registry">The registry as it is named in references.</param>
    /// <param name="onFailure">Told of a file or helper that does not work; the others go on.</param>
    /// <param name="cancellationToken">Stops the reading, and a helper with all it started.</param>
    public async Task<IReadOnlyList<StoredLogin>> FindAsync(string registry, Action<OciException> onFailure, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onFailure);
        RegistryKey key = new(registry, "");
        List<StoredLogin> found = [];
        foreach ((string path, bool docker) in _files.Paths())
        {
            try
            {
                await new CredentialListing(path, docker, _helper).AddAsync(found, key, cancellationToken).ConfigureAwait(false);
            }
            catch (OciException e)
            {
                onFailure(e);
            }
        }

        return found;
    }

    /// <summary>Removes a login, from its helper and from its file, under whatever spelling of the registry it is there.</summary>
    /// <param name="login">The login.</param>
    /// <param name="cancellationToken">Stops the waiting, and a helper with all it started.</param>
    /// <exception cref="AccessException">A file or helper does not work (<c>CredentialStoreFailed</c>).</exception>
    public async Task EraseAsync(StoredLogin login, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(login);
        RegistryKey key = new(login.Registry, "");
        if (login.Helper is not null) await _helper.EraseAsync(login.Helper, key.Server(login.IsDocker), login.File, cancellationToken).ConfigureAwait(false);
        CredentialFile file = new(login.File, login.IsDocker, _helper);
        if (!File.Exists(login.File)) return;
        await CredentialFileWriter.ChangeAsync(login.File, async token =>
        {
            using CredentialDocument? document = await file.OpenAsync(token).ConfigureAwait(false);
            if (document is null) return null;
            return CredentialFile.Guard(() =>
            {
                string[] keys = [.. document.Keys.Where(name => key.Fit(name) == 1)];
                return keys.Length == 0 ? null : CredentialEdit.Without(document.Root, keys);
            });
        }, cancellationToken).ConfigureAwait(false);
    }

    internal static CredentialKind KindOf(RegistryCredential credential) =>
        credential.IdentityToken is not null ? CredentialKind.IdentityToken : credential.Password is not null ? CredentialKind.Password : CredentialKind.RegistryToken;

    private async Task<string?> HelperAsync(string path, RegistryKey key, CancellationToken cancellationToken)
    {
        using CredentialDocument? document = await new CredentialFile(path, docker: true, _helper).OpenAsync(cancellationToken).ConfigureAwait(false);
        return document is null ? null : CredentialFile.Guard(() => document.HelperFor(key));
    }

    private string DockerFile()
    {
        (string path, bool docker) = _files.Paths().FirstOrDefault();
        return docker ? path : throw ErrorCatalogue.CredentialStoreFailed.Error("There is no home directory to keep a login in, and DOCKER_CONFIG is not set.", null,
            "Set DOCKER_CONFIG to a directory, or log in for this process only, without -Persist.");
    }
}
