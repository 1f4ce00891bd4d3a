using OciTools.Operations.Logins;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;
using OciTools.UnitTests.Registry.Credentials;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class LoginTests
{
    private static readonly RegistryCredential s_wrong = new("alice", "CANARY-wrong", null, null, "a test");
    private static readonly RegistryCredential s_identity = new(null, null, RegistrySession.Identity, null, "a test");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static Task<(RegistryCredential Credential, bool IsProved)> ProveAsync(FakeRegistry registry, RegistryCredential credential, RegistryAccess? access = null) =>
        RegistryLogin.ProveAsync(registry.Host, new RegistrySession().Adapters, access ?? RegistrySession.Access, credential, Stop);

    [Fact]
    public async Task Basic_proves_a_login_and_refuses_another()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = RegistrySession.Basic();
        Assert.True((await ProveAsync(registry, RegistrySession.Alice)).IsProved);
        Assert.Equal(["GET /v2/", "GET /v2/"], registry.Requests.Select(r => $"{r.Method} {r.Path}"));
        Assert.Null(registry.Requests.First().Header("Authorization"));
        AccessException error = await Assert.ThrowsAsync<AccessException>(() => ProveAsync(registry, s_wrong));
        Assert.Equal("Unauthorized", error.ErrorId);
        Assert.Contains("alice", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_server_proves_a_login_and_refuses_another()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = Tokens(registry);
        Assert.True((await ProveAsync(registry, RegistrySession.Alice)).IsProved);
        ReceivedRequest asked = Assert.Single(registry.Requests, r => r.Path == "/token");
        Assert.Equal("?service=fake&account=alice", asked.Query);
        Assert.StartsWith("OciTools/", asked.Header("User-Agent"), StringComparison.Ordinal);
        Assert.Equal("Unauthorized", (await Assert.ThrowsAsync<AccessException>(() => ProveAsync(registry, s_wrong))).ErrorId);
    }

    [Fact]
    public async Task A_login_is_proved_anew_whatever_is_remembered()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        registry.OnRequest = Tokens(registry);
        RegistrySession session = new();
        await session.Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop);
        registry.OnRequest = request => request.Path == "/token" ? new Fault { Status = 401 } : Tokens(registry)(request);
        AccessException error = await Assert.ThrowsAsync<AccessException>(() => RegistryLogin.ProveAsync(registry.Host, session.Adapters, RegistrySession.Access, RegistrySession.Alice, Stop));
        Assert.Equal("Unauthorized", error.ErrorId);
    }

    [Fact]
    public async Task A_token_server_elsewhere_gets_a_login_only_where_it_is_trusted_and_trust_is_kept_with_the_login()
    {
        await using FakeRegistry tokens = await FakeRegistry.StartAsync();
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        tokens.OnRequest = Tokens(tokens);
        registry.OnRequest = Tokens(registry, tokens.Address + "token");
        RefusedException error = await Assert.ThrowsAsync<RefusedException>(() => ProveAsync(registry, RegistrySession.Alice));
        Assert.Equal("RealmNotTrusted", error.ErrorId);
        Assert.Contains(tokens.Host, error.Message, StringComparison.Ordinal);
        Assert.Contains($"add -TrustedRealm {tokens.Host}", error.Recommendation, StringComparison.Ordinal);
        Assert.Empty(tokens.Requests);

        ProcessLogins memory = new();
        RegistrySession session = new();
        RegistryLogins logins = new(new KeptLog(), memory, new LoginStorage(RegistrySession.Empty));
        LoginPlan plan = await logins.PlanAsync(registry.Host, RegistrySession.Alice, persist: false, Stop);
        ImageRegistry kept = Assert.Single(await logins.ConnectAsync(plan, session.Adapters, RegistrySession.Access with { TrustedRealms = [tokens.Host] }, Stop));
        Assert.Equal((registry.Host, "alice", CredentialPlace.Process, tokens.Host), (kept.Registry, kept.UserName, kept.Place, Assert.Single(kept.TrustedRealms)));

        registry.Forget();
        await session.Open(registry.Host, credentials: memory).ResolveAsync(RegistrySession.At(registry), Stop);
        await Assert.ThrowsAsync<RefusedException>(() => session.Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop));
    }

    [Fact]
    public async Task Nobody_is_advised_to_trust_a_token_server_that_trust_brings_nothing()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = Tokens(registry, "http://tokens.example/token");
        RefusedException error = await Assert.ThrowsAsync<RefusedException>(() => ProveAsync(registry, RegistrySession.Alice, RegistrySession.Access with { TrustedRealms = ["tokens.example"] }));
        Assert.Equal("RealmNotTrusted", error.ErrorId);
        Assert.DoesNotContain("TrustedRealm", error.Recommendation, StringComparison.Ordinal);
        Assert.Contains("without TLS", error.Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_token_that_the_token_server_replaces_is_kept_as_the_new_one()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => request.Path == "/token"
            ? System.Text.Encoding.UTF8.GetString(request.Body).Contains(RegistrySession.Identity, StringComparison.Ordinal)
                ? Fault.Json(200, $$"""{"access_token":"{{RegistrySession.Token}}","refresh_token":"CANARY-newer"}""") : new Fault { Status = 401 }
            : Tokens(registry)(request);
        (RegistryCredential credential, bool isProved) = await ProveAsync(registry, s_identity);
        Assert.True(isProved);
        Assert.Equal("CANARY-newer", credential.IdentityToken);
        Assert.Equal($"grant_type=refresh_token&client_id=OciTools&refresh_token={RegistrySession.Identity}&service=fake",
            System.Text.Encoding.UTF8.GetString(Assert.Single(registry.Requests, r => r.Path == "/token").Body));
    }

    [Fact]
    public async Task A_registry_that_lets_everybody_in_proves_nothing_and_a_web_page_is_none()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Assert.False((await ProveAsync(registry, RegistrySession.Alice)).IsProved);
        Assert.False(RegistrySession.HoldsSecret(registry));
        registry.OnRequest = _ => new Fault { Status = 200, Body = _ => "<html>hello</html>"u8.ToArray() };
        Assert.Equal("ProtocolViolation", (await Assert.ThrowsAsync<UnreachableException>(() => ProveAsync(registry, RegistrySession.Alice))).ErrorId);
        registry.OnRequest = _ => new Fault { Status = 404 };
        Assert.Equal("ProtocolViolation", (await Assert.ThrowsAsync<UnreachableException>(() => ProveAsync(registry, RegistrySession.Alice))).ErrorId);
    }

    [Fact]
    public async Task A_login_that_is_refused_or_cannot_be_kept_is_kept_nowhere()
    {
        using CredentialHome home = new();
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = RegistrySession.Basic();
        ProcessLogins memory = new();
        RegistryLogins logins = new(new KeptLog(), memory, new LoginStorage(home.Environment));
        LoginPlan refused = await logins.PlanAsync(registry.Host, s_wrong, persist: true, Stop);
        await Assert.ThrowsAsync<AccessException>(() => logins.ConnectAsync(refused, new RegistrySession().Adapters, RegistrySession.Access, Stop));
        Assert.False(File.Exists(home.DockerFile));

        LoginPlan plan = await logins.PlanAsync(registry.Host, RegistrySession.Alice, persist: true, Stop);
        CredentialHome.Write(home.DockerFile, """{"credsStore":"none-such"}""");
        Assert.Equal("CredentialStoreFailed", (await Assert.ThrowsAsync<AccessException>(() => logins.ConnectAsync(plan, new RegistrySession().Adapters, RegistrySession.Access, Stop))).ErrorId);
        Assert.Empty(memory.All);

        File.Delete(home.DockerFile);
        IReadOnlyList<ImageRegistry> kept = await logins.ConnectAsync(plan, new RegistrySession().Adapters, RegistrySession.Access, Stop);
        Assert.Equal([CredentialPlace.Process, CredentialPlace.File], kept.Select(login => login.Place));
        foreach (LogoutPlan logout in await logins.FindAsync(registry.Host, stored: true, _ => { }, Stop)) await logins.DisconnectAsync(logout, Stop);
        Assert.Equal("LoginNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => logins.FindAsync(registry.Host, stored: true, _ => { }, Stop))).ErrorId);
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("a", "")]
    [InlineData("a:b", "x")]
    public async Task A_login_that_cannot_be_sent_is_refused(string user, string password)
    {
        RegistryLogins logins = new(new KeptLog(), new ProcessLogins(), new LoginStorage(RegistrySession.Empty));
        MalformedException error = await Assert.ThrowsAsync<MalformedException>(() => logins.PlanAsync("reg.example.com", new RegistryCredential(user, password, null, null, "a test"), false, Stop));
        Assert.Equal("InvalidCredential", error.ErrorId);
    }

    // tokens for alice only; the registry takes them
    private static Func<ReceivedRequest, Fault?> Tokens(FakeRegistry registry, string? realm = null) => request =>
    {
        if (request.Path != "/token") return RegistrySession.Bearer(registry, realm: realm)(request);
        string basic = "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("alice:" + RegistrySession.Password));
        return request.Header("Authorization") == basic ? RegistrySession.Bearer(registry)(request) : new Fault { Status = 401 };
    };
}
