using OciTools.Stores.Http;

namespace OciTools.Stores.Engine;

/// <summary>One address that an engine may answer at.</summary>
/// <param name="Name">The address as <c>DOCKER_HOST</c> would have it, for messages.</param>
/// <param name="Source">Who named it: a variable, a context, or the default.</param>
/// <param name="BaseAddress">What requests are relative to; ends with a slash.</param>
/// <param name="Policy">How it is reached.</param>
internal sealed record EngineEndpoint(string Name, string Source, Uri BaseAddress, HttpPolicy Policy)
{
    private static readonly Uri s_local = new("http://localhost/");

    /// <summary>
    /// The addresses to try, in order. Whoever names an engine (<c>DOCKER_HOST</c>, a Docker context) gets that one or an error; else
    /// Docker's default places come first and then Podman's.
    /// </summary>
    /// <param name="environment">Where to look.</param>
    /// <exception cref="UnsupportedException">The named engine is reached by ssh or an unknown protocol (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="UnreachableException">The named context is not there (<c>EngineNotReachable</c>).</exception>
    internal static IReadOnlyList<EngineEndpoint> Find(EngineEnvironment environment)
    {
        if (environment["DOCKER_HOST"] is { } host) return [Parse(host, "DOCKER_HOST", DockerTls(environment))];
        if (DockerContext.Find(environment) is { } context) return [context];

        List<EngineEndpoint> endpoints = [];
        if (environment.IsWindows)
        {
            endpoints.Add(NamedPipe("docker_engine", "Docker's default"));
            AddContainerHost(endpoints, environment);
            endpoints.Add(NamedPipe("podman-machine-default", "Podman's default"));
            return endpoints;
        }

        string? runtime = environment["XDG_RUNTIME_DIR"];
        endpoints.Add(UnixSocket("/var/run/docker.sock", "Docker's default"));
        if (runtime is not null) endpoints.Add(UnixSocket($"{runtime}/docker.sock", "rootless Docker's default"));
        if (environment.User.Home is { } home) endpoints.Add(UnixSocket($"{home}/.docker/run/docker.sock", "Docker Desktop's default"));
        AddContainerHost(endpoints, environment);
        if (runtime is not null) endpoints.Add(UnixSocket($"{runtime}/podman/podman.sock", "rootless Podman's default"));
        endpoints.Add(UnixSocket("/run/podman/podman.sock", "Podman's default"));
        return endpoints;
    }

    /// <summary>Parses the address of an engine.</summary>
    /// <param name="host">Such as <c>unix:///var/run/docker.sock</c>, <c>npipe:////./pipe/docker_engine</c> or <c>tcp://host:2376</c>.</param>
    /// <param name="source">Who named it, for messages.</param>
    /// <param name="tls">How TLS is done; null for none.</param>
    internal static EngineEndpoint Parse(string host, string source, EngineTls? tls)
    {
        int end = host.IndexOf("://", StringComparison.Ordinal);
        string scheme = end < 0 ? "" : host[..end];
        string rest = end < 0 ? host : host[(end + 3)..];
        switch (scheme)
        {
            case "unix":
                return rest.Length > 0 ? UnixSocket(rest, source) : throw Bad(host, source, "it names no socket");
            case "npipe":
                return NamedPipe(PipeName(rest) ?? throw Bad(host, source, "it must be npipe:////./pipe/NAME"), source);
            case "tcp" or "http" or "https":
                return Tcp(scheme, rest, host, source, tls);
            case "ssh":
                throw ErrorCatalogue.UnsupportedPlace.Error(
                    $"The engine at '{DisplayText.Excerpt(host)}', which {DisplayText.Excerpt(source)} names, is reached by ssh; OciTools cannot do that.",
                    recommendation: "Forward the socket with ssh -L /path/to/local.sock:/var/run/docker.sock HOST, and set DOCKER_HOST=unix:///path/to/local.sock.");
            default:
                throw Bad(host, source, "it must start with unix://, npipe://, tcp://, http:// or https://");
        }
    }

