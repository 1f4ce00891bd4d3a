using System.Text;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class TagListTests
{
    private const string List = "/v2/app/tags/list";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tags_come_in_the_order_of_the_registry()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => request.Path == List ? Page("b", "a", "C", "a.1") : null;
        Assert.Equal(["b", "a", "C", "a.1"], await NamesAsync(registry));
        Assert.Equal($"GET {List}?n=1000", Assert.Single(registry.Requests).ToString());
    }

    [Fact]
    public async Task The_link_to_the_next_page_is_followed_as_it_is_given()
    {
        string[] links =
        [
            "</v2/app/tags/list?n=3&last=c>; rel=\"next\"", "<{0}v2/app/tags/list?next_page=gAAAAABk%2Fx%3D%3D&x=a,b;c>; rel=next", "<list?c=3>;rel=\"prev next\"",
            "<?c=4>; title=\"a, <b>; rel=prev\"; REL=Next", "</first>; rel=\"first\", </v2/app/tags/list?c=5>; rel=\"next\"", "/v2/app/tags/list?c=6; rel=\"next\"",
            "</v2/app/other?c=7>; rel=\"next\", </v2/app/other?c=7>; rel=\"next\"",
        ];
        string[] expected =
        [
            $"{List}?n=1000", $"{List}?n=3&last=c", $"{List}?next_page=gAAAAABk%2Fx%3D%3D&x=a,b;c", $"{List}?c=3", $"{List}?c=4", $"{List}?c=5", $"{List}?c=6", "/v2/app/other?c=7",
        ];
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => request.Number > links.Length ? Page($"t{request.Number}")
            : Page(string.Format(System.Globalization.CultureInfo.InvariantCulture, links[request.Number - 1], registry.Address), $"t{request.Number}");
        Assert.Equal(Enumerable.Range(1, links.Length + 1).Select(i => $"t{i}"), await NamesAsync(registry));
        Assert.Equal(expected, registry.Requests.Select(r => r.Path + r.Query));
    }

    [Fact]
    public async Task A_page_is_asked_for_when_its_names_are()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => Page($"<{List}?p={request.Number}>; rel=\"next\"", $"a{request.Number}", $"b{request.Number}");
        List<string> taken = [];
        await foreach (string name in Names(registry))
        {
            taken.Add(name);
            Assert.Equal((taken.Count + 1) / 2, registry.Requests.Count);
            if (taken.Count == 6) break;
        }

        Assert.Equal(["a1", "b1", "a2", "b2", "a3", "b3"], taken);
    }

    [Theory]
    [InlineData("""{"name":"app","tags":null}""")]
    [InlineData("""{"name":"app"}""")]
    [InlineData("""{"name":"app","tags":[]}""")]
    public async Task An_empty_list_may_be_written_in_several_ways(string json)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => Fault.Json(200, json);
        Assert.Empty(await NamesAsync(registry));
    }

    [Fact]
    public async Task A_registry_that_takes_no_number_is_asked_without()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => request.Query.StartsWith("?n=", StringComparison.Ordinal) ? Fault.Json(400, """{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}""") : Page("a");
        Assert.Equal(["a"], await NamesAsync(registry));
        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task Pages_and_loops_of_hostile_and_broken_registries_end_with_a_typed_error()
    {
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        int port = registry.Address.Port;
        Figure figure = new("C11");

        // to another place
        foreach (string link in new[]
        {
            $"<{other.Address}v2/app/tags/list>", $"<//{other.Host}/v2/app/tags/list>", $"<https://127.0.0.1:{port}/v2/app/tags/list>", $"<http://localhost:{port}/v2/app/tags/list>",
            $"<http://alice:secret@127.0.0.1:{port}{List}?p=2>", $"<http://127.0.0.1:{port}//{other.Host}/v2/x>", $"<///{other.Host}/v2/x>", "<http://[::1]/v2/x>", "<file:///etc/passwd>",
            "<ftp://127.0.0.1/x>", @"<\\server\share>", $@"</\{other.Host}/x>", "<javascript:alert(1)>", "<>", "", "< >", "<a b>", $"<{List}?{new string('x', 9000)}>",
            $"<http://127.0.0.1:{port}@{other.Host}/v2/x>", $"<http://127.0.0.1.{port}.example.com/x>", $"<http://127.0.0.1:{port + 1}{List}>", "<http://>",
        })
            await CheckAsync(figure, registry, link, "PageRefused", request => request.Number > 1 ? Page("never") : Page($"{link}; rel=\"next\"", "a"), pages: 1);
        await CheckAsync(figure, registry, "two places", "PageRefused", _ => Page($"<{List}?p=2>; rel=next, <{List}?p=3>; rel=next", "a"), pages: 1);
        Assert.Empty(other.Requests);

        // without an end
        await CheckAsync(figure, registry, "itself", "EndlessList", _ => Page($"<{List}?n=1000>; rel=next", "a"), pages: 1);
        await CheckAsync(figure, registry, "two pages in a circle", "EndlessList", request => Page($"<{List}?p={request.Number % 2}>; rel=next", $"t{request.Number}"), pages: 3);
        await CheckAsync(figure, registry, "the same names at new addresses", "EndlessList", request => Page($"<{List}?p={request.Number}>; rel=next", "a", "b"), pages: 2);
        await CheckAsync(figure, registry, "two pages of names in turn", "EndlessList", request => Page($"<{List}?p={request.Number}>; rel=next", $"t{request.Number % 2}"), pages: 3);
        await CheckAsync(figure, registry, "pages without names", "EndlessList", request => Page($"<{List}?p={request.Number}>; rel=next"), pages: Limits.EmptyListPages + 1);

        // of the wrong form or size
        foreach (string json in new[]
        {
            "[]", "{}}", "null", "", "{\"tags\":{}}", "{\"tags\":\"a\"}", "{\"tags\":[1]}", "{\"tags\":[null]}", "{\"tags\":[\"a\"],\"tags\":[\"b\"]}", "{\"Tags\":[\"a\"]}",
            "{\"tags\":[\"\\ud800\"]}", "{\"tags\":" + new string('[', 5000), "<html>login</html>",
        })
            await CheckAsync(figure, registry, json.Length > 40 ? json[..40] : json, "ProtocolViolation", _ => Fault.Json(200, json), pages: 1);
        byte[] large = Encoding.UTF8.GetBytes($"{{\"tags\":[\"{new string('a', Limits.ListPage)}\"]}}");
        await CheckAsync(figure, registry, "too many bytes", "TooLarge", _ => new Fault { Status = 200, Body = _ => large }, pages: 1);
        string many = "{\"tags\":[" + string.Concat(Enumerable.Repeat("\"a\",", Limits.ListPageNames)) + "\"b\"]}";
        await CheckAsync(figure, registry, "too many names", "TooLarge", _ => Fault.Json(200, many), pages: 1);

        // refused
        foreach ((int status, string id) in new[] { (401, "Unauthorized"), (403, "Forbidden"), (404, "ImageNotFound"), (405, "ProtocolViolation"), (400, "ProtocolViolation"), (204, "ProtocolViolation"), (500, "ServerFailed") })
            await CheckAsync(figure, registry, $"status {status}", id, _ => new Fault { Status = status }, pages: null);
        figure.Report(48);
    }

    [Fact]
    public void A_list_has_no_more_pages_than_the_limit()
    {
        ListProgress progress = new("The list");
        for (int i = 0; i < Limits.ListPages; i++)
        {
            progress.Ask($"/v2/app/tags/list?p={i}");
            progress.Take([$"t{i}"]);
        }

        Assert.Equal("EndlessList", Assert.Throws<RefusedException>(() => progress.Ask("/v2/app/tags/list?p=x")).ErrorId);
    }

    [Fact]
    public async Task A_list_that_a_redirect_leads_away_goes_on_nowhere()
    {
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => Fault.Redirect($"{other.Address}elsewhere");
        other.OnRequest = _ => Page("</elsewhere?p=2>; rel=next", "a");
        Assert.Equal("PageRefused", (await Assert.ThrowsAsync<RefusedException>(() => NamesAsync(registry))).ErrorId);
        Assert.Single(other.Requests);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task Every_page_carries_the_token_and_no_other_place_gets_it()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = RegistrySession.Bearer(registry, request => request.Query.Contains("p=2", StringComparison.Ordinal) ? Page("b") : Page($"<{List}?p=2>; rel=next", "a"));
        Assert.Equal(["a", "b"], await NamesAsync(registry));
        Assert.Equal(["none", "none", "token", "token"], registry.Requests.Select(r => r.Header("Authorization") is null ? "none" : "token"));
    }

    private static Fault Page(string first, params string[] names)
    {
        bool isLink = first.Contains("rel", StringComparison.OrdinalIgnoreCase);
        IEnumerable<string> all = isLink ? names : names.Prepend(first);
        Fault page = Fault.Json(200, $"{{\"name\":\"app\",\"tags\":[{string.Join(',', all.Select(name => $"\"{name}\""))}]}}");
        return isLink ? page with { Headers = new Dictionary<string, string?> { ["Content-Type"] = "application/json", ["Link"] = first } } : page;
    }

    // the error, and that no page more was asked for than needed to see it
    private static async Task CheckAsync(Figure figure, FakeRegistry registry, string what, string errorId, Func<ReceivedRequest, Fault?> answer, int? pages)
    {
        int before = registry.Requests.Count;
        registry.OnRequest = request => answer(request with { Number = request.Number - before });
        string found = "no error";
        try
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            patience.CancelAfter(TimeSpan.FromSeconds(30));
            await foreach (string _ in Names(registry, patience.Token)) { }
        }
        catch (Exception e)
        {
            found = e is OciException known ? known.ErrorId : e.ToString();
        }

        int asked = registry.Requests.Count - before;
        figure.Check(what, found == errorId && (pages is null || asked == pages), $"{found} after {asked} requests");
    }

    private static async Task<List<string>> NamesAsync(FakeRegistry registry)
    {
        List<string> names = [];
        await foreach (string name in Names(registry)) names.Add(name);
        return names;
    }

    private static IAsyncEnumerable<string> Names(FakeRegistry registry, CancellationToken? stop = null) =>
        new RegistrySession().Open(registry.Host).ListTagsAsync(RegistrySession.At(registry), stop ?? Stop);
}
