namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// Matches the keys of credentials files against one repository. Docker writes hosts and, from its early days, addresses
/// (<c>https://host/v1/</c>); the container tools write hosts and namespaces (<c>host/team/app</c>). Hosts are compared whole, port
/// included, in lower case and without a trailing dot: nothing that merely begins or ends like a host matches it.
/// </summary>
internal sealed class RegistryKey
{
    /// <summary>Under this address Docker keeps the login of Docker Hub.</summary>
    internal const string HubAddress = "https://index.docker.io/v1/";

    private readonly string[] _segments;

    internal RegistryKey(string registry, string repository)
    {
        Host = FoldHost(registry);
        _segments = repository.Split('/', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The host in its canonical form; <c>docker.io</c> for all names of Docker Hub.</summary>
    internal string Host { get; }

    /// <summary>Whether the registry is Docker Hub.</summary>
    internal bool IsHub => Host == ImageReference.DockerHub;

    /// <summary>The namespace or repository; empty for the registry as a whole.</summary>
    internal string Repository => string.Join('/', _segments);

    /// <summary>The registry and the repository that a key of a credentials file, or a server of a helper, stands for; null for what is none.</summary>
    internal static RegistryKey? Parse(string key) => TrySplit(key, out string host, out string path) ? new RegistryKey(host, path) : null;

    /// <summary>The name under which the tools of today keep the login of the registry.</summary>
    /// <param name="docker">Whether Docker does, which has another name for Docker Hub.</param>
    internal string Server(bool docker) => docker && IsHub ? HubAddress : Host;

    /// <summary>
    /// How well a key fits: 0 not at all, 1 the registry as a whole, more the more of the repository it names.
    /// </summary>
    /// <param name="key">A key of <c>auths</c>.</param>
    internal int Fit(string key)
    {
        if (!TrySplit(key, out string host, out string path) || FoldHost(host) != Host) return 0;
        if (path.Length == 0) return 1;
        string[] wanted = path.Split('/');
        if (wanted.Length > _segments.Length) return 0;
        for (int i = 0; i < wanted.Length; i++)
            if (!string.Equals(wanted[i], _segments[i], StringComparison.Ordinal)) return 0;
        return 1 + wanted.Length;
    }

    /// <summary>Whether the key is the spelling that the tools write today, which goes before older ones of the same registry.</summary>
    internal bool IsPlain(string key, bool docker) => docker && IsHub ? key == HubAddress : !key.Contains("://", StringComparison.Ordinal);

    /// <summary>The canonical form of a host with or without port.</summary>
    internal static string FoldHost(string host)
    {
        string folded = host.ToLowerInvariant();
        int colon = folded.LastIndexOf(':');
        bool hasPort = colon > folded.LastIndexOf(']') && colon > 0;
        string name = hasPort ? folded[..colon] : folded;
        if (name.Length > 1 && name.EndsWith('.')) name = name[..^1];
        if (hasPort) return name + folded[colon..];
        return name is "index.docker.io" or "registry-1.docker.io" ? ImageReference.DockerHub : name;
    }

    /// <summary>Whether a text has only what a host with or without port has.</summary>
    internal static bool IsHost(string text)
    {
        foreach (char c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')) return false;
        return text.Length > 0;
    }

    /// <summary>Splits a key into host and namespace; an address stands for its host as a whole.</summary>
    private static bool TrySplit(string key, out string host, out string path)
    {
        int start = key.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8
            : key.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : 0;
        ReadOnlySpan<char> rest = key.AsSpan(start);
        int slash = rest.IndexOf('/');
        host = (slash < 0 ? rest : rest[..slash]).ToString();
        path = slash < 0 || start > 0 ? "" : rest[(slash + 1)..].TrimEnd('/').ToString();
        if (path is "v1" or "v2") path = "";
        return IsHost(host);
    }
}
