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

    /// <summary>The chain to an address that the registry named. Addresses of this computer and its link are refused, by name here and after resolution by the chain.</summary>
    /// <param name="address">The address.</param>
    /// <param name="origin">The root of the registry.</param>
    /// <param name="policy">The policy of the chain.</param>
    /// <exception cref="RefusedException">The address is local, and the registry is not (<c>RedirectRefused</c>).</exception>
    internal HttpMessageInvoker For(Uri address, Uri origin, out HttpPolicy policy)
    {
        policy = RegistryPolicy;
        if (RegistryEndpoint.SameOrigin(address, origin)) return _registry;
        RefuseLocal(address);
        policy = new HttpPolicy
        {
            CertificateFolder = address.Scheme == Uri.UriSchemeHttps ? _certificates.Find(address.Authority) : null,
            RefuseLocalAddresses = !_endpoint.IsLoopback,
            ResponseTimeout = s_responseTimeout,
        };
        return _adapters.Http(policy);
    }

    // also behind a proxy, which would reach its own link
    private void RefuseLocal(Uri address)
    {
        AddressKind kind = AddressRanges.KindOf(AddressRanges.HostOf(address));
        if (kind is AddressKind.LinkLocal or AddressKind.Reserved || (kind == AddressKind.Loopback && !_endpoint.IsLoopback))
            throw ErrorCatalogue.RedirectRefused.Error($"The registry {_endpoint.Registry} leads to '{DisplayText.Excerpt(address.Authority, 100)}', an address of this computer or its link; it is not asked.");
    }
}
