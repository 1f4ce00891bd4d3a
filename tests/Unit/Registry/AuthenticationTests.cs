using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class AuthenticationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<FakeRegistry> StartAsync()
    {
        FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1, 2, 3]);
        registry.AddImage("other", "latest", [4, 5, 6]);
        return registry;
    }

    [Fact]
    public async Task Basic_is_answered_and_then_sent_at_once()
    {
        await using FakeRegistry registry = await StartAsync();
        registry.OnRequest = RegistrySession.Basic();
        RegistryStore store = new RegistrySession().Open(registry.Host, RegistrySession.AsAlice);
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        await store.ResolveAsync(RegistrySession.At(registry, "other:latest"), Stop);
        Assert.Equal(3, registry.Requests.Count);
        Assert.Null(registry.Requests.First().Header("Authorization"));
    }

    [Fact]
    public async Task A_token_is_fetched_once_and_another_repository_needs_no_401()
    {
        await using FakeRegistry registry = await StartAsync();
        registry.OnRequest = RegistrySession.Bearer(registry);
        RegistrySession session = new();
        RegistryStore store = session.Open(registry.Host, RegistrySession.AsAlice);
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        await store.ReadManifestAsync(RegistrySession.At(registry), Stop);
        await session.Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry, "other:latest"), Stop);

        Assert.Equal(
            ["HEAD /v2/app/manifests/latest", "GET /token", "HEAD /v2/app/manifests/latest", "GET /v2/app/manifests/latest", "GET /token", "HEAD /v2/other/manifests/latest"],
            registry.Requests.Select(r => $"{r.Method} {r.Path}"));
        ReceivedRequest[] tokens = [.. registry.Requests.Where(r => r.Path == "/token")];
        Assert.Equal("?service=fake&scope=repository%3Aapp%3Apull&account=alice", tokens[0].Query);
        Assert.Equal("?service=fake&scope=repository%3Aother%3Apull&account=alice", tokens[1].Query);
        Assert.StartsWith("Basic ", tokens[0].Header("Authorization"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_at_the_same_time_share_one_token_fetch()
    {
        await using FakeRegistry registry = await StartAsync();
        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(registry);
        registry.OnRequest = request => request.Path == "/token" ? bearer(request)! with { Delay = TimeSpan.FromMilliseconds(300) } : bearer(request);
        RegistryStore store = new RegistrySession().Open(registry.Host);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => store.ResolveAsync(RegistrySession.At(registry), Stop)));
        Assert.Single(registry.Requests, r => r.Path == "/token");
    }

    [Fact]
    public async Task A_token_is_renewed_before_it_ends()
    {
        await using FakeRegistry registry = await StartAsync();
        registry.OnRequest = RegistrySession.Bearer(registry, expires: 100);
        SettableTime time = new();
        RegistryStore store = new RegistrySession().Open(registry.Host, RegistrySession.Access with { Pace = new BodyPace { Time = time } });
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        time.Advance(TimeSpan.FromSeconds(70));
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Single(registry.Requests, r => r.Path == "/token");
        time.Advance(TimeSpan.FromSeconds(15));
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Equal(2, registry.Requests.Count(r => r.Path == "/token"));
        Assert.Single(registry.Requests, r => r.Path != "/token" && r.Header("Authorization") is null);
    }

    [Fact]
    public async Task A_registry_that_refuses_every_token_is_asked_twice_and_no_more()
    {
        await using FakeRegistry registry = await StartAsync();
        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(registry);
        registry.OnRequest = request => request.Path == "/token" ? bearer(request) : Fault.Challenge($"Bearer realm=\"{registry.Address}token\"");
        AccessException error = await Assert.ThrowsAsync<AccessException>(() =>
            new RegistrySession().Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("Unauthorized", error.ErrorId);
        Assert.Equal(2, registry.Requests.Count(r => r.Path != "/token"));
        Assert.DoesNotContain("CANARY", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_token_is_replaced_once()
    {
        await using FakeRegistry registry = await StartAsync();
        int minted = 0;
        registry.OnRequest = request => request.Path == "/token"
            ? Fault.Json(200, $$"""{"access_token":"T{{++minted}}"}""")
            : request.Header("Authorization") == $"Bearer T{Math.Max(minted, 1)}" ? null : Fault.Challenge($"Bearer realm=\"{registry.Address}token\"");
        RegistryStore store = new RegistrySession().Open(registry.Host);
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        minted++;
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Equal(3, minted);
    }

    [Theory]
    [InlineData(200, 1, 0)]
    [InlineData(404, 1, 1)]
    [InlineData(405, 1, 1)]
    public async Task An_identity_token_is_exchanged_by_POST_or_where_that_is_not_offered_by_GET(int status, int posts, int gets)
    {
        await using FakeRegistry registry = await StartAsync();
        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(registry);
        registry.OnRequest = request => request is { Path: "/token", Method: "POST" } && status != 200 ? new Fault { Status = status } : bearer(request);
        RegistryCredential credential = new("alice", null, RegistrySession.Identity, null, "a test");
        await new RegistrySession().Open(registry.Host, credentials: new FixedCredentials(credential)).ResolveAsync(RegistrySession.At(registry), Stop);

        ReceivedRequest[] tokens = [.. registry.Requests.Where(r => r.Path == "/token")];
        Assert.Equal(posts, tokens.Count(r => r.Method == "POST"));
        Assert.Equal(gets, tokens.Count(r => r.Method == "GET"));
        string form = System.Text.Encoding.UTF8.GetString(tokens[0].Body);
        Assert.Equal($"grant_type=refresh_token&client_id=OciTools&refresh_token={RegistrySession.Identity}&scope=repository%3Aapp%3Apull&service=fake", form);
    }

    [Fact]
    public async Task A_registry_token_is_sent_as_it_is()
    {
        await using FakeRegistry registry = await StartAsync();
        registry.OnRequest = RegistrySession.Bearer(registry);
        RegistryCredential credential = new(null, null, null, RegistrySession.Token, "a test");
        await new RegistrySession().Open(registry.Host, credentials: new FixedCredentials(credential)).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.DoesNotContain(registry.Requests, r => r.Path == "/token");
    }

    [Fact]
    public async Task A_401_without_a_challenge_has_an_error_of_its_own()
    {
        await using FakeRegistry registry = await StartAsync();
        registry.OnRequest = _ => new Fault { Status = 401 };
        AccessException error = await Assert.ThrowsAsync<AccessException>(() =>
            new RegistrySession().Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Contains("no WWW-Authenticate", error.Message, StringComparison.Ordinal);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task A_realm_elsewhere_is_asked_without_credentials_and_the_error_names_host_and_parameter()
    {
        await using FakeRegistry registry = await StartAsync();
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        other.OnRequest = request => request.Header("Authorization") is null ? new Fault { Status = 401 } : Fault.Json(200, $$"""{"token":"{{RegistrySession.Token}}"}""");
        registry.OnRequest = RegistrySession.Bearer(registry, realm: $"{other.Address}token");
        RefusedException error = await Assert.ThrowsAsync<RefusedException>(() =>
            new RegistrySession().Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("RealmNotTrusted", error.ErrorId);
        Assert.Contains(other.Host, error.Message, StringComparison.Ordinal);
        Assert.Contains($"-TrustedRealm {other.Host}", error.Recommendation, StringComparison.Ordinal);
        Assert.False(RegistrySession.HoldsSecret(other));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_trusted_realm_gets_the_credentials(bool byVariable)
    {
        await using FakeRegistry registry = await StartAsync();
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        other.OnRequest = request => request.Header("Authorization") is null ? new Fault { Status = 401 } : Fault.Json(200, $$"""{"token":"{{RegistrySession.Token}}"}""");
        registry.OnRequest = RegistrySession.Bearer(registry, realm: $"{other.Address}token");
        RegistryAccess access = byVariable
            ? RegistrySession.AsAlice with { Environment = new UserEnvironment(name => name == RealmPolicy.Variable ? other.Host : null, null) }
            : RegistrySession.AsAlice with { TrustedRealms = [other.Host] };
        await new RegistrySession().Open(registry.Host, access).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Single(other.Requests);
    }

    [Fact]
    public async Task A_public_image_behind_a_realm_elsewhere_is_read_anonymously()
    {
        await using FakeRegistry registry = await StartAsync();
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        other.OnRequest = _ => Fault.Json(200, $$"""{"token":"{{RegistrySession.Token}}"}""");
        registry.OnRequest = RegistrySession.Bearer(registry, realm: $"{other.Address}token");
        await new RegistrySession().Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.False(RegistrySession.HoldsSecret(other));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("{\"token\":\"a b\"}")]
    [InlineData("{\"token\":\"a\\r\\nX: y\"}")]
    [InlineData("{\"token\":5}")]
    [InlineData("[]")]
    public async Task What_is_no_token_is_a_protocol_violation(string answer)
    {
        await using FakeRegistry registry = await StartAsync();
        registry.OnRequest = request => request.Path == "/token" ? Fault.Json(200, answer) : Fault.Challenge($"Bearer realm=\"{registry.Address}token\"");
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("ProtocolViolation", error.ErrorId);
    }

    [Theory]
    [InlineData(0, "none")]
    [InlineData(1, "TooLarge")]
    public async Task A_token_answer_may_have_a_mebibyte_and_no_byte_more(int extra, string errorId)
    {
        await using FakeRegistry registry = await StartAsync();
        string json = $$"""{"token":"{{RegistrySession.Token}}"}""";
        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(registry);
        registry.OnRequest = request => request.Path == "/token" ? Fault.Json(200, json + new string(' ', 1024 * 1024 - json.Length + extra)) : bearer(request);
        Exception? error = await Record.ExceptionAsync(() => new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal(errorId, error is null ? "none" : Assert.IsAssignableFrom<OciException>(error).ErrorId);
    }

    [Fact]
    public async Task What_is_logged_holds_no_secret()
    {
        await using FakeRegistry registry = await StartAsync();
        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(registry);
        registry.OnRequest = request => bearer(request) is { } fault ? fault with { Headers = new Dictionary<string, string?>(fault.Headers) { ["Set-Cookie"] = "s=CANARY-cookie" } }
            : Fault.Redirect($"{registry.Address}x?X-Amz-Signature=CANARY-sig&sig=CANARY-sig2");
        CollectingLog log = new();
        await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession().Open(registry.Host, RegistrySession.AsAlice with { Log = log }).ReadManifestAsync(RegistrySession.At(registry), Stop));
        Assert.True(log.Lines.Count > 8);
        Assert.DoesNotContain(log.Lines, line => line.Contains("CANARY", StringComparison.Ordinal) || line.Contains("YWxpY2U", StringComparison.Ordinal));
    }

    private sealed class CollectingLog : IRequestLog
    {
        internal List<string> Lines { get; } = [];

        public void Request(string line) => Lines.Add(line);

        public void Detail(string line) => Lines.Add(line);
    }
}
