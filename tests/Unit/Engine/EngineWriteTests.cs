using System.Formats.Tar;
using System.Text;
using Microsoft.AspNetCore.Http;
using OciTools.Stores;
using OciTools.Stores.Engine;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Engine;

/// <summary>An engine that is told to do something starts to answer with success; what comes then decides.</summary>
public sealed class EngineWriteTests
{
    private static readonly ImageLocation s_name = ImageLocation.Parse("docker-daemon:app:1");
    private static readonly byte[] s_config = Encoding.UTF8.GetBytes("""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""");
    private static readonly string s_inspect = $$"""{"Id":"{{Digest.Compute(s_config)}}","Os":"linux","Architecture":"amd64","RootFS":{"Type":"layers","Layers":[]},"GraphDriver":{"Name":"overlay2"} }""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failure_is_found_wherever_it_stands_in_the_answer()
    {
        Figure figure = new("C15, answers of an engine that loads");
        (string Body, string Id)[] failures = [.. Failures()];
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/app:1/json", s_inspect);
        await using EngineStore store = await engine.OpenAsync();
        Random random = new(5);
        int[] places = [.. Enumerable.Range(0, 200).OrderBy(_ => random.Next()).Take(failures.Length)];
        for (int i = 0; i < 200; i++)
        {
            int failure = Array.IndexOf(places, i);
            string body = failure < 0 ? string.Concat(Enumerable.Repeat("{\"status\":\"Loading layer\",\"progressDetail\":{\"current\":1,\"total\":2}}\r\n", i % 7)) + "{\"stream\":\"Loaded image: app:1\\n\"}\r\n" : failures[failure].Body;
            engine.On("/images/load", context => AnswerAsync(context, body, i % 3));
            string found = await ErrorOfAsync(() => store.LoadAsync(s_name, Image(), Stop));
            figure.Check($"{i}: {DisplayText.Excerpt(body, 80)}", found == (failure < 0 ? "" : failures[failure].Id), found);
        }

        figure.Report(200);
    }

    [Theory]
    [InlineData(400, "ProtocolViolation")]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "ImageNotFound")]
    [InlineData(429, "RateLimited")]
    [InlineData(500, "ServerFailed")]
    [InlineData(504, "TimedOut")]
    public async Task A_refusal_is_told_from_a_failure(int status, string id)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/create", """{"message":"no"}""", status);
        await using EngineStore store = await engine.OpenAsync();
        Assert.Equal(id, await ErrorOfAsync(() => store.PullAsync(Reference(), null, s_name, null, Stop)));
    }

    // what Docker Hub says when an address has pulled too much, as engines hand it on
    [Theory]
    [InlineData(500, """{"message":"toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"}""")]
    [InlineData(200, """{"errorDetail":{"message":"toomanyrequests: You have reached your pull rate limit."},"error":"toomanyrequests: You have reached your pull rate limit."}""")]
    public async Task A_limit_of_the_registry_is_told_from_a_failure_of_the_engine(int status, string body)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/create", body, status);
        await using EngineStore store = await engine.OpenAsync();
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.PullAsync(Reference(), null, s_name, null, Stop));
        Assert.Equal("RateLimited", error.ErrorId);
        Assert.Contains("pull rate limit", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("Wait a while, or log in", error.Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_is_no_success()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/app:1/json", s_inspect).On("/images/load", async context =>
        {
            await context.Response.WriteAsync("{\"status\":\"x\"}\r\n");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await using EngineStore store = await engine.OpenAsync();
        Assert.Equal("ConnectionFailed", await ErrorOfAsync(() => store.LoadAsync(s_name, Image(), Stop)));
    }

    [Fact]
    public async Task An_engine_that_has_another_image_afterwards_is_not_believed()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41"))
            .On("/images/app:1/json", s_inspect.Replace(Digest.Compute(s_config).ToString(), Digest.Compute([1]).ToString(), StringComparison.Ordinal))
            .On("/images/load", context => AnswerAsync(context, "", 0));
        await using EngineStore store = await engine.OpenAsync();
        Assert.Equal("DigestMismatch", await ErrorOfAsync(() => store.LoadAsync(s_name, Image(), Stop)));
    }

    [Fact]
    public async Task What_is_sent_is_an_archive_whose_names_come_last()
    {
        MemoryStream sent = new();
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/app:1/json", s_inspect).On("/images/load", context => context.Request.Body.CopyToAsync(sent));
        await using EngineStore store = await engine.OpenAsync();
        byte[] layer = [1, 2, 3, 4, 5];
        PackedLayer packed = new(Digest.Compute(layer), "gzip", layer.Length, (output, token) => output.WriteAsync(layer, token).AsTask());
        await store.LoadAsync(s_name, new PackedImage(s_config, [packed, packed]), Stop);

        sent.Position = 0;
        List<(string Name, byte[] Bytes)> entries = [];
        using TarReader reader = new(sent);
        while (await reader.GetNextEntryAsync(copyData: true, Stop) is { } entry)
        {
            MemoryStream bytes = new();
            if (entry.DataStream is { } data) await data.CopyToAsync(bytes, Stop);
            entries.Add((entry.Name, bytes.ToArray()));
        }

        string file = Digest.Compute(layer).Hex + ".tar.gz";
        Assert.Equal([file, Digest.Compute(s_config).Hex + ".json", "manifest.json"], entries.Select(e => e.Name));
        Assert.Equal(layer, entries[0].Bytes);
        Assert.Equal($$"""[{"Config":"{{Digest.Compute(s_config).Hex}}.json","RepoTags":["docker.io/library/app:1"],"Layers":["{{file}}","{{file}}"]}]""", Encoding.UTF8.GetString(entries[2].Bytes));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_layer_of_another_size_breaks_the_load_off_and_is_the_error(int more)
    {
        bool wasWhole = false;
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/load", async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            wasWhole = true;
        });
        await using EngineStore store = await engine.OpenAsync();
        PackedLayer packed = new(Digest.Compute([1]), "none", 1000, (output, token) => output.WriteAsync(new byte[1000 + more], token).AsTask());
        Assert.Equal("SizeMismatch", await ErrorOfAsync(() => store.LoadAsync(s_name, new PackedImage(s_config, [packed]), Stop)));
        Assert.False(wasWhole);
    }

    [Fact]
    public async Task A_load_that_is_stopped_ends_at_once()
    {
        TaskCompletionSource reached = new();
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/load", async context =>
        {
            reached.TrySetResult();
            await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using EngineStore store = await engine.OpenAsync();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task load = store.LoadAsync(s_name, Image(), stop.Token);
        await reached.Task.WaitAsync(Stop);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load.WaitAsync(TimeSpan.FromSeconds(5), Stop));
    }

    [Theory]
    [InlineData("user", "p\u00E4ss", null, null, """{"username":"user","password":"p\u00E4ss","serveraddress":"registry.example.com:5000"}""")]
    [InlineData(null, null, "refresh", null, """{"identitytoken":"refresh","serveraddress":"registry.example.com:5000"}""")]
    [InlineData(null, null, null, "bearer", """{"registrytoken":"bearer","serveraddress":"registry.example.com:5000"}""")]
    public async Task A_pull_carries_the_credential(string? user, string? password, string? identity, string? token, string expected)
    {
        string? header = null;
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41"))
            .On("/images/create", context => { header = context.Request.Headers["X-Registry-Auth"]; return Task.CompletedTask; })
            .On($"/images/{Reference()}/tag", "", 201);
        await using EngineStore store = await engine.OpenAsync();
        await store.PullAsync(Reference(), Platform.Parse("linux/arm64/v8"), s_name, new RegistryCredential(user, password, identity, token, "test"), Stop);
        Assert.Equal(System.Text.Json.Nodes.JsonNode.Parse(expected)!.ToJsonString(), System.Text.Json.Nodes.JsonNode.Parse(Convert.FromBase64String(header!.Replace('-', '+').Replace('_', '/')))!.ToJsonString());
        Assert.Contains(engine.Requests, r => r.EndsWith($"/images/create?fromImage=registry.example.com%3A5000%2Fapp&tag={Uri.EscapeDataString(Reference().Digest!.ToString())}&platform=linux%2Farm64%2Fv8", StringComparison.Ordinal));
        Assert.Contains(engine.Requests, r => r.EndsWith("/tag?repo=docker.io%2Flibrary%2Fapp&tag=1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_credential_is_not_sent_to_an_engine_over_an_open_network()
    {
        EngineEndpoint open = EngineEndpoint.Parse("tcp://engine.example.com:2375", "test", null);
        OciException error = Assert.ThrowsAny<OciException>(() => EngineCredential.Headers("registry.example.com", new RegistryCredential("user", "secret", null, null, "test"), open));
        Assert.Equal("CredentialInClear", error.ErrorId);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private static ImageReference Reference() => ImageReference.Parse("registry.example.com:5000/app@" + Digest.Compute([9]));

    private static PackedImage Image() => new(s_config, []);

    // 30 ways in which an answer with the status 200 is no success
    private static IEnumerable<(string Body, string Id)> Failures()
    {
        const string Good = "{\"status\":\"Loading layer\",\"id\":\"abc\"}\r\n";
        string[] errors =
        [
            """{"errorDetail":{"message":"disk full"},"error":"disk full"}""", """{"error":"disk full"}""", """{"errorDetail":{"code":1,"message":"disk full"}}""",
            """{"error":{"code":"x"}}""", """{"stream":"x","error":"disk full"}""", """{"error":""}""",
        ];
        foreach (string error in errors)
        {
            yield return (error, "ServerFailed");
            yield return (error + "\r\n", "ServerFailed");
            yield return (Good + error + "\n" + Good, "ServerFailed");
            yield return (string.Concat(Enumerable.Repeat(Good, 3000)) + error + "\r\n", "ServerFailed");
        }

        foreach (string text in (string[])["<html>no engine</html>", "Loaded", "{\"stream\":", Good + "{\"str", "{\"a\":1}{\"b\":2}\n", new string('x', 1_100_000)]) yield return (text, "ProtocolViolation");
    }

    private static async Task AnswerAsync(HttpContext context, string body, int pieces)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.ContentType = "application/json";
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        int size = bytes.Length / (pieces + 1) + 1;
        for (int i = 0; i < bytes.Length; i += size)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(i, Math.Min(size, bytes.Length - i)));
            await context.Response.Body.FlushAsync();
        }
    }

    private static async Task<string> ErrorOfAsync(Func<Task> action)
    {
        try
        {
            await action();
            return "";
        }
        catch (OciException e)
        {
            return e.ErrorId;
        }
    }
}
