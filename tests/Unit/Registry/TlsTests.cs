using System.Security.Cryptography.X509Certificates;
using OciTools.Stores;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class TlsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ocitools-tls-").FullName;
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static async Task<FakeRegistry> StartAsync(X509Certificate2 certificate)
    {
        FakeRegistry registry = await FakeRegistry.StartAsync(certificate);
        registry.AddImage("app", "latest", [1, 2, 3]);
        return registry;
    }

    private RegistryAccess Trusting(params string[] hosts)
    {
        foreach (string host in hosts)
        {
            Directory.CreateDirectory(Path.Combine(_root, host));
            File.WriteAllText(Path.Combine(_root, host, "ca.crt"), _certificates.Authority.ExportCertificatePem());
        }

        return RegistrySession.Access with { Certificates = new CertificateFolders(RegistrySession.Empty, [_root]) };
    }

    [Fact]
    public async Task A_strict_request_never_takes_the_connection_of_a_skipped_check()
    {
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        RegistrySession session = new();
        await session.Open(registry.Host, RegistrySession.Access with { SkipCertificateCheck = true }).ResolveAsync(RegistrySession.At(registry), Stop);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => session.Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("CertificateRefused", error.ErrorId);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task Certificates_that_are_put_right_count_at_once()
    {
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        RegistrySession session = new();
        RegistryAccess access = Trusting(registry.Host);
        string file = Path.Combine(_root, registry.Host, "ca.crt");
        string right = await File.ReadAllTextAsync(file, Stop);
        foreach (string wrong in (string[])[new TestCertificates().Authority.ExportCertificatePem(), "no certificate"])
        {
            await File.WriteAllTextAsync(file, wrong, Stop);
            OciException error = await Assert.ThrowsAnyAsync<OciException>(() => session.Open(registry.Host, access).ResolveAsync(RegistrySession.At(registry), Stop));
            Assert.Equal("CertificateRefused", error.ErrorId);
        }

        await File.WriteAllTextAsync(file, right, Stop);
        await session.Open(registry.Host, access).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task A_loopback_registry_with_TLS_and_its_own_authority_is_found_out_and_remembered()
    {
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        RegistrySession session = new();
        RegistryAccess access = Trusting(registry.Host);
        await session.Open(registry.Host, access).ResolveAsync(RegistrySession.At(registry), Stop);
        await session.Open(registry.Host, access).ReadManifestAsync(RegistrySession.At(registry), Stop);
        Assert.Equal(2, registry.Requests.Count);
    }

    [Theory]
    [InlineData("unknown authority")]
    [InlineData("self-signed")]
    [InlineData("other name")]
    [InlineData("expired")]
    public async Task A_certificate_that_does_not_hold_ends_it_and_never_leads_to_http(string fault)
    {
        X509Certificate2 certificate = fault switch
        {
            "self-signed" => _certificates.Server(selfSigned: true),
            "other name" => _certificates.Server("registry.example"),
            "expired" => _certificates.Server(notAfter: DateTimeOffset.UtcNow.AddDays(-1)),
            _ => _certificates.Server(),
        };
        await using FakeRegistry registry = await StartAsync(certificate);
        RegistryAccess access = fault == "unknown authority" ? RegistrySession.Access : Trusting(registry.Host);
        for (int i = 0; i < 2; i++)
        {
            OciException error = await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession().Open(registry.Host, access).ResolveAsync(RegistrySession.At(registry), Stop));
            Assert.Equal("CertificateRefused", error.ErrorId);
        }

        Assert.Empty(registry.Requests);
    }

    [Theory]
    [InlineData("token server")]
    [InlineData("redirect target")]
    public async Task A_skipped_check_holds_for_the_registry_alone(string where)
    {
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        await using FakeRegistry other = await StartAsync(_certificates.Server());
        registry.OnRequest = where == "token server"
            ? RegistrySession.Bearer(registry, realm: other.Address + "token")
            : _ => Fault.Redirect(other.Address + "v2/app/manifests/latest");
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession()
            .Open(registry.Host, RegistrySession.Access with { SkipCertificateCheck = true }).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("CertificateRefused", error.ErrorId);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task A_redirect_from_https_to_http_is_refused()
    {
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        await using FakeRegistry plain = await FakeRegistry.StartAsync();
        int tried = 0;
        foreach (int status in new[] { 301, 302, 303, 307, 308 })
        {
            registry.OnRequest = _ => Fault.Redirect(plain.Address + "x", status);
            OciException error = await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession().Open(registry.Host, Trusting(registry.Host)).ReadManifestAsync(RegistrySession.At(registry), Stop));
            Assert.Equal("RedirectRefused", error.ErrorId);
            tried++;
        }

        Assert.Equal(5, tried);
        Assert.Empty(plain.Requests);
    }

    [Fact]
    public async Task A_server_that_says_HTTPS_to_plain_requests_is_asked_with_TLS()
    {
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        await using RelayServer front = new(head => head == "TLS" ? (null, registry.Address.Port)
            : ("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", null));
        string host = $"127.0.0.1:{front.Port}";
        await new RegistrySession().Open(host, Trusting(host)).ResolveAsync(ImageLocation.Parse($"{host}/app"), Stop);
        Assert.Contains("TLS", front.Heads);
        Assert.DoesNotContain(front.Heads, head => head.Contains("Authorization", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_plain_registry_whose_first_answer_breaks_is_asked_again_over_http()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", [1]);
        registry.OnRequest = request => request.Number == 1 ? new Fault { Reset = true } : null;
        StoredImage found = await new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Equal(manifest, found.Manifest!.GetDigest());
        Assert.True(registry.Requests.Count > 1);
    }

    [Fact]
    public async Task A_client_certificate_of_certs_d_is_shown()
    {
        using X509Certificate2 client = _certificates.Server("client");
        await using FakeRegistry registry = await StartAsync(_certificates.Server());
        RegistryAccess access = Trusting(registry.Host);
        File.WriteAllText(Path.Combine(_root, registry.Host, "client.cert"), client.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_root, registry.Host, "client.key"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await new RegistrySession().Open(registry.Host, access).ResolveAsync(RegistrySession.At(registry), Stop);
        File.Delete(Path.Combine(_root, registry.Host, "client.key"));
        OciException error = Assert.ThrowsAny<OciException>(() => new RegistrySession().Open(registry.Host, access));
        Assert.Equal("CertificateRefused", error.ErrorId);
    }

    public static TheoryData<string, bool> Hosts => new()
    {
        { "localhost", true }, { "LOCALHOST", true }, { "localhost:5000", true }, { "127.0.0.1", true }, { "127.0.0.1:5000", true }, { "127.255.255.254:1", true },
        { "[::1]", true }, { "[::1]:5000", true }, { "[0:0:0:0:0:0:0:1]:5000", true },
        { "127.0.0.1.evil.com", false }, { "localhost.evil.com:5000", false }, { "evil-localhost", false }, { "localhost.local", false }, { "registry.local:5000", false },
        { "128.0.0.1:5000", false }, { "10.0.0.1:5000", false }, { "[::2]:5000", false }, { "docker.io", false }, { "0.0.0.0:5000", false }, { "xn--localhost-x", false },
    };

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Loopback_is_taken_as_a_whole(string registry, bool loopback) => Assert.Equal(loopback, new RegistryEndpoint(registry).IsLoopback);

    [Theory]
    [InlineData("localhost:0")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:99999999999")]
    [InlineData("[1:2]:5000")]
    [InlineData("[:::::]")]
    [InlineData("2130706433:5000")]
    [InlineData("0x7f000001:5000")]
    [InlineData("127.1:5000")]
    public void What_no_address_can_be_built_of_is_refused_before_anything_is_sent(string registry) =>
        Assert.Equal("InvalidImageName", Assert.ThrowsAny<OciException>(() => new RegistryEndpoint(registry)).ErrorId);

    [Fact]
    public void Docker_Hub_is_asked_at_its_own_host() => Assert.Equal("https://registry-1.docker.io/", new RegistryEndpoint("docker.io").Secure.ToString());
}
