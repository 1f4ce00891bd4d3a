namespace OciTools.Stores.Registry.Credentials;

/// <summary>Sources of credentials, one after the other: the first that has something for the registry wins.</summary>
/// <param name="sources">The sources, in their order.</param>
public sealed class CredentialChain(params IReadOnlyList<ICredentialSource> sources) : ICredentialSource
{
    /// <summary>The logins of this process, then those that Docker and the container tools keep.</summary>
    public static CredentialChain OfUser() => new(ProcessLogins.Current, new CredentialFiles());

    /// <inheritdoc/>
    public async Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        foreach (ICredentialSource source in sources)
            if (await source.FindAsync(registry, repository, cancellationToken).ConfigureAwait(false) is { } credential) return credential;
        return null;
    }
}
