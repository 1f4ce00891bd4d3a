using System.Net;

namespace OciTools.Stores.Http;

/// <summary>
/// Which proxy a request takes, by the environment variables that curl and the container tools honour: <c>HTTPS_PROXY</c>,
/// <c>HTTP_PROXY</c>, <c>ALL_PROXY</c> in either case, with credentials in the address, and <c>NO_PROXY</c>. This computer is never asked
/// through a proxy.
/// </summary>
internal sealed class ProxyRules : IWebProxy, ICredentials
{
    private static readonly string[] s_variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"];

    private readonly Uri? _http;
    private readonly Uri? _https;
    private readonly ProxyExceptions _exceptions;
    private readonly Dictionary<Uri, NetworkCredential> _credentials = [];

    private ProxyRules((string Name, string Value)? http, (string Name, string Value)? https, string? exceptions)
    {
        _http = Address(http);
        _https = Address(https);
        _exceptions = new ProxyExceptions(exceptions);
    }

    /// <summary>Whether any proxy is set.</summary>
    public bool HasProxy => _http is not null || _https is not null;

    /// <summary>The credentials that the addresses of the proxies hold, for those proxies alone. Setting it is not possible.</summary>
    public ICredentials? Credentials
    {
        get => this;
        set => throw new NotSupportedException();
    }

    /// <summary>Reads the variables once.</summary>
    /// <param name="environment">The environment; null for the process's own.</param>
    /// <exception cref="UnreachableException">A variable does not hold the address of a proxy (<c>ConnectionFailed</c>): going around it unasked could be wrong.</exception>
    public static ProxyRules FromEnvironment(UserEnvironment? environment = null)
    {
        UserEnvironment variables = environment ?? UserEnvironment.Current;
        // In a CGI program HTTP_PROXY is what the client sent as its header Proxy.
        bool cgi = variables.Variable("REQUEST_METHOD") is not null;
        (string, string)? all = First(variables, "ALL_PROXY", "all_proxy");
        return new ProxyRules(
            (cgi ? First(variables, "http_proxy") : First(variables, "HTTP_PROXY", "http_proxy")) ?? all,
            First(variables, "HTTPS_PROXY", "https_proxy") ?? all,
            First(variables, "NO_PROXY", "no_proxy")?.Value);
    }

    /// <summary>What the rules are read from, as it is now: where the text is the same, so are the rules.</summary>
    internal static string SettingsIn(UserEnvironment environment) => string.Join('\n', s_variables.Select(name => environment.Variable(name)));

    /// <summary>The proxy for a destination, without credentials; null to connect directly.</summary>
    /// <param name="destination">An absolute address.</param>
    public Uri? GetProxy(Uri destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Uri? proxy = destination.Scheme == Uri.UriSchemeHttps ? _https : destination.Scheme == Uri.UriSchemeHttp ? _http : null;
        return proxy is null || _exceptions.Contains(destination) ? null : proxy;
    }

    /// <summary>Whether a destination is asked directly.</summary>
    /// <param name="host">An absolute address.</param>
    public bool IsBypassed(Uri host) => GetProxy(host) is null;

    /// <summary>The credential for one of the proxies; null for any other address.</summary>
    /// <param name="uri">The address of the proxy.</param>
    /// <param name="authType">The scheme that the proxy asks for.</param>
    public NetworkCredential? GetCredential(Uri uri, string authType)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return _credentials.GetValueOrDefault(Origin(uri));
    }

    private static (string Name, string Value)? First(UserEnvironment variables, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if (variables.Variable(name)?.Trim() is { Length: > 0 } value) return (name, value);
        return null;
    }

    private Uri? Address((string Name, string Value)? setting)
    {
        if (setting is not { } given) return null;
        string text = given.Value.Contains("://", StringComparison.Ordinal) ? given.Value : "http://" + given.Value;
        // .NET leaves names to the SOCKS 5 proxy anyway, which is what the h stands for.
        if (text.StartsWith("socks5h://", StringComparison.OrdinalIgnoreCase)) text = "socks5" + text[7..];
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Host.Length == 0
            || address.Scheme is not ("http" or "https" or "socks4" or "socks4a" or "socks5"))
            // the value is not shown: it may hold a password
            throw ErrorCatalogue.ConnectionFailed.Error(
                $"The environment variable {given.Name} does not hold the address of a proxy.", null,
                "Write it as http://[user:password@]host:port, with https, socks4, socks4a or socks5 as other schemes, or remove it.");

        Uri origin = Origin(address);
        if (address.UserInfo.Length > 0)
        {
            int colon = address.UserInfo.IndexOf(':', StringComparison.Ordinal);
            string user = colon < 0 ? address.UserInfo : address.UserInfo[..colon];
            string password = colon < 0 ? "" : address.UserInfo[(colon + 1)..];
            _credentials[origin] = new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password));
        }

        return origin;
    }

    private static Uri Origin(Uri address)
    {
        int port = address.Port > 0 ? address.Port : address.Scheme.StartsWith("socks", StringComparison.Ordinal) ? 1080 : 80;
        return new UriBuilder(address.Scheme, address.Host, port).Uri;
    }
}
