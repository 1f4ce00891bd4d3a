using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>
/// Decides what may be sent to the realm of a <c>WWW-Authenticate: Bearer</c> challenge. The registry names it freely, so a hostile one
/// names a host of its own, or one inside the user's network. Credentials go to the registry's own origin, to the token servers that the
/// large registries are known to use, and to hosts that the user trusts; to nowhere else.
/// </summary>
internal static class RealmPolicy
{
    /// <summary>The environment variable with trusted hosts, separated by comma, semicolon or space.</summary>
    public const string Variable = "OCITOOLS_TRUSTED_REALMS";

    private const int LongestRealm = 2048;

    private static readonly SearchValues<char> s_notInTrustedHost = SearchValues.Create("/\\@?#% ");

    /// <summary>Registries whose token server has another name. Each pair is what the registry answers today, on port 443 both.</summary>
    private static readonly FrozenDictionary<string, string> s_knownTokenServers = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["docker.io"] = "auth.docker.io",
        ["index.docker.io"] = "auth.docker.io",
        ["registry-1.docker.io"] = "auth.docker.io",
        ["registry.gitlab.com"] = "gitlab.com",
        ["nvcr.io"] = "authn.nvidia.com",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Decides what the realm may be sent.</summary>
    /// <param name="registry">The origin that sent the challenge: scheme, host and port count.</param>
    /// <param name="realm">The realm, exactly as the challenge gave it.</param>
    /// <param name="trustedHosts">Hosts that the user trusts: <c>host</c> (the scheme's own port) or <c>host:port</c>.</param>
    /// <param name="address">The address to ask; null where it is refused.</param>
    public static RealmDecision Decide(Uri registry, string? realm, IReadOnlyCollection<string> trustedHosts, out Uri? address)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(trustedHosts);
        address = null;
        if (Parse(realm) is not { } target) return RealmDecision.Refuse;

        string host = AddressRanges.HostOf(target);
        AddressKind kind = AddressRanges.KindOf(host);
        if (kind is AddressKind.LinkLocal or AddressKind.Reserved) return RealmDecision.Refuse;

        string registryHost = AddressRanges.HostOf(registry);
        bool sameHost = string.Equals(host, registryHost, StringComparison.Ordinal);
        bool trusted = IsTrusted(host, target, trustedHosts);
        if (kind != AddressKind.Public && !sameHost && !trusted && AddressRanges.KindOf(registryHost) != AddressKind.Loopback) return RealmDecision.Refuse;

        address = target;
        bool https = target.Scheme == Uri.UriSchemeHttps;
        bool sameOrigin = sameHost && target.Port == registry.Port && (https || registry.Scheme == Uri.UriSchemeHttp);
        bool send = sameOrigin
            || (trusted && (https || kind == AddressKind.Loopback))
            || (https && IsKnownTokenServer(registry, registryHost, target, host));
        return send ? RealmDecision.SendCredentials : RealmDecision.AnonymousOnly;
    }

    /// <summary>The host that the user would have to trust so that a realm may be sent more; null where that does not bring it.</summary>
    /// <param name="registry">The origin that sent the challenge.</param>
    /// <param name="realm">The realm, exactly as the challenge gave it.</param>
    /// <param name="wanted">What it may be sent then.</param>
    internal static string? HostToTrust(Uri registry, string? realm, RealmDecision wanted) =>
        Parse(realm) is { } target && HostAndPort(target) is var host && Decide(registry, realm, [host], out _) >= wanted ? host : null;

    /// <summary>A host as the user names it to trust it.</summary>
    internal static string HostAndPort(Uri realm) => DisplayText.Clean(realm.IsDefaultPort ? realm.Host : realm.Authority);

    /// <summary>The hosts that the user trusts: those of the parameter and those of <see cref="Variable"/>.</summary>
    /// <param name="given">The values of the parameter; each may hold several, separated by comma, semicolon or space.</param>
    /// <param name="environment">Where the variable is read.</param>
    public static IReadOnlyCollection<string> TrustedHosts(IEnumerable<string>? given, UserEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        HashSet<string> hosts = new(StringComparer.OrdinalIgnoreCase);
        foreach (string value in given ?? []) hosts.UnionWith(Split(value));
        hosts.UnionWith(Split(environment.Variable(Variable)));
        return hosts;
    }

    private static string[] Split(string? value) => (value ?? "").Split([',', ';', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    // The text is judged before Uri sees it, because Uri repairs: it turns backslashes round, trims blanks and decodes escapes in names.
    private static Uri? Parse(string? realm)
    {
        if (string.IsNullOrEmpty(realm) || realm.Length > LongestRealm) return null;
        foreach (char c in realm)
            if (c is <= ' ' or >= '\x7F' or '\\' or '"' or '<' or '>' or '^' or '`' or '{' or '|' or '}') return null;

        int start = realm.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8
            : realm.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : 0;
        if (start == 0) return null;
        int end = realm.AsSpan(start).IndexOfAny('/', '?', '#');
        ReadOnlySpan<char> authority = end < 0 ? realm.AsSpan(start) : realm.AsSpan(start, end);
        if (authority.IsEmpty || authority.IndexOfAny('@', '%') >= 0 || authority[^1] == ':') return null;
        if (!Uri.TryCreate(realm, UriKind.Absolute, out Uri? uri) || uri.UserInfo.Length > 0 || uri.Port is < 1 or > 65535) return null;
        return uri.HostNameType is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 && IsPlausible(AddressRanges.HostOf(uri)) ? uri : null;
    }

    // A name that ends in a number is an address to some resolvers and a name to others.
    private static bool IsPlausible(string host)
    {
        if (host.Length == 0 || host[0] == '.' || host[^1] == '.') return false;
        string last = host[(host.LastIndexOf('.') + 1)..];
        bool numeric = last.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0 || last.StartsWith("0x", StringComparison.Ordinal);
        return !numeric || IPAddress.TryParse(host, out _);
    }

    private static bool IsKnownTokenServer(Uri registry, string registryHost, Uri target, string host) =>
        registry.Scheme == Uri.UriSchemeHttps && registry.Port == 443 && target.Port == 443
        && s_knownTokenServers.TryGetValue(registryHost, out string? known) && known == host;

    private static bool IsTrusted(string host, Uri target, IReadOnlyCollection<string> trustedHosts)
    {
        foreach (string entry in trustedHosts)
        {
            // The scheme is only there to make an address of it; the port is taken from the text, since 443 would vanish in it.
            if (entry.AsSpan().ContainsAny(s_notInTrustedHost) || !Uri.TryCreate("https://" + entry, UriKind.Absolute, out Uri? trusted)) continue;
            bool hasPort = entry.EndsWith(":" + trusted.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) && !entry.EndsWith(']');
            bool samePort = hasPort ? trusted.Port == target.Port : target.IsDefaultPort;
            if (samePort && AddressRanges.HostOf(trusted) == host) return true;
        }

        return false;
    }
}
