using System.Globalization;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Errors of registries say what to do next.</summary>
public sealed class AdviceTests
{
    // a name that is no loopback address, which only the proxy knows
    private const string Far = "registry.test:5000";

    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<OciException> ErrorOf(RegistrySession session, string host, RegistryAccess? access = null, ICredentialSource? credentials = null) =>
        await Assert.ThrowsAnyAsync<OciException>(() => session.Open(host, access, credentials).ResolveAsync(ImageLocation.Parse(host + "/app"), Stop));

    private static async Task<OciException> ErrorOf(Func<FakeRegistry, Func<ReceivedRequest, Fault?>> answers, RegistryAccess? access = null, ICredentialSource? credentials = null)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        registry.OnRequest = answers(registry);
        OciException error = await ErrorOf(new RegistrySession(time: new JumpingTime(s_now)), registry.Host, access, credentials);
        Assert.DoesNotContain("CANARY", error.Message + error.Recommendation, StringComparison.Ordinal);
        return error;
    }

    [Fact]
    public async Task The_pull_limit_of_Docker_Hub_names_the_time_it_ends_and_is_not_tried_again()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => Fault.Json(429, """{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"}]}""") with
        {
            Headers = new Dictionary<string, string?> { ["ratelimit-limit"] = "100;w=21600", ["ratelimit-remaining"] = "0;w=21600", ["docker-ratelimit-source"] = "192.0.2.1" },
        };
        DateTimeOffset before = DateTimeOffset.UtcNow;
        UnreachableException error = await Assert.ThrowsAsync<UnreachableException>(() => new RegistrySession().Open(registry.Host).ReadManifestAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("RateLimited", error.ErrorId);
        Assert.InRange(error.RetryAt!.Value, before.AddHours(6), DateTimeOffset.UtcNow.AddHours(6));
        Assert.Contains("pull rate limit", error.Message, StringComparison.Ordinal);
        Assert.Contains($"counts over 6 h, so the limit ends at {error.RetryAt.Value.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} at the latest", error.Message, StringComparison.Ordinal);
        Assert.Contains("Wait until the named time", error.Recommendation, StringComparison.Ordinal);
        Assert.Contains("Connect-ImageRegistry", error.Recommendation, StringComparison.Ordinal);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task A_limit_without_a_time_does_not_speak_of_one()
    {
        OciException error = await ErrorOf(_ => _ => Fault.Json(429, """{"errors":[{"code":"TOOMANYREQUESTS"}]}"""));
        Assert.Equal("RateLimited", error.ErrorId);
        Assert.StartsWith("Wait a while", error.Recommendation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("253402300799")]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT")]
    public async Task Nobody_is_told_to_wait_for_years(string value)
    {
        OciException error = await ErrorOf(_ => _ => Fault.Json(429, """{"errors":[{"code":"TOOMANYREQUESTS"}]}""") with { Headers = new Dictionary<string, string?> { ["Retry-After"] = value } });
        Assert.DoesNotContain("Try again at", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("Wait a while", error.Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_that_is_not_taken_any_more_says_how_to_log_in_again()
    {
        string host = "";
        OciException error = await ErrorOf(registry =>
        {
            host = registry.Host;
            return _ => Fault.Challenge("Basic realm=\"fake\"");
        }, credentials: new FixedCredentials(RegistrySession.Alice));
        Assert.Equal("Unauthorized", error.ErrorId);
        Assert.Contains($"log in again with Connect-ImageRegistry {host}, docker login", error.Recommendation, StringComparison.Ordinal);

        error = await ErrorOf(_ => _ => Fault.Challenge("Basic realm=\"fake\""), RegistrySession.AsAlice);
        Assert.Equal("Unauthorized", error.ErrorId);
        Assert.DoesNotContain("Connect-ImageRegistry", error.Recommendation, StringComparison.Ordinal);
        Assert.Contains("password", error.Recommendation, StringComparison.Ordinal);
    }

    // Amazon's registry answers an expired login with 403, in these words
    [Fact]
    public async Task An_expired_login_that_is_answered_with_403_says_so()
    {
        OciException error = await ErrorOf(_ => RegistrySession.Basic(_ => Fault.Json(403, """{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}""")), RegistrySession.AsAlice);
        Assert.Equal("Forbidden", error.ErrorId);
        Assert.Contains("log in again with Connect-ImageRegistry, docker login or podman login", error.Recommendation, StringComparison.Ordinal);

        error = await ErrorOf(_ => RegistrySession.Basic(_ => Fault.Json(403, """{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}""")), RegistrySession.AsAlice);
        Assert.Equal("Use an account that may do it, or ask who runs the registry.", error.Recommendation);
    }

    // RFC 6749, section 5.2
    [Fact]
    public async Task An_identity_token_that_has_expired_is_no_fault_of_the_token_server()
    {
        ICredentialSource credentials = new FixedCredentials(new RegistryCredential(null, null, RegistrySession.Identity, null, "a test"));
        Func<ReceivedRequest, Fault?> Answers(FakeRegistry registry, string error) => request =>
            request.Path == "/token" ? Fault.Json(400, $$"""{"error":"{{error}}","error_description":"the grant is not valid any more"}""") : RegistrySession.Bearer(registry)(request);
        OciException error = await ErrorOf(registry => Answers(registry, "invalid_grant"), credentials: credentials);
        Assert.Equal("Unauthorized", error.ErrorId);
        Assert.Contains("not valid any more", error.Message, StringComparison.Ordinal);
        Assert.Contains("log in again with Connect-ImageRegistry, docker login or podman login", error.Recommendation, StringComparison.Ordinal);
        Assert.Equal("ProtocolViolation", (await ErrorOf(registry => Answers(registry, "invalid_request"), credentials: credentials)).ErrorId);
    }

    [Fact]
    public async Task A_name_that_cannot_be_seen_without_a_login_may_be_misspelled()
    {
        OciException error = await ErrorOf(_ => _ => Fault.Challenge("Basic realm=\"fake\""));
        Assert.Equal("Unauthorized", error.ErrorId);
        Assert.StartsWith("Check the spelling of the name.", error.Recommendation, StringComparison.Ordinal);
        Assert.Contains("Connect-ImageRegistry", error.Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_elsewhere_that_speaks_http_needs_PlainHttp()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        await using RelayServer proxy = new(head => head.StartsWith("CONNECT ", StringComparison.Ordinal) ? ("HTTP/1.1 200 OK\r\n\r\n", registry.Address.Port) : (null, registry.Address.Port));
        UserEnvironment environment = new(name => name is "HTTPS_PROXY" or "HTTP_PROXY" ? $"http://127.0.0.1:{proxy.Port}" : null, null);
        OciException error = await ErrorOf(new RegistrySession(environment, new JumpingTime(s_now)), Far);
        Assert.Equal("ConnectionFailed", error.ErrorId);
        Assert.StartsWith($"If {Far} speaks http and no TLS, add -PlainHttp.", error.Recommendation, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
        await new RegistrySession(environment).Open(Far, RegistrySession.Access with { PlainHttp = true }).ResolveAsync(ImageLocation.Parse(Far + "/app"), Stop);
    }

    [Theory]
    [InlineData("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")]
    [InlineData("HTTP/1.0 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html><center>The plain HTTP request was sent to HTTPS port</center></html>")]
    public async Task A_registry_that_speaks_TLS_needs_no_PlainHttp(string answer)
    {
        await using RelayServer server = new(_ => (answer, null));
        OciException error = await ErrorOf(new RegistrySession(time: new JumpingTime(s_now)), $"127.0.0.1:{server.Port}", RegistrySession.Access with { PlainHttp = true });
        Assert.Equal("ProtocolViolation", error.ErrorId);
        Assert.Contains("leave out -PlainHttp", error.Recommendation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://10.1.2.3/token", "add -TrustedRealm 10.1.2.3,")]
    [InlineData("https://192.168.1.2:8443/token", "add -TrustedRealm 192.168.1.2:8443,")]
    [InlineData("http://169.254.169.254/token", "ask who runs it")]
    [InlineData("ftp://registry.test/token", "ask who runs it")]
    public async Task A_token_server_that_is_not_asked_is_trusted_only_where_that_helps(string realm, string expected)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => Fault.Challenge($"Bearer realm=\"{realm}\",service=\"fake\"");
        await using RelayServer proxy = new(_ => (null, registry.Address.Port));
        UserEnvironment environment = new(name => name is "HTTP_PROXY" ? $"http://127.0.0.1:{proxy.Port}" : null, null);
        OciException error = await ErrorOf(new RegistrySession(environment, new JumpingTime(s_now)), Far, RegistrySession.Access with { PlainHttp = true });
        Assert.Equal("RealmNotTrusted", error.ErrorId);
        Assert.Contains(expected, error.Recommendation, StringComparison.Ordinal);
    }
}
