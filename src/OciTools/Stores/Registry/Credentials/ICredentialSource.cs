namespace OciTools.Stores.Registry.Credentials;

/// <summary>Where the credential for a registry comes from.</summary>
public interface ICredentialSource
{
    /// <summary>Finds the credential for a repository of a registry.</summary>
    /// <param name="registry">The registry as it is named in references: <c>docker.io</c>, <c>ghcr.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</param>
    /// <param name="repository">The path without the host, <c>library/</c> included; empty for the registry as a whole.</param>
    /// <param name="cancellationToken">Stops the lookup, and a credential helper with all it started.</param>
    /// <returns>The credential, or null for none: ask anonymously.</returns>
    /// <exception cref="AccessException">A file or helper that should answer does not work (<c>CredentialStoreFailed</c>); no other was asked.</exception>
    Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken);
}
