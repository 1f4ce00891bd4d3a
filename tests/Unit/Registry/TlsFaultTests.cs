using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>What is wrong with the TLS of a registry, of its token server or of where it leads to, and what is right.</summary>
public sealed class TlsFaultTests : IDisposable
{
    private static readonly byte[] s_blob = [1, 2, 3];
    private static readonly string[] s_operations = ["resolve", "manifest", "write", "log in"];

    private readonly string _root = Directory.CreateTempSubdirectory("ocitools-tls-").FullName;
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_certificate_that_does_not_hold_is_refused_whatever_is_done()
    {
        X509Certificate2 other = new TestCertificates().Server();
        (string Name, X509Certificate2 Certificate)[] faults =
        [
            ("expired", _certificates.Server(notAfter: DateTimeOffset.UtcNow.AddHours(-1))),
            ("not valid yet", _certificates.Server(notBefore: DateTimeOffset.UtcNow.AddHours(1))),
            ("another name", _certificates.Server("registry.example")),
            ("a name that ends alike", _certificates.Server("localhost.example")),
            ("unknown authority", other),
            ("self-signed", _certificates.Server(selfSigned: true)),
            ("self-signed and of another name", _certificates.Server("registry.example", selfSigned: true)),
            ("of an authority that is trusted for another host only", _certificates.Server()),
        ];
        Figure figure = new("B9 certificates that do not hold");
        foreach ((string name, X509Certificate2 certificate) in faults)
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync(certificate);
            foreach (string operation in s_operations)
            {
                OciException? error = await TryAsync(operation, registry.Host, Trusting(name.EndsWith("host only", StringComparison.Ordinal) ? "registry.example" : registry.Host));
                figure.Check($"{name}, {operation}", error?.ErrorId == "CertificateRefused" && registry.Requests.Count == 0 && IsQuiet(error), error?.ToString() ?? "it was taken");
            }
        }

        figure.Report(32);
    }

    [Fact]
    public async Task The_certificates_of_token_servers_redirect_targets_and_upload_targets_are_checked_too()
    {
        Figure figure = new("B9 certificates elsewhere");
        foreach (string where in new[] { "token server", "redirect target", "upload target" })
        {
            foreach (bool skips in new[] { false, true })
            {
                await using FakeRegistry registry = await FakeRegistry.StartAsync(_certificates.Server());
                await using FakeRegistry other = await FakeRegistry.StartAsync(new TestCertificates().Server());
                registry.AddImage("app", "latest", s_blob);
                if (where == "upload target") _ = new FakeUploads(registry) { LocationOf = path => other.Address.ToString().TrimEnd('/') + path };
                else registry.OnRequest = where == "token server" ? RegistrySession.Bearer(registry, realm: other.Address + "token") : _ => Fault.Redirect(other.Address + "v2/app/manifests/latest");
                RegistryAccess access = Trusting(registry.Host) with { SkipCertificateCheck = skips, TrustedRealms = [other.Host] };
                OciException? error = await TryAsync(where == "upload target" ? "write" : "manifest", registry.Host, access);
                figure.Check($"{where}, skips {skips}", error?.ErrorId == "CertificateRefused" && other.Requests.Count == 0 && IsQuiet(error), error?.ToString() ?? "it was taken");
            }
        }

        figure.Report(6);
    }

    [Fact]
    public async Task Versions_of_TLS_that_are_no_longer_safe_are_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "this needs the server of openssl");
        string file = Path.Combine(_root, "server.pem");
        using X509Certificate2 certificate = _certificates.Server();
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem() + "\n" + certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Stop);
        Figure figure = new("B9 old versions of TLS");
        foreach (string version in new[] { "-tls1", "-tls1_1", "-tls1_2" })
        {
            int port = FreePort.Take();
            string[] arguments = ["s_server", version, "-cipher", "ALL:@SECLEVEL=0", "-cert", file, "-key", file, "-accept", $"127.0.0.1:{port}", "-www", "-quiet"];
            using Process server = Tool.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
            try
            {
                string host = $"127.0.0.1:{port}";
                await WaitAsync(port);
                OciException? error = await TryAsync("manifest", host, Trusting(host));
                bool isOld = version != "-tls1_2";

                // the newer one is reached, and what openssl answers is no registry
                bool held = isOld ? error?.ErrorId is "ConnectionFailed" or "CertificateRefused" : error?.ErrorId is not (null or "ConnectionFailed" or "CertificateRefused");
                figure.Check(version, held && IsQuiet(error), error?.ToString() ?? "it was taken");
            }
            finally
            {
                server.Kill();
                await server.WaitForExitAsync(Stop);
            }
        }

        figure.Report(3);
    }

    [Fact]
    public async Task An_authority_and_a_client_certificate_of_certs_d_are_taken_for_their_host_only()
    {
        using X509Certificate2 client = _certificates.Server("client");
        await using FakeRegistry registry = await FakeRegistry.StartAsync(_certificates.Server());
        registry.AddImage("app", "latest", s_blob);
        RegistryAccess access = Trusting(registry.Host);
        Assert.Null(await TryAsync("manifest", registry.Host, access));
        await File.WriteAllTextAsync(Path.Combine(_root, registry.Host, "client.cert"), client.ExportCertificatePem(), Stop);
        await File.WriteAllTextAsync(Path.Combine(_root, registry.Host, "client.key"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Stop);
        Assert.Null(await TryAsync("manifest", registry.Host, access));
        await using FakeRegistry second = await FakeRegistry.StartAsync(_certificates.Server());
        Assert.Equal("CertificateRefused", (await TryAsync("manifest", second.Host, access))?.ErrorId);
    }

    private RegistryAccess Trusting(string host)
    {
        Directory.CreateDirectory(Path.Combine(_root, host));
        File.WriteAllText(Path.Combine(_root, host, "ca.crt"), _certificates.Authority.ExportCertificatePem());
        return RegistrySession.Access with { Certificates = new CertificateFolders(RegistrySession.Empty, [_root]) };
    }

    private static bool IsQuiet(OciException? error) => error?.ToString().Contains("CANARY", StringComparison.Ordinal) != true;

    private static async Task<OciException?> TryAsync(string operation, string host, RegistryAccess access)
    {
        RegistrySession session = new();
        RegistryStore store = session.Open(host, access, new FixedCredentials(RegistrySession.Alice));
        ImageLocation image = ImageLocation.Parse($"{host}/app:latest");
        try
        {
            if (operation == "write") await store.PutBlobAsync(image, RegistrySession.DescriptorOf(s_blob), null, _ => Task.FromResult<Stream>(new MemoryStream(s_blob)), Stop);
            else if (operation == "log in") await RegistryLogin.ProveAsync(host, session.Adapters, access, RegistrySession.Alice, Stop);
            else await RegistrySession.RunAsync(operation, store, image, RegistrySession.DescriptorOf(s_blob), Stop);
            return null;
        }
        catch (OciException e)
        {
            return e;
        }
    }

    private static async Task WaitAsync(int port)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port, Stop);
                return;
            }
            catch (SocketException) when (clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20, Stop);
            }
        }
    }
}
