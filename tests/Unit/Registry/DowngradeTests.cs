using System.Text;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>How a registry with TLS, or who stands before it, tries to make a client speak without it.</summary>
public sealed class DowngradeTests : IDisposable
{
    private static readonly byte[] s_blob = Encoding.ASCII.GetBytes("CANARY-body-" + new string('x', 500));

    private readonly string _root = Directory.CreateTempSubdirectory("ocitools-tls-").FullName;
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private delegate void Way(FakeRegistry secure, FakeRegistry plain);

    private static readonly (string Name, Way Set)[] s_ways =
    [
        ("redirects to another port", (secure, plain) => secure.OnRequest = RegistrySession.Bearer(secure, _ => Fault.Redirect(plain.Address + "x"))),
        ("redirects to its own port", (secure, _) => secure.OnRequest = RegistrySession.Bearer(secure, request => Fault.Redirect($"http://{secure.Host}{request.Path}", 302))),
        ("token server", (secure, plain) => secure.OnRequest = RegistrySession.Bearer(secure, realm: plain.Address + "token")),
        ("token server of its own name", (secure, _) => secure.OnRequest = RegistrySession.Bearer(secure, realm: $"http://{secure.Host}/token")),
        ("token server redirects", (secure, plain) => secure.OnRequest = request => request.Path == "/token" ? Fault.Redirect(plain.Address + "token", 302) : RegistrySession.Bearer(secure)(request)),
        ("upload goes elsewhere", (secure, plain) => Authenticated(secure, path => plain.Address.ToString().TrimEnd('/') + path)),
        ("upload goes to its own port", (secure, _) => Authenticated(secure, path => $"http://{secure.Host}{path}")),
        ("next page of a list", (secure, plain) => secure.OnRequest = RegistrySession.Bearer(secure, _ => Fault.Json(200, """{"tags":["a"]}""") with { Headers = new Dictionary<string, string?> { ["Content-Type"] = "application/json", ["Link"] = $"<{plain.Address}v2/app/tags/list?p=2>; rel=\"next\"" } })),
        ("headers for browsers", (secure, plain) => secure.OnRequest = RegistrySession.Bearer(secure, _ => Fault.WithHeaders(("Refresh", $"0; url={plain.Address}x"), ("Alt-Svc", $"http/1.1=\"{plain.Host}\""), ("Content-Location", plain.Address + "x"), ("Upgrade", "HTTP/1.1")))),
        ("wants another protocol", (secure, plain) => secure.OnRequest = RegistrySession.Bearer(secure, _ => new Fault { Status = 426, Headers = new Dictionary<string, string?> { ["Upgrade"] = "HTTP/1.1", ["Location"] = plain.Address + "x" } })),
    ];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Nothing_secret_and_no_content_goes_without_TLS()
    {
        Figure figure = new("B4 ways from https to http");
        foreach ((string name, Way set) in s_ways)
        {
            foreach (string operation in new[] { "manifest", "blob", "tags", "write", "log in" })
            {
                await using FakeRegistry secure = await FakeRegistry.StartAsync(_certificates.Server());
                await using FakeRegistry plain = await FakeRegistry.StartAsync();
                secure.AddImage("app", "latest", s_blob);
                set(secure, plain);
                string found = await RunAsync(operation, secure.Host, Trusting(secure.Host));
                bool isKept = plain.Requests.All(request => !request.Everything.Contains("CANARY", StringComparison.Ordinal) && request.Header("Authorization") is null && request.Body.Length == 0);
                figure.Check($"{name}, {operation}", isKept && !found.Contains("CANARY", StringComparison.Ordinal), $"{found} {string.Join(' ', plain.Requests)}");
            }
        }

        figure.Report(50);
    }

    [Fact]
    public async Task A_port_that_once_spoke_TLS_is_never_asked_without_it()
    {
        await using FakeRegistry secure = await FakeRegistry.StartAsync(_certificates.Server());
        secure.AddImage("app", "latest", s_blob);
        secure.OnRequest = RegistrySession.Basic();
        bool isTurned = false;
        await using RelayServer front = new(head => isTurned ? ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", null)
            : head == "TLS" ? (null, secure.Address.Port) : ("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", null));
        string host = $"127.0.0.1:{front.Port}";
        RegistryAccess access = Trusting(host);
        Assert.Equal("", await RunAsync("manifest", host, access));
        isTurned = true;
        RegistrySession session = new();
        await Assert.ThrowsAnyAsync<OciException>(() => session.Open(host, access, new FixedCredentials(RegistrySession.Alice)).ResolveAsync(ImageLocation.Parse($"{host}/app"), Stop));
        Assert.DoesNotContain(front.Heads, head => head.Contains("Authorization", StringComparison.OrdinalIgnoreCase));
    }

    private static void Authenticated(FakeRegistry secure, Func<string, string> locationOf)
    {
        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(secure);
        _ = new FakeUploads(secure) { Before = bearer, LocationOf = locationOf };
    }

    private RegistryAccess Trusting(string host)
    {
        Directory.CreateDirectory(Path.Combine(_root, host));
        File.WriteAllText(Path.Combine(_root, host, "ca.crt"), _certificates.Authority.ExportCertificatePem());
        return RegistrySession.Access with { Certificates = new CertificateFolders(RegistrySession.Empty, [_root]) };
    }

    private static async Task<string> RunAsync(string operation, string host, RegistryAccess access)
    {
        RegistrySession session = new();
        RegistryStore store = session.Open(host, access, new FixedCredentials(RegistrySession.Alice));
        ImageLocation image = ImageLocation.Parse($"{host}/app:latest");
        byte[] other = [.. s_blob, 1];
        try
        {
            switch (operation)
            {
                case "write":
                    await store.PutBlobAsync(image, RegistrySession.DescriptorOf(other), null, _ => Task.FromResult<Stream>(new MemoryStream(other)), Stop);
                    break;
                case "log in":
                    await RegistryLogin.ProveAsync(host, session.Adapters, access, RegistrySession.Alice, Stop);
                    break;
                case "tags":
                    await foreach (string _ in store.ListTagsAsync(image, Stop)) { }
                    break;
                default:
                    await RegistrySession.RunAsync(operation, store, image, RegistrySession.DescriptorOf(s_blob), Stop);
                    break;
            }

            return "";
        }
        catch (OciException e)
        {
            return e.ToString();
        }
    }
}
