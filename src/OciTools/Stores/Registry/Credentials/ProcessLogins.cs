using System.Collections.Concurrent;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>The logins of this process. They are kept in memory only, and end with it.</summary>
public sealed class ProcessLogins : ICredentialSource
{
    private readonly ConcurrentDictionary<string, RegistryCredential> _logins = new(StringComparer.Ordinal);

    internal ProcessLogins() { }

    /// <summary>The logins of this process.</summary>
    internal static ProcessLogins Current { get; } = new();

    /// <summary>The registries that have a login, and the logins.</summary>
    internal IReadOnlyList<(string Registry, RegistryCredential Credential)> All =>
        [.. _logins.OrderBy(login => login.Key, StringComparer.Ordinal).Select(login => (login.Key, login.Value))];

    /// <summary>Keeps a login in place of the one before.</summary>
    /// <param name="registry">The registry as it is named in references.</param>
    /// <param name="credential">The login.</param>
    public void Keep(string registry, RegistryCredential credential)
    {
        ArgumentNullException.ThrowIfNull(credential);
        _logins[new RegistryKey(registry, "").Host] = credential;
    }

    /// <summary>Forgets a login; false where there was none.</summary>
    /// <param name="registry">The registry as it is named in references.</param>
    public bool Forget(string registry) => _logins.TryRemove(new RegistryKey(registry, "").Host, out _);

    /// <inheritdoc/>
    public Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken) =>
        Task.FromResult(_logins.GetValueOrDefault(new RegistryKey(registry, repository).Host));
}
