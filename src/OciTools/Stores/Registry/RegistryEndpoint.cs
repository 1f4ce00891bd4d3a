using System.Net;

namespace OciTools.Stores.Registry;

/// <summary>The address behind the registry part of a reference. Names that no address can be built of are refused before anything is sent.</summary>
internal sealed class RegistryEndpoint
{
    private const string HubHost = "registry-1.docker.io";

    /// <param name="registry">Host and port as in <see cref="ImageReference.Registry"/>.</param>
    /// <exception cref="MalformedException">No address can be built of it (<c>InvalidImageName</c>).</exception>
    internal RegistryEndpoint(string registry)
    {
        Registry = registry;
        string authority = registry == ImageReference.DockerHub ? HubHost : registry;
        Secure = Build(Uri.UriSchemeHttps, authority, registry);
        Plain = Build(Uri.UriSchemeHttp, authority, registry);
        IsLoopback = IsLoopbackHost(Secure.IdnHost);
    }

    /// <summary>The registry as references name it.</summary>
    internal string Registry { get; }

    /// <summary>The root of the registry with TLS.</summary>
    internal Uri Secure { get; }

    /// <summary>The root of the registry without TLS.</summary>
    internal Uri Plain { get; }

    /// <summary>Whether the registry is named as a loopback address: <c>localhost</c>, 127.0.0.0/8 or <c>::1</c>.</summary>
    internal bool IsLoopback { get; }

    /// <summary>Whether a host is <c>localhost</c> or a loopback address, as a whole and not by its beginning.</summary>
    internal static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Scheme, host and port, by which credentials and tokens are bound.</summary>
    internal static string OriginOf(Uri address) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{address.Scheme}://{address.IdnHost}:{address.Port}");

    internal static bool SameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port && string.Equals(left.IdnHost, right.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static Uri Build(string scheme, string authority, string registry)
    {
        if (!Uri.TryCreate($"{scheme}://{authority}/", UriKind.Absolute, out Uri? uri) || uri.Port is < 1 or > 65535)
            throw ErrorCatalogue.InvalidImageName.Error($"No address can be built of the registry '{DisplayText.Excerpt(registry, 100)}': host or port is not valid.");

        // Uri takes 0x7f.1 and 2130706433 for addresses, other programs for names; what can be read two ways is not asked
        int colon = authority.LastIndexOf(':');
        string host = authority[0] == '[' || colon < 0 ? authority : authority[..colon];
        if (host[0] != '[' && !string.Equals(uri.IdnHost, host, StringComparison.OrdinalIgnoreCase))
            throw ErrorCatalogue.InvalidImageName.Error($"The registry '{DisplayText.Excerpt(registry, 100)}' can be read as the host '{uri.IdnHost}'; write that instead if it is meant.");
        return uri;
    }
}
