using System.Globalization;
using OciTools.Stores;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class RetryTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(499)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(522)]
    public async Task What_passes_is_tried_again(int status)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        registry.OnRequest = request => request.Number < 5 ? new Fault { Status = status } : null;
        JumpingTime time = new(DateTimeOffset.UtcNow);
        await new RegistrySession(time: time).Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Equal(5, registry.Requests.Count);
        Assert.Equal(4, time.Waits.Count);
    }

    [Theory]
    // on loopback a 400 may mean that TLS is wanted, so its text is asked for
    [InlineData(400, "ProtocolViolation", 3)]
    [InlineData(403, "Forbidden", 2)]
    [InlineData(404, "ImageNotFound", 2)]
    [InlineData(418, "ProtocolViolation", 1)]
    [InlineData(451, "Forbidden", 1)]
    [InlineData(505, "ServerFailed", 1)]
    [InlineData(500, "ServerFailed", 5)]
    [InlineData(429, "RateLimited", 5)]
    [InlineData(408, "TimedOut", 5)]
    public async Task Each_status_has_its_error(int status, string errorId, int requests)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => new Fault { Status = status };
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() =>
            new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Equal(requests, registry.Requests.Count);
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deletion_by_digest_is_asked_for_again_and_one_of_a_tag_is_not()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => request.Method != "DELETE" ? null : new Fault { Status = request.Number < 3 ? 500 : 404 };
        RegistryStore store = new RegistrySession().Open(registry.Host);
        string digest = Digest.Compute([1]).ToString();
        Assert.Equal(RemovalState.NotThere, (await store.RemoveAsync(RegistrySession.At(registry, $"app@{digest}"), Stop)).State);
        Assert.Equal(Enumerable.Repeat($"DELETE /v2/app/manifests/{digest}", 3), registry.Requests.Select(request => $"{request.Method} {request.Path}"));

        registry.OnRequest = _ => new Fault { Status = 500 };
        registry.Forget();
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.RemoveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("ServerFailed", error.ErrorId);
        Assert.Single(registry.Requests);
        registry.Forget();
        await Assert.ThrowsAnyAsync<OciException>(() => store.RemoveAsync(RegistrySession.At(registry, $"app@{digest}"), Stop));
        Assert.Equal(4, registry.Requests.Count);
    }

    [Fact]
    public async Task Retry_After_is_obeyed_in_each_form_and_a_long_one_fails_at_once_with_the_time()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        (string Name, string Value, double Seconds)[] forms =
        [
            ("Retry-After", "1", 1),
            ("Retry-After", "30", 30),
            ("Retry-After", " 5 ", 5),
            ("Retry-After", "60", 60),
            ("Retry-After", now.AddSeconds(20).ToString("R", CultureInfo.InvariantCulture), 20),
            ("Retry-After", now.AddSeconds(40).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), 40),
            ("X-Retry-After", "15", 15),
            ("X-Retry-After", now.AddSeconds(25).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), 25),
            ("Retry-After", "61", 61),
            ("Retry-After", "3600", 3600),
            ("Retry-After", now.AddHours(2).ToString("R", CultureInfo.InvariantCulture), 7200),
            ("Retry-After", now.AddDays(1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), 86400),
            ("X-Retry-After", "600", 600),
        ];

        int held = 0;
        foreach ((string name, string value, double seconds) in forms)
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync();
            registry.AddImage("app", "latest", [1]);
            registry.OnRequest = request => request.Number == 1 ? Fault.WithHeaders((name, value)) with { Status = 429 } : null;
            JumpingTime time = new(now);
            Exception? error = await Record.ExceptionAsync(() => new RegistrySession(time: time).Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
            bool right = seconds <= 60
                ? error is null && time.Waits.Count == 1 && Math.Abs(time.Waits[0].TotalSeconds - seconds) <= 1.1
                : error is UnreachableException { ErrorId: "RateLimited", RetryAt: { } at } limited && time.Waits.Count == 0
                    && Math.Abs((at - now).TotalSeconds - seconds) < 30
                    && limited.Message.Contains(at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), StringComparison.Ordinal);
            if (right) held++;
            else output.WriteLine($"{name}: {value}: waits {string.Join(',', time.Waits)}; {error}");
        }

        output.WriteLine($"Retry-After: tried {forms.Length}, held {held}");
        Assert.Equal(forms.Length, held);
    }

    [Fact]
    public async Task A_reset_connection_is_tried_again_and_a_POST_is_not()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        RegistrySession session = new();
        RegistryStore store = session.Open(registry.Host, credentials: new FixedCredentials(RegistrySession.Alice with { IdentityToken = RegistrySession.Identity }));
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        int before = registry.Requests.Count;
        registry.OnRequest = request => request.Number <= before + 3 ? new Fault { Reset = true } : null;
        await store.ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.True(registry.Requests.Count >= before + 4);

        Func<ReceivedRequest, Fault?> bearer = RegistrySession.Bearer(registry);
        registry.OnRequest = request => request.Path == "/token" ? new Fault { Status = 503 } : bearer(request);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("ServerFailed", error.ErrorId);
        Assert.Single(registry.Requests, r => r.Path == "/token");
    }

    [Fact]
    public async Task Nobody_listening_is_a_refused_connection()
    {
        FakeRegistry registry = await FakeRegistry.StartAsync();
        await registry.DisposeAsync();
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("ConnectionFailed", error.ErrorId);
        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
        Assert.Contains(registry.Host, error.Message, StringComparison.Ordinal);
    }
}
