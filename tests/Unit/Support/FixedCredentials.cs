using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Support;

/// <summary>Credentials from a table; none by default.</summary>
internal sealed class FixedCredentials(RegistryCredential? credential = null) : ICredentialSource
{
    internal static FixedCredentials None { get; } = new();

    public Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken) => Task.FromResult(credential);
}
