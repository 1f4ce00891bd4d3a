using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>The HTTP chains of one registry: its own, with what the user allowed for it, and a strict one for every other host that it names.</summary>
internal sealed class RegistryChains
{
    private static readonly TimeSpan s_responseTimeout = TimeSpan.FromSeconds(60);

    private readonly IAdapters _adapters;
    private readonly RegistryEndpoint _endpoint;
    private readonly CertificateFolders _certificates;
    private readonly HttpMessageInvoker _registry;

    internal RegistryChains(IAdapters adapters, RegistryEndpoint endpoint, RegistryAccess access)
    {
        _adapters = adapters;
        _endpoint = endpoint;
        _certificates = access.Certificates;
        RegistryPolicy = new HttpPolicy
        {
            SkipCertificateCheck = access.SkipCertificateCheck,
            CertificateFolder = access.Certificates.Find(endpoint.Registry),
            ResponseTimeout = s_responseTimeout,
        };
        _registry = adapters.Http(RegistryPolicy);
    }

    internal HttpPolicy RegistryPolicy { get; }

    internal HttpMessageInvoker Registry => _registry;

    /// <summary>The chain to an address that the registry named.</summary>
    /// <param name="address">The address.</param>
    /// <param name="origin">The root of the registry.</param>
    /// <param name="policy">The policy of the chain.</param>
    internal HttpMessageInvoker For(Uri address, Uri origin, out HttpPolicy policy)
    {
        policy = RegistryPolicy;
        if (RegistryEndpoint.SameOrigin(address, origin)) return _registry;
        policy = new HttpPolicy
        {
            CertificateFolder = address.Scheme == Uri.UriSchemeHttps ? _certificates.Find(address.Authority) : null,
            RefuseLocalAddresses = !_endpoint.IsLoopback,
            ResponseTimeout = s_responseTimeout,
        };
        return _adapters.Http(policy);
    }
}
