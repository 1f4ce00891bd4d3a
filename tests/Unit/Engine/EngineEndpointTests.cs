using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using OciTools.Stores.Engine;

namespace OciTools.UnitTests.Engine;

public sealed class EngineEndpointTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("ocitools-home-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData("unix:///run/user/1/docker.sock", "/run/user/1/docker.sock", null, "http://localhost/")]
    [InlineData("npipe:////./pipe/docker_engine", null, "docker_engine", "http://localhost/")]
    [InlineData(@"npipe:\\.\pipe\docker_engine", null, null, null)]
    [InlineData(@"npipe://\\.\pipe\podman", null, "podman", "http://localhost/")]
    [InlineData("tcp://10.0.0.1", null, null, "http://10.0.0.1:2375/")]
    [InlineData("tcp://10.0.0.1:80", null, null, "http://10.0.0.1/")]
    [InlineData("tcp://[::1]", null, null, "http://[::1]:2375/")]
    [InlineData("tcp://[::1]:9", null, null, "http://[::1]:9/")]
    [InlineData("tcp://host:2375/base", null, null, "http://host:2375/base/")]
    [InlineData("http://host", null, null, "http://host/")]
    [InlineData("https://host:2376", null, null, "https://host:2376/")]
    [InlineData("ssh://user@host", null, null, null)]
    [InlineData("npipe:////server/pipe/docker_engine", null, null, null)]
    [InlineData("unix://", null, null, null)]
    [InlineData("/var/run/docker.sock", null, null, null)]
    [InlineData("tcp://", null, null, null)]
    [InlineData("tcp://user:secret@host", null, null, null)]
    [InlineData("fd://", null, null, null)]
    public void DOCKER_HOST_names_the_only_engine_to_try(string host, string? socket, string? pipe, string? address)
    {
        EngineEnvironment environment = ScriptedEngine.Environment(("DOCKER_HOST", host), ("XDG_RUNTIME_DIR", "/run/user/1"));
        if (address is null)
        {
            Assert.Equal("UnsupportedPlace", Assert.Throws<UnsupportedException>(() => EngineEndpoint.Find(environment)).ErrorId);
            return;
        }

        EngineEndpoint endpoint = Assert.Single(EngineEndpoint.Find(environment));
        Assert.Equal((socket, pipe, address), (endpoint.Policy.UnixSocket, endpoint.Policy.NamedPipe, endpoint.BaseAddress.AbsoluteUri));
        Assert.Equal(address == "http://localhost/", !endpoint.Policy.Retry);
    }

    [Theory]
    [InlineData("1", null, "/certs", true, false)]
    [InlineData(null, "1", "/certs", true, true)]
    [InlineData(null, null, "/certs", false, false)]
    [InlineData("", "", "/certs", false, false)]
    public void TLS_is_what_the_docker_command_makes_of_its_variables(string? verify, string? tls, string folder, bool secure, bool skip)
    {
        EngineEndpoint endpoint = Assert.Single(EngineEndpoint.Find(ScriptedEngine.Environment(
            ("DOCKER_HOST", "tcp://host"), ("DOCKER_TLS_VERIFY", verify!), ("DOCKER_TLS", tls!), ("DOCKER_CERT_PATH", folder))));

        Assert.Equal(secure ? "https://host:2376/" : "http://host:2375/", endpoint.BaseAddress.AbsoluteUri);
        Assert.Equal(secure ? folder : null, endpoint.Policy.CertificateFolder);
        Assert.Equal(skip, endpoint.Policy.SkipCertificateCheck);
    }

    [Fact]
    public void Ssh_gets_an_error_that_says_what_to_do()
    {
        UnsupportedException error = Assert.Throws<UnsupportedException>(() => EngineEndpoint.Find(ScriptedEngine.Environment(("DOCKER_HOST", "ssh://me@host"))));

        Assert.Contains("ssh://me@host", error.Message, StringComparison.Ordinal);
        Assert.Contains("DOCKER_HOST", error.Message, StringComparison.Ordinal);
        Assert.Contains("ssh -L", error.Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_name_dockers_places_come_before_podmans()
    {
        EngineEnvironment environment = Environment(("XDG_RUNTIME_DIR", "/run/user/7"), ("CONTAINER_HOST", "unix:///custom.sock"));

        Assert.Equal(
        [
            "/var/run/docker.sock", "/run/user/7/docker.sock", $"{_home}/.docker/run/docker.sock",
            "/custom.sock", "/run/user/7/podman/podman.sock", "/run/podman/podman.sock",
        ], EngineEndpoint.Find(environment).Select(e => e.Policy.UnixSocket));
        Assert.Equal(["docker_engine", "podman-machine-default"],
            EngineEndpoint.Find(Environment() with { IsWindows = true }).Select(e => e.Policy.NamedPipe));
    }

    [Fact]
    public void A_context_is_found_by_the_hash_of_its_name_from_the_variable_or_the_configuration()
    {
        WriteContext("remote", """{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":true}}}""");
        WriteContext("desktop", """{"Name":"desktop","Endpoints":{"docker":{"Host":"unix:///desktop.sock"}}}""");
        Write(".docker/config.json", """{"currentContext":"desktop","auths":{}}""");
        string keys = Path.Combine(_home, ".docker", "contexts", "tls", Hash("remote"), "docker");
        Directory.CreateDirectory(keys);

        Assert.Equal("/desktop.sock", Assert.Single(EngineEndpoint.Find(Environment())).Policy.UnixSocket);
        EngineEndpoint remote = Assert.Single(EngineEndpoint.Find(Environment(("DOCKER_CONTEXT", "remote"))));
        Assert.Equal("https://far:2376/", remote.BaseAddress.AbsoluteUri);
        Assert.Equal((keys, true), (remote.Policy.CertificateFolder, remote.Policy.SkipCertificateCheck));
        Assert.Equal("/var/run/docker.sock", EngineEndpoint.Find(Environment(("DOCKER_CONTEXT", "default")))[0].Policy.UnixSocket);
        Assert.Equal("/host.sock", Assert.Single(EngineEndpoint.Find(Environment(("DOCKER_CONTEXT", "remote"), ("DOCKER_HOST", "unix:///host.sock")))).Policy.UnixSocket);
        Assert.Equal("/desktop.sock", Assert.Single(EngineEndpoint.Find(ScriptedEngine.Environment("/nowhere", ("DOCKER_CONFIG", Path.Combine(_home, ".docker"))))).Policy.UnixSocket);
    }

    [Fact]
    public void A_context_that_is_not_there_is_an_error_even_if_its_name_is_a_path()
    {
        OciException error = Assert.ThrowsAny<OciException>(() => EngineEndpoint.Find(Environment(("DOCKER_CONTEXT", "../../../etc"))));

        Assert.Equal("EngineNotReachable", error.ErrorId);
        Assert.Contains(Hash("../../../etc"), error.Message, StringComparison.Ordinal);
        Assert.Contains("docker context ls", error.Recommendation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "MalformedDocument")]
    [InlineData("""{"Endpoints":{}}""", "MalformedDocument")]
    [InlineData("""{"Endpoints":{"docker":{"Host":"ssh://far"}}}""", "UnsupportedPlace")]
    public void A_context_that_names_no_usable_engine_is_an_error(string meta, string errorId)
    {
        WriteContext("x", meta);

        Assert.Equal(errorId, Assert.ThrowsAny<OciException>(() => EngineEndpoint.Find(Environment(("DOCKER_CONTEXT", "x")))).ErrorId);
    }

    [Fact]
    public async Task If_nobody_answers_the_error_names_all_that_was_tried_and_why()
    {
        string dead = Path.Combine(_home, "dead.sock");
        using (Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)) socket.Bind(new UnixDomainSocketEndPoint(dead));
        if (!File.Exists(dead)) await File.WriteAllTextAsync(dead, "", Stop); // closing removes the name of the socket
        EngineEndpoint[] endpoints = [EngineEndpoint.Parse($"unix://{_home}/none.sock", "the first", null), EngineEndpoint.Parse($"unix://{dead}", "the second", null)];

        UnreachableException error = await Assert.ThrowsAsync<UnreachableException>(() => EngineClient.ConnectAsync(new SocketAdapters(), endpoints, Stop));

        Assert.Equal("EngineNotReachable", error.ErrorId);
        Assert.Contains($"unix://{_home}/none.sock (the first): no such socket", error.Message, StringComparison.Ordinal);
        Assert.Contains($"unix://{dead} (the second): nobody listens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_that_answers_is_taken()
    {
        await using ScriptedEngine engine = await ScriptedEngine.StartAsync("1.41", "4.3.1");
        EngineEndpoint[] endpoints = [EngineEndpoint.Parse($"unix://{_home}/none.sock", "the first", null), EngineEndpoint.Parse("unix://" + engine.Socket, "the second", null)];

        EngineClient client = await EngineClient.ConnectAsync(new SocketAdapters(), endpoints, Stop);

        Assert.Equal(endpoints[1], client.Endpoint);
        Assert.Equal(new Version(4, 3, 1), client.LibpodVersion);
    }

    [Theory]
    [InlineData("1.41", "1.41", "/v1.41/x")]
    [InlineData("1.51", "1.51", "/v1.51/x")]
    [InlineData("1.55", "1.51", "/v1.51/x")]
    [InlineData("2.0", "1.51", "/v1.51/x")]
    [InlineData("1.40", null, "/x")]
    [InlineData(null, null, "/x")]
    [InlineData("nonsense", null, "/x")]
    [InlineData("1.44/../..", null, "/x")]
    public async Task The_version_is_the_engines_but_none_that_this_client_does_not_know(string? offered, string? spoken, string target)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync(offered)).On("/x", "1");
        EngineClient client = await EngineClient.ConnectAsync(new SocketAdapters(), EngineEndpoint.Find(engine.Environment()), Stop);

        await client.GetDocumentAsync("x", "x", ErrorCatalogue.ImageNotFound, Stop);

        Assert.Equal(spoken, client.Version?.ToString());
        Assert.Equal(target, engine.Requests.Last());
    }

    [Fact]
    public async Task An_engine_that_gave_the_version_up_is_asked_without_one()
    {
        await using ScriptedEngine engine = await ScriptedEngine.StartAsync("1.90");
        engine.On("/x", async context =>
        {
            bool versioned = context.Request.Path.StartsWithSegments("/v1.51");
            context.Response.StatusCode = versioned ? 400 : 200;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(versioned ? """{"message":"client version 1.51 is too old. Minimum supported API version is 1.60"}""" : "1"), Stop);
        });
        EngineClient client = await EngineClient.ConnectAsync(new SocketAdapters(), EngineEndpoint.Find(engine.Environment()), Stop);

        for (int i = 0; i < 2; i++) Assert.Equal("1"u8.ToArray(), await client.GetDocumentAsync("x", "x", ErrorCatalogue.ImageNotFound, Stop));

        Assert.Equal(["/_ping", "/v1.51/x", "/x", "/x"], engine.Requests);
    }

    [Fact]
    public async Task What_answers_the_ping_with_an_error_is_no_engine()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/_ping", "", 502);

        UnreachableException error = await Assert.ThrowsAsync<UnreachableException>(engine.OpenAsync);

        Assert.Contains("DOCKER_HOST): it answers with status 502", error.Message, StringComparison.Ordinal);
    }

    private EngineEnvironment Environment(params (string Name, string Value)[] variables) => ScriptedEngine.Environment(_home, variables);

    private static string Hash(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private void WriteContext(string name, string meta) => Write($".docker/contexts/meta/{Hash(name)}/meta.json", meta);

    private void Write(string path, string text)
    {
        string file = Path.Combine(_home, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