    /// <summary>The address and who named it.</summary>
    public override string ToString() => $"{DisplayText.Excerpt(Name)} ({DisplayText.Excerpt(Source)})";

    private static EngineEndpoint UnixSocket(string path, string source) =>
        new("unix://" + path, source, s_local, new HttpPolicy { UnixSocket = path, UseProxy = false, Retry = false });

    private static EngineEndpoint NamedPipe(string name, string source) =>
        new("npipe:////./pipe/" + name, source, s_local, new HttpPolicy { NamedPipe = name, UseProxy = false, Retry = false });

    private static EngineEndpoint Tcp(string scheme, string rest, string host, string source, EngineTls? tls)
    {
        bool secure = scheme == "https" || (scheme == "tcp" && tls is not null);
        if (!Uri.TryCreate($"{(secure ? "https" : "http")}://{rest}", UriKind.Absolute, out Uri? address)
            || address.Host.Length == 0 || address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
            throw Bad(host, source, "it is no address of a host");

        UriBuilder builder = new(address) { Path = address.AbsolutePath.TrimEnd('/') + "/" };
        if (scheme == "tcp" && !HasPort(rest)) builder.Port = secure ? 2376 : 2375;
        return new EngineEndpoint(host, source, builder.Uri, new HttpPolicy
        {
            CertificateFolder = secure ? tls?.CertificateFolder : null,
            SkipCertificateCheck = secure && tls is { SkipCertificateCheck: true },
            UseProxy = !address.IsLoopback,
        });
    }

    private static bool HasPort(string rest)
    {
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        ReadOnlySpan<char> authority = slash < 0 ? rest : rest.AsSpan(0, slash);
        return authority.LastIndexOf(':') > authority.LastIndexOf(']');
    }

    // //./pipe/NAME with either slash; a pipe of another computer is not a local engine
    private static string? PipeName(string rest)
    {
        const string Prefix = "//./pipe/";
        string path = rest.Replace('\\', '/');
        return path.Length > Prefix.Length && path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? path[Prefix.Length..] : null;
    }

    // As the docker command does it: without DOCKER_TLS or DOCKER_TLS_VERIFY there is no TLS, whatever DOCKER_CERT_PATH says.
    private static EngineTls? DockerTls(EngineEnvironment environment)
    {
        bool verify = environment["DOCKER_TLS_VERIFY"] is not null;
        if (!verify && environment["DOCKER_TLS"] is null) return null;
        return new EngineTls(environment["DOCKER_CERT_PATH"] ?? (Directory.Exists(environment.User.DockerFolder) ? environment.User.DockerFolder : null), !verify);
    }

    // Podman's variable names a candidate, not the engine: Docker's default comes before it. One by ssh is left out.
    private static void AddContainerHost(List<EngineEndpoint> endpoints, EngineEnvironment environment)
    {
        if (environment["CONTAINER_HOST"] is { } host && !host.StartsWith("ssh://", StringComparison.Ordinal))
            endpoints.Add(Parse(host, "CONTAINER_HOST", null));
    }

    private static OciException Bad(string host, string source, string problem) => ErrorCatalogue.UnsupportedPlace.Error(
        $"'{DisplayText.Excerpt(host)}', which {DisplayText.Excerpt(source)} names, is not the address of an engine: {problem}.",
        recommendation: "Write it as unix:///path/to/socket, npipe:////./pipe/NAME or tcp://HOST:PORT.");
}

/// <summary>How an engine is spoken to over TLS.</summary>
/// <param name="CertificateFolder">A folder with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>; null for none.</param>
/// <param name="SkipCertificateCheck">Whether the engine's certificate is taken without a check.</param>
internal sealed record EngineTls(string? CertificateFolder, bool SkipCertificateCheck);
