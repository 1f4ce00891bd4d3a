using System.Globalization;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// The logins that Docker and the container tools keep: Docker's <c>config.json</c>, then <c>auth.json</c>, each with its credential
/// helpers. The first that has something for the registry wins; one that fails ends the search, so that a broken login never turns into
/// another one. Nothing is kept between two lookups.
/// </summary>
public sealed class CredentialFiles : ICredentialSource
{
    /// <summary>How long a credential helper may take.</summary>
    public static readonly TimeSpan DefaultTimeLimit = TimeSpan.FromSeconds(30);

    private readonly UserEnvironment _environment;
    private readonly CredentialHelper _helper;

    /// <summary>A lookup in the files of the user.</summary>
    /// <param name="environment">Where the files are looked for; null for the process's own environment.</param>
    /// <param name="timeLimit">How long a credential helper may take; null for <see cref="DefaultTimeLimit"/>.</param>
    public CredentialFiles(UserEnvironment? environment = null, TimeSpan? timeLimit = null)
    {
        _environment = environment ?? UserEnvironment.Current;
        _helper = new CredentialHelper(_environment, timeLimit ?? DefaultTimeLimit);
    }

    /// <inheritdoc/>
    public async Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        ArgumentNullException.ThrowIfNull(repository);
        if (!RegistryKey.IsHost(registry)) throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(registry)}' is not the name of a registry.");

        RegistryKey key = new(registry, repository);
        foreach ((string path, bool docker) in Paths())
        {
            CredentialFile file = new(path, docker, _helper);
            if (await file.FindAsync(key, cancellationToken).ConfigureAwait(false) is { } credential) return credential;
        }

        return null;
    }

    /// <summary>The files, in the order in which they are asked, whether they exist or not.</summary>
    internal IEnumerable<(string Path, bool Docker)> Paths()
    {
        string? home = _environment.Home;
        if (_environment.DockerFolder is { } docker) yield return (Path.Combine(docker, "config.json"), true);

        string? primary = _environment.Variable("REGISTRY_AUTH_FILE");
        if (primary is null && !OperatingSystem.IsWindows() && !OperatingSystem.IsMacOS())
        {
            if (_environment.Variable("XDG_RUNTIME_DIR") is { } runtime) primary = Path.Combine(runtime, "containers", "auth.json");
            else if (_environment.UserId is { } id) primary = $"/run/containers/{id.ToString(CultureInfo.InvariantCulture)}/auth.json";
        }

        if (primary is not null) yield return (primary, false);
        string? configuration = _environment.Variable("XDG_CONFIG_HOME") ?? (home is null ? null : Path.Combine(home, ".config"));
        if (configuration is not null) yield return (Path.Combine(configuration, "containers", "auth.json"), false);
    }
}
