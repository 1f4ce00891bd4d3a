using OciTools.Stores.Registry.Credentials;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>What a hostile registry tries to get a secret to a second origin.</summary>
public sealed class LeakTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private delegate Func<ReceivedRequest, Fault?> Way(FakeRegistry own, FakeRegistry second);

    private static Func<ReceivedRequest, Fault?> BearerThenRedirect(FakeRegistry own, string location, int status = 307) =>
        RegistrySession.Bearer(own, r => r.Path.StartsWith("/v2/", StringComparison.Ordinal) ? Fault.Redirect(location, status) : null);

    private static readonly (string Name, Way Way, Func<ReceivedRequest, Fault?>? Second)[] s_ways =
    [
        .. new[] { 301, 302, 303, 307, 308 }.Select(status =>
            ($"redirect {status}", (Way)((own, second) => BearerThenRedirect(own, second.Address + "x", status)), (Func<ReceivedRequest, Fault?>?)null)),
        .. new[] { 301, 302, 303, 307, 308 }.Select(status =>
            ($"redirect {status} with Basic", (Way)((own, second) => RegistrySession.Basic(_ => Fault.Redirect(second.Address + "x", status))), (Func<ReceivedRequest, Fault?>?)null)),
        ("second asks for Basic", (own, second) => BearerThenRedirect(own, second.Address + "x"), _ => Fault.Challenge("Basic realm=\"x\"")),
        ("second asks for Bearer", (own, second) => BearerThenRedirect(own, second.Address + "x"), r => r.Path == "/token" ? Fault.Json(200, "{\"token\":\"x\"}") : Fault.Challenge($"Bearer realm=\"http://{r.Header("Host")}/token\"")),
        ("second asks for the first's Bearer", (own, second) => BearerThenRedirect(own, second.Address + "x"), _ => Fault.Challenge("Bearer realm=\"http://127.0.0.1:1/token\",service=\"fake\"")),
        ("by way of itself", (own, second) => RegistrySession.Bearer(own, r => Fault.Redirect(r.Path == "/hop" ? second.Address + "x" : "/hop")), null),
        ("there and back", (own, second) => RegistrySession.Bearer(own, r => r.Path == "/back" ? new Fault { Status = 404 } : Fault.Redirect(second.Address + "x")), r => Fault.Redirect("/y")),
        ("user name in the address", (own, second) => BearerThenRedirect(own, $"http://alice@{second.Host}/x"), null),
        ("without scheme", (own, second) => BearerThenRedirect(own, $"//{second.Host}/x"), null),
        ("another name of the host", (own, second) => BearerThenRedirect(own, $"http://localhost:{second.Address.Port}/x"), null),
        ("cookie", (own, second) => RegistrySession.Bearer(own, _ => new Fault { Status = 307, Headers = new Dictionary<string, string?> { ["Location"] = second.Address + "x", ["Set-Cookie"] = "s=CANARY; Path=/" } }), null),
        ("realm elsewhere", (own, second) => RegistrySession.Bearer(own, realm: second.Address + "token"), null),
        ("realm elsewhere, which asks for Basic", (own, second) => RegistrySession.Bearer(own, realm: second.Address + "token"), _ => Fault.Challenge("Basic realm=\"x\"")),
        ("Bearer elsewhere beside Basic", (own, second) => _ => Fault.Challenge($"Bearer realm=\"{second.Address}token\", Basic realm=\"x\""), null),
        ("realm with a user name", (own, second) => RegistrySession.Bearer(own, realm: $"http://{own.Host}@{second.Host}/token"), null),
        ("realm with a backslash", (own, second) => RegistrySession.Bearer(own, realm: $"http://{own.Host}\\\\@{second.Host}/token"), null),
        ("token server redirects", (own, second) => r => r.Path == "/token" ? Fault.Redirect(second.Address + "token", 302) : RegistrySession.Bearer(own)(r), null),
        ("token server redirects and keeps the method", (own, second) => r => r.Path == "/token" ? Fault.Redirect(second.Address + "token") : RegistrySession.Bearer(own)(r), null),
        ("Basic whose realm is an address", (own, second) => RegistrySession.Basic(realm: second.Address + "token"), null),
        ("Location and Link on a right answer", (own, second) => RegistrySession.Bearer(own, _ => Fault.WithHeaders(("Location", second.Address + "x"), ("Link", $"<{second.Address}x>; rel=\"next\""), ("Content-Location", second.Address + "x"))), null),
        ("Refresh and Alt-Svc", (own, second) => RegistrySession.Bearer(own, _ => Fault.WithHeaders(("Refresh", $"0; url={second.Address}x"), ("Alt-Svc", $"h2=\"{second.Host}\""))), null),
    ];

    [Fact]
    public async Task No_secret_reaches_a_second_origin()
    {
        RegistryCredential[] credentials = [RegistrySession.Alice, new("alice", RegistrySession.Password, RegistrySession.Identity, null, "a test")];
        byte[] layer = [1, 2, 3];
        int tried = 0, held = 0, reached = 0;
        foreach ((string name, Way way, Func<ReceivedRequest, Fault?>? atSecond) in s_ways)
        {
            foreach (string operation in new[] { "resolve", "manifest", "blob" })
            {
                foreach (RegistryCredential credential in credentials)
                {
                    await using FakeRegistry own = await FakeRegistry.StartAsync();
                    await using FakeRegistry second = await FakeRegistry.StartAsync();
                    own.AddImage("app", "latest", layer);
                    own.OnRequest = way(own, second);
                    second.OnRequest = atSecond;
                    Exception? error = await Record.ExceptionAsync(() => RegistrySession.RunAsync(operation,
                        new RegistrySession().Open(own.Host, credentials: new FixedCredentials(credential)), RegistrySession.At(own), RegistrySession.DescriptorOf(layer), Stop));
                    tried++;
                    reached += second.Requests.Count > 0 ? 1 : 0;
                    bool typed = error is null or OciException;
                    bool quiet = error?.ToString().Contains("CANARY", StringComparison.Ordinal) != true;
                    if (!RegistrySession.HoldsSecret(second) && typed && quiet) held++;
                    else output.WriteLine($"{name}, {operation}: {error}\n{string.Join('\n', second.Requests.Select(r => r.Everything))}");
                }
            }
        }

        output.WriteLine($"leak ways: tried {tried}, held {held} (the second origin was reached in {reached})");
        Assert.Equal(tried, held);
        Assert.True(tried >= 24 * 3 && reached > 40);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    public async Task Ten_redirects_are_followed_and_no_more(int count)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        int sent = 0;
        registry.OnRequest = _ => sent++ < count ? Fault.Redirect("/v2/app/manifests/latest") : null;
        Exception? error = await Record.ExceptionAsync(() => new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal(count > 10 ? "RedirectRefused" : null, (error as OciException)?.ErrorId);
    }
}
