using OciTools.Operations;
using OciTools.Operations.Listing;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class CatalogTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Repositories_come_page_by_page_as_names_that_can_be_asked_for()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request => request.Query == "?n=1000" ? Page("</v2/_catalog?last=b%2Fc&n=2>; rel=\"next\"", "a", "b/c") : Page(null, "d/e/f");
        List<ImageRepository> found = await ListAsync(registry);
        Assert.Equal(["a", "b/c", "d/e/f"], found.Select(r => r.Repository));
        Assert.All(found, r => Assert.Equal((registry.Host, $"{registry.Host}/{r.Repository}", r.Image), (r.Registry, r.Image, r.ToString())));
        Assert.All(found, r => Assert.Equal(r.Repository, ImageLocation.Parse(r.Image).Reference!.Repository));
        Assert.Equal(["GET /v2/_catalog?n=1000", "GET /v2/_catalog?last=b%2Fc&n=2"], registry.Requests.Select(r => r.ToString()));
    }

    [Fact]
    public async Task A_registry_that_is_called_as_a_transport_gives_names_that_lead_back_to_it()
    {
        MemoryStore store = new();
        store.Repositories.Add("app");
        ImageRepository found = Assert.Single(await new RegistryCatalog(new ImagePlaces(new FixedOpener(store)), new KeptLog()).ListAsync("oci:5000", Stop).ToListAsync(Stop));
        Assert.Equal("docker://oci:5000/app", found.Image);
        Assert.Equal("oci:5000", ImageLocation.Parse(found.Image).Reference!.Registry);
    }

    [Fact]
    public async Task A_catalogue_that_is_not_to_be_had_is_one_kind_of_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Figure figure = new("catalogue answers");
        foreach ((int status, string id) in new[]
        {
            (401, "CatalogNotOffered"), (403, "CatalogNotOffered"), (404, "CatalogNotOffered"), (405, "CatalogNotOffered"), (501, "CatalogNotOffered"), (410, "CatalogNotOffered"),
            (400, "ProtocolViolation"), (418, "ProtocolViolation"), (500, "ServerFailed"), (429, "RateLimited"),
        })
        {
            registry.OnRequest = _ => new Fault { Status = status, Headers = new Dictionary<string, string?> { ["Retry-After"] = "100" } };
            await CheckAsync(figure, registry, $"status {status}", id);
        }

        registry.OnRequest = _ => Fault.Challenge("Basic realm=\"x\"");
        await CheckAsync(figure, registry, "Basic without a credential", "CatalogNotOffered");
        registry.OnRequest = request => request.Path == "/token" ? Fault.Json(200, """{"token":"t"}""") : Fault.Challenge($"Bearer realm=\"{registry.Address}token\",service=\"x\",scope=\"registry:catalog:*\"");
        await CheckAsync(figure, registry, "a token that opens nothing", "CatalogNotOffered");
        registry.OnRequest = request => request.Path == "/token" ? new Fault { Status = 401 } : Fault.Challenge($"Bearer realm=\"{registry.Address}token\",service=\"x\"");
        await CheckAsync(figure, registry, "a token server that refuses", "CatalogNotOffered");
        registry.OnRequest = _ => Page("<http://example.com/v2/_catalog>; rel=next", "a");
        await CheckAsync(figure, registry, "a page elsewhere", "PageRefused");
        registry.OnRequest = request => Page($"</v2/_catalog?p={request.Number}>; rel=next", "a");
        await CheckAsync(figure, registry, "the same names again", "EndlessList");
        figure.Report(15);
    }

    [Fact]
    public async Task A_token_for_the_catalogue_is_asked_for_and_not_taken_for_a_repository()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = request =>
        {
            if (request.Path == "/token") return Fault.Json(200, $$"""{"token":"{{(request.Query.Contains("catalog", StringComparison.Ordinal) ? "catalogue" : "other")}}"}""");
            string wanted = request.Path == "/v2/_catalog" ? "catalogue" : "other";
            if (request.Header("Authorization") != "Bearer " + wanted) return Fault.Challenge($"Bearer realm=\"{registry.Address}token\",service=\"x\"");
            return request.Path == "/v2/_catalog" ? Page(null, "app") : Fault.Json(200, """{"tags":["1"]}""");
        };
        RegistryStore store = new RegistrySession().Open(registry.Host);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(["app"], await store.ListRepositoriesAsync(Stop).ToListAsync(Stop));
            Assert.Equal(["1"], await store.ListTagsAsync(RegistrySession.At(registry), Stop).ToListAsync(Stop));
        }

        Assert.Equal(["?service=x&scope=registry%3Acatalog%3A%2A", "?service=x&scope=repository%3Aapp%3Apull"], registry.Requests.Where(r => r.Path == "/token").Select(r => r.Query));
    }

    [Fact]
    public async Task What_is_no_repository_is_left_out_and_named()
    {
        string[] odd = ["", "App", "../x", "a b", "/a", "a/", "a//b", "a:1", "a@sha256:0", "é", "\\u001b[31m", "_catalog", "-a", new('a', 256), "https://x", "sha256:" + new string('0', 64)];
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => Page(null, [.. odd, "good"]);
        KeptLog log = new();
        Assert.Equal(["good"], (await ListAsync(registry, log)).Select(r => r.Repository));
        Assert.Equal(11, log.Warnings.Count);
        Assert.Contains(" 6 more ", log.Warnings[^1], StringComparison.Ordinal);
    }

    private static Fault Page(string? link, params string[] names) => Fault.Json(200, $"{{\"repositories\":[{string.Join(',', names.Select(n => $"\"{n}\""))}]}}") with
    {
        Headers = new Dictionary<string, string?> { ["Link"] = link },
    };

    private static async Task CheckAsync(Figure figure, FakeRegistry registry, string what, string errorId)
    {
        string found = "no error";
        try
        {
            await ListAsync(registry);
        }
        catch (OciException e)
        {
            found = e.ErrorId;
        }

        figure.Check(what, found == errorId, found);
    }

    private static async Task<List<ImageRepository>> ListAsync(FakeRegistry registry, KeptLog? log = null) =>
        await new RegistryCatalog(new ImagePlaces(new FixedOpener(new RegistrySession().Open(registry.Host))), log ?? new KeptLog()).ListAsync(registry.Host, Stop).ToListAsync(Stop);
}
