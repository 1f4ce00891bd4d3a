using OciTools.Stores.Http;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class ConnectionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_pool_for_foreign_hosts_refuses_local_addresses_after_the_name_is_resolved(string host)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        HttpMessageInvoker http = new RegistrySession().Adapters.Http(new HttpPolicy { RefuseLocalAddresses = true });
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://{host}:{registry.Address.Port}/v2/");
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, Stop));
        Assert.Equal("RedirectRefused", ConnectionErrors.From(error, request.RequestUri!).ErrorId);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public void Equal_policies_share_a_chain_and_others_do_not()
    {
        IAdapters adapters = new RegistrySession().Adapters;
        HttpMessageInvoker first = adapters.Http(new HttpPolicy { ResponseTimeout = TimeSpan.FromSeconds(3) });
        Assert.Same(first, adapters.Http(new HttpPolicy { ResponseTimeout = TimeSpan.FromSeconds(3) }));
        Assert.NotSame(first, adapters.Http(new HttpPolicy { ResponseTimeout = TimeSpan.FromSeconds(3), SkipCertificateCheck = true }));
        Assert.NotSame(first, adapters.Http(new HttpPolicy { ResponseTimeout = TimeSpan.FromSeconds(3), UseProxy = false }));
    }

    [Fact]
    public void A_proxy_that_is_named_otherwise_or_no_more_counts_at_once()
    {
        string? proxy = "http://no proxy";
        IAdapters adapters = new RegistrySession(new UserEnvironment(name => name == "HTTPS_PROXY" ? proxy : null, null)).Adapters;
        Assert.Equal("ConnectionFailed", Assert.ThrowsAny<OciException>(() => adapters.Http(new HttpPolicy())).ErrorId);
        proxy = null;
        HttpMessageInvoker direct = adapters.Http(new HttpPolicy());
        HttpMessageInvoker never = adapters.Http(new HttpPolicy { UseProxy = false });
        proxy = "http://proxy.test:3128";
        Assert.NotSame(direct, adapters.Http(new HttpPolicy()));
        Assert.Same(never, adapters.Http(new HttpPolicy { UseProxy = false }));
        proxy = null;
        Assert.Same(direct, adapters.Http(new HttpPolicy()));
    }

    [Fact]
    public async Task Endless_headers_are_a_protocol_violation()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        registry.OnRequest = _ => Fault.WithHeaders(("X-Long", new string('x', 100_000)));
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop));
        Assert.Equal("ProtocolViolation", error.ErrorId);
    }

    [Fact]
    public async Task An_answer_that_never_comes_ends_in_time()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => new Fault { Delay = TimeSpan.FromSeconds(30) };
        HttpMessageInvoker http = new RegistrySession().Adapters.Http(new HttpPolicy { ResponseTimeout = TimeSpan.FromMilliseconds(200) });
        using HttpRequestMessage request = new(HttpMethod.Get, registry.Address + "v2/");
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, Stop));
        Assert.Equal("TimedOut", ConnectionErrors.From(error, request.RequestUri!).ErrorId);
        Assert.Single(registry.Requests);
    }

    // RFC 9113, 7: NO_ERROR is a shutdown and REFUSED_STREAM no failure either; PROTOCOL_ERROR is one
    [Theory]
    [InlineData(0, "ConnectionFailed")]
    [InlineData(7, "ConnectionFailed")]
    [InlineData(1, "ProtocolViolation")]
    public void A_server_that_ends_its_connection_breaks_no_rule(long code, string expected)
    {
        HttpRequestException error = new(HttpRequestError.HttpProtocolError, "sending", new HttpProtocolException(code, "the server", null));
        Assert.Equal(expected, ConnectionErrors.From(error, new Uri("https://host/")).ErrorId);
    }

    [Theory]
    [InlineData("https://user:CANARY@host/path?X-Amz-Signature=CANARY&scope=a&sig=CANARY&CANARY", "https://host/path?X-Amz-Signature=***&scope=a&sig=***&***")]
    [InlineData("http://host:5000/v2/", "http://host:5000/v2/")]
    public void Addresses_are_shown_without_secrets(string address, string shown) => Assert.Equal(shown, Redaction.Address(new Uri(address)));

    [Theory]
    [InlineData("Authorization", "Bearer CANARY", "Authorization: Bearer ***")]
    [InlineData("Proxy-Authorization", "Basic CANARY", "Proxy-Authorization: Basic ***")]
    [InlineData("Set-Cookie", "a=CANARY", "Set-Cookie: ***")]
    [InlineData("X-Registry-Auth", "CANARY", "X-Registry-Auth: ***")]
    [InlineData("Location", "https://s3/x?X-Amz-Signature=CANARY", "Location: https://s3/x?X-Amz-Signature=***")]
    [InlineData("Location", "https://u:CANARY@s3/x", "Location: ***")]
    [InlineData("Accept", "a\u001b[31m", "Accept: a\uFFFD[31m")]
    public void Headers_are_shown_without_secrets(string name, string value, string shown) => Assert.Equal(shown, Redaction.Header(name, value));
}
