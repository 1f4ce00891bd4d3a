using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Support;

/// <summary>Credentials from a table; none by default.</summary>
internal sealed class FixedCredentials(RegistryCredential? credential = null) : ICredentialSource
{
    internal static FixedCredentials None { get; } = new();

    internal int Lookups { get; private set; }

    public Task<RegistryCredential?> FindAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        Lookups++;
        return Task.FromResult(credential);
    }
}
