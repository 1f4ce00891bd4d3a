using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Requests by way of a proxy. Loopback is never asked through one, so the registry has a name that only the proxy knows.</summary>
public sealed class ProxyTests : IDisposable
{
    private const string Host = "registry.test:8443";

    private readonly string _root = Directory.CreateTempSubdirectory("ocitools-proxy-").FullName;
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private RegistryAccess Access()
    {
        Directory.CreateDirectory(Path.Combine(_root, Host));
        File.WriteAllText(Path.Combine(_root, Host, "ca.crt"), _certificates.Authority.ExportCertificatePem());
        return RegistrySession.Access with { Certificates = new CertificateFolders(RegistrySession.Empty, [_root]) };
    }

    private async Task<FakeRegistry> StartAsync()
    {
        FakeRegistry registry = await FakeRegistry.StartAsync(_certificates.Server("registry.test"));
        registry.AddImage("app", "latest", [1]);
        return registry;
    }

    private static RelayServer Proxy(int target, string? authorization = null) => new(head =>
    {
        if (authorization is not null && !head.Contains($"Proxy-Authorization: {authorization}", StringComparison.OrdinalIgnoreCase))
            return ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n", null);
        return head.StartsWith($"CONNECT {Host} ", StringComparison.Ordinal) ? ("HTTP/1.1 200 OK\r\n\r\n", target) : ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", null);
    });

    private static RegistrySession Through(RelayServer proxy, string user = "", string? exceptions = null) => new(
        new UserEnvironment(name => name switch { "HTTPS_PROXY" or "HTTP_PROXY" => $"http://{user}127.0.0.1:{proxy.Port}", "NO_PROXY" => exceptions, _ => null }, null),
        new JumpingTime(DateTimeOffset.UtcNow));

    [Fact]
    public async Task A_registry_behind_a_proxy_is_reached_by_CONNECT()
    {
        await using FakeRegistry registry = await StartAsync();
        await using RelayServer proxy = Proxy(registry.Address.Port);
        await Through(proxy).Open(Host, Access()).ResolveAsync(ImageLocation.Parse(Host + "/app"), Stop);
        Assert.Single(registry.Requests);
        Assert.StartsWith("CONNECT " + Host, Assert.Single(proxy.Heads), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_proxy_gets_its_own_credentials_and_the_registry_does_not_see_them()
    {
        await using FakeRegistry registry = await StartAsync();
        await using RelayServer proxy = Proxy(registry.Address.Port, "Basic " + Convert.ToBase64String("bob:CANARY-p"u8));
        registry.OnRequest = RegistrySession.Basic();
        await Through(proxy, "bob:CANARY-p@").Open(Host, Access() with { Credential = RegistrySession.AsAlice.Credential }).ResolveAsync(ImageLocation.Parse(Host + "/app"), Stop);
        Assert.DoesNotContain(registry.Requests, r => r.Header("Proxy-Authorization") is not null || r.Everything.Contains("CANARY-p", StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.Heads, head => head.Contains("\r\nAuthorization", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_proxy_that_refuses_is_named_as_the_cause_without_its_password()
    {
        await using FakeRegistry registry = await StartAsync();
        await using RelayServer proxy = Proxy(registry.Address.Port, "Basic right");
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => Through(proxy, "bob:CANARY-p@").Open(Host, Access()).ResolveAsync(ImageLocation.Parse(Host + "/app"), Stop));
        Assert.Equal("ConnectionFailed", error.ErrorId);
        Assert.Contains("proxy", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task A_host_of_NO_PROXY_is_asked_directly()
    {
        await using RelayServer proxy = new(_ => (null, null));
        await Assert.ThrowsAnyAsync<OciException>(() => Through(proxy, exceptions: ".test").Open(Host, Access()).ResolveAsync(ImageLocation.Parse(Host + "/app"), Stop));
        Assert.Empty(proxy.Heads);
    }

    [Fact]
    public async Task Loopback_is_never_asked_through_a_proxy()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        await using RelayServer proxy = new(_ => (null, null));
        await Through(proxy).Open(registry.Host, RegistrySession.Access).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Empty(proxy.Heads);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/x")]
    [InlineData("https://localhost:{0}/x")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/x")]
    [InlineData("http://169.254.169.254/x")]
    [InlineData("http://[fe80::1]/x")]
    [InlineData("http://0.0.0.0:{0}/x")]
    public async Task A_registry_far_away_may_not_lead_to_this_computer(string location)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        await using FakeRegistry local = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => Fault.Redirect(string.Format(System.Globalization.CultureInfo.InvariantCulture, location, local.Address.Port));
        // a name could still lead astray behind a proxy; there the proxy decides
        await using RelayServer proxy = new(head => (null, registry.Address.Port));
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() =>
            Through(proxy).Open("registry.test:8080", RegistrySession.Access with { PlainHttp = true }).ResolveAsync(ImageLocation.Parse("registry.test:8080/app"), Stop));
        Assert.Empty(local.Requests);
        Assert.Single(registry.Requests);
        Assert.Equal("RedirectRefused", error.ErrorId);
    }
}
