using System.Text;
using OciTools.Operations;
using OciTools.Operations.Listing;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class ReferrersTests
{
    private const string Signature = "application/vnd.example.signature";
    private const string Sbom = "application/vnd.example.sbom";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_a_registry_answers_the_list_is_right_or_an_error_says_why_it_is_not()
    {
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        other.OnRequest = _ => Page("<!DOCTYPE html><title>sign in</title>");
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Subject image = new(registry);
        string first = image.Refer(Signature);
        string second = image.Refer(Sbom);
        image.AddTag(second);
        string stranger = image.Refer(Sbom, subject: Digest.Compute([1]).ToString());
        string nobody = image.Refer(Sbom, subject: "");
        string absent = Entry(Digest.Compute([2]).ToString(), 100, Sbom);
        Figure figure = new("C10, answers of the referrers API");

        // it lists them
        await IsAsync("one", Fault.Json(200, Index(first)), first);
        await IsAsync("two", Fault.Json(200, Index(first, second)), first, second);
        await IsAsync("none", Fault.Json(200, Index()));
        await IsAsync("called an index", Fault.Json(200, Index(first)) with { Headers = new Dictionary<string, string?> { ["Content-Type"] = MediaTypes.OciIndex + "; charset=utf-8" } }, first);
        await IsAsync("the same twice", Fault.Json(200, Index(first, first)), first);
        await IsAsync("one that is not there", Fault.Json(200, Index(absent, first)), first);
        await IsAsync("one of another image", Fault.Json(200, Index(stranger, first)), first);
        await IsAsync("one that refers to nothing", Fault.Json(200, Index(nobody, first)), first);
        await IsAsync("a size that is wrong", Fault.Json(200, Index(first.Replace("\"size\":", "\"size\":1", StringComparison.Ordinal), second)), second);
        await IsAsync("a type that is wrong", Fault.Json(200, Index(first.Replace(MediaTypes.OciManifest, MediaTypes.OciIndex, StringComparison.Ordinal), second)), second);
        await IsAsync("a blob", Fault.Json(200, Index(first.Replace(MediaTypes.OciManifest, "text/plain", StringComparison.Ordinal), second)), second);
        await IsAsync("the image itself", Fault.Json(200, Index(image.Descriptor, first)), first);

        // it has no list: the tag has one
        foreach (int status in new[] { 400, 403, 404, 405, 406, 410, 501 })
        {
            await IsAsync($"status {status}", new Fault { Status = status }, second);
            await IsAsync($"status {status} with a page", Page("<html>no</html>", status), second);
        }

        await IsAsync("404 with plain text", Page("404 page not found", 404), second);
        await IsAsync("401 without a challenge", new Fault { Status = 401 }, second);
        await IsAsync("401 that nothing answers", Fault.Challenge("Negotiate"), second);
        await IsAsync("303 to a page", Fault.Redirect($"{other.Address}login", 303), second);
        await IsAsync("303 to nowhere", new Fault { Status = 303 }, second);
        Assert.Empty(other.Requests);
        await IsAsync("307 to a page", Fault.Redirect($"{other.Address}login"), second);
        await IsAsync("a redirect that may not be followed", Fault.Redirect("ftp://127.0.0.1/"), second);
        await IsAsync("a page for people", Page("<html><body>packages</body></html>"), second);
        await IsAsync("a null list", Fault.Json(200, """{"schemaVersion":2,"manifests":null}"""), second);

        // it may have one in a minute, or nobody can tell
        await FailsAsync("500", "ServerFailed", new Fault { Status = 500 });
        await FailsAsync("503", "ServerFailed", new Fault { Status = 503 });
        await FailsAsync("429", "RateLimited", new Fault { Status = 429 });
        await FailsAsync("a cut answer", "ConnectionFailed", Fault.Json(200, Index(first)) with { CutAt = 10 });
        foreach (string body in new[] { "", "[]", "{}", "null", "true", "{\"manifests\":{}}", "{\"manifests\":[]}", "{\"schemaVersion\":2,\"Manifests\":[]}", "{\"errors\":[{\"code\":\"DENIED\"}]}", "{\"schemaVersion\":2,\"manifests\":[{}]}", "{\"schemaVersion\":2,\"manifests\":[1]}", image.Json })
            await FailsAsync($"the body {body[..Math.Min(40, body.Length)]}", "ProtocolViolation", Fault.Json(200, body));
        await FailsAsync("204", "ProtocolViolation", new Fault { Status = 204 });
        await FailsAsync("a body without an end", "TooLarge", new Fault { Status = 200, Body = _ => Encoding.UTF8.GetBytes(new string(' ', Limits.Manifest + 1)) });
        await FailsAsync("a redirect in a circle", "RedirectRefused or second", new Fault { Status = 307, Headers = new Dictionary<string, string?> { ["Location"] = "/v2/app/referrers/x" } }, second);
        figure.Report(48);

        Task IsAsync(string what, Fault answer, params string[] expected) => CheckAsync(figure, registry, what, answer, null, expected);

        Task FailsAsync(string what, string errorId, Fault answer, params string[] or) => CheckAsync(figure, registry, what, answer, errorId, or);
    }

    [Fact]
    public async Task A_tag_that_lies_about_referrers_adds_none()
    {
        Figure figure = new("C10, fallback tags that lie");
        await CheckAsync("an index of the right one", image => [image.Refer(Signature)], null, 1);
        await CheckAsync("no tag", _ => null, null, 0);
        await CheckAsync("an index of nothing", _ => [], null, 0);
        await CheckAsync("entries without a subject", image => [image.Refer(Signature, subject: ""), image.Refer(Sbom)], null, 1);
        await CheckAsync("entries of another image", image => [image.Refer(Signature, subject: Digest.Compute([3]).ToString()), image.Refer(Sbom)], null, 1);
        await CheckAsync("entries that are not there", image => [Entry(Digest.Compute([4]).ToString(), 7, Signature), image.Refer(Sbom)], null, 1);
        await CheckAsync("entries that are blobs", image => [Entry(image.Registry.AddBlob("app", [1, 2]).ToString(), 2, Signature).Replace(MediaTypes.OciManifest, "application/json", StringComparison.Ordinal), image.Refer(Sbom)], null, 1);
        await CheckAsync("a size that is wrong", image => [image.Refer(Signature).Replace("\"size\":", "\"size\":2", StringComparison.Ordinal), image.Refer(Sbom)], null, 1);
        await CheckAsync("platforms of an image", image => [image.Descriptor, image.Refer(Sbom)], null, 1);
        await CheckAsync("more entries than there can be", image => [.. Enumerable.Range(0, Limits.Referrers + 1).Select(i => Entry(Digest.Compute(BitConverter.GetBytes(i)).ToString(), 1, Sbom))], "EndlessList", 0);
        await CheckDocumentAsync("the image itself", image => image.Json, null);
        await CheckDocumentAsync("another image", image => image.Json + " ", null);
        await CheckDocumentAsync("no document", _ => "<html>", "ProtocolViolation");
        await CheckDocumentAsync("a list that can be read in two ways", image => $$"""{"schemaVersion":2,"manifests":[],"layers":[],"config":{} }""", "AmbiguousDocument");
        await CheckDocumentAsync("a document of another kind", _ => """{"schemaVersion":2,"mediaType":"application/vnd.example"}""", null);
        figure.Report(15);

        Task CheckAsync(string what, Func<Subject, string[]?> entries, string? errorId, int expected) => WithAsync(what, image =>
        {
            if (entries(image) is { } list) image.AddTag(list);
        }, errorId, expected);

        Task CheckDocumentAsync(string what, Func<Subject, string> json, string? errorId) => WithAsync(what, image => image.AddTagged(json(image)), errorId, 0);

        async Task WithAsync(string what, Action<Subject> prepare, string? errorId, int expected)
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync();
            prepare(new Subject(registry));
            (List<ImageReferrer> found, string? error) = await TryAsync(registry, new KeptLog());
            figure.Check(what, error == errorId && found.Count == expected && found.TrueForAll(one => one.Source == ReferrerSource.FallbackTag), $"{error ?? "no error"}, {found.Count} found");
        }
    }

    [Fact]
    public async Task An_index_that_its_own_fallback_tag_stands_for_is_no_list_and_no_reason_to_warn()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Subject image = new(registry);
        string json = Index(image.Descriptor);
        Digest index = registry.AddManifest("app", "multi", json, MediaTypes.OciIndex);
        registry.AddManifest("app", $"sha256-{index.Hex}", json, MediaTypes.OciIndex);
        KeptLog log = new();
        Assert.Empty((await TryAsync(registry, log, "app:multi")).Found);
        Assert.Empty(log.Warnings);
    }

    [Fact]
    public async Task Pages_are_followed_and_lists_without_an_end_are_ended()
    {
        await using FakeRegistry other = await FakeRegistry.StartAsync();
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Subject image = new(registry);
        string[] all = [.. Enumerable.Range(0, 30).Select(i => image.Refer($"application/vnd.example.n{i}"))];
        Figure figure = new("C11, pages of referrers");
        string path = $"/v2/app/referrers/{image.Digest}";
        await CheckAsync("three pages", request => Linked(request.Number < 3 ? $"<{path}?p={request.Number}>; rel=\"next\"" : null, all[((request.Number - 1) * 10)..(request.Number * 10)]), null, 30);
        await CheckAsync("itself", _ => Linked($"<{path}>; rel=next", all[0]), "EndlessList", 1);
        await CheckAsync("two pages in a circle", request => Linked($"<{path}?p={request.Number % 2}>; rel=next", all[request.Number]), "EndlessList", 3);
        await CheckAsync("the same entries again", request => Linked($"<{path}?p={request.Number}>; rel=next", all[0], all[1]), "EndlessList", 2);
        await CheckAsync("pages without entries", request => Linked($"<{path}?p={request.Number}>; rel=next"), "EndlessList", 0);
        await CheckAsync("another server", _ => Linked($"<{other.Address}v2/app/referrers/x>; rel=next", all[0]), "PageRefused", 0);
        await CheckAsync("two places", _ => Linked("</a>; rel=next, </b>; rel=next", all[0]), "PageRefused", 0);
        await CheckAsync("a page that is not there", request => request.Number == 1 ? Linked($"<{path}?p=2>; rel=next", all[0]) : new Fault { Status = 404 }, "ImageNotFound", 1);
        await CheckAsync("a page for people", request => request.Number == 1 ? Linked($"<{path}?p=2>; rel=next", all[0]) : Page("<html>"), "ProtocolViolation", 1);
        await CheckAsync("new entries without an end", request => Linked($"<{path}?p={request.Number}>; rel=next", [.. Enumerable.Range(0, 4000).Select(i => Entry(Digest.Compute(BitConverter.GetBytes((request.Number * 4000) + i)).ToString(), 1, Sbom).Replace(MediaTypes.OciManifest, "a/b", StringComparison.Ordinal))]), "EndlessList", 0);
        Assert.Empty(other.Requests);
        figure.Report(10);

        async Task CheckAsync(string what, Func<ReceivedRequest, Fault> answer, string? errorId, int expected)
        {
            int asked = 0;
            registry.OnRequest = request => request.Path.StartsWith("/v2/app/referrers/", StringComparison.Ordinal) ? answer(request with { Number = ++asked }) : null;
            (List<ImageReferrer> found, string? error) = await TryAsync(registry, new KeptLog());
            figure.Check(what, error == errorId && found.Count == expected && asked < 40, $"{error ?? "no error"}, {found.Count} found, {asked} pages");
        }
    }

    [Fact]
    public async Task The_type_that_is_wanted_is_asked_for_and_what_comes_without_it_is_left_to_the_caller()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Subject image = new(registry);
        string[] all = [image.Refer(Signature), image.Refer(Sbom)];
        List<string> queries = [];
        registry.OnRequest = request =>
        {
            if (!request.Path.Contains("/referrers/", StringComparison.Ordinal)) return null;
            queries.Add(request.Query);
            return request.Query.Length > 0 && queries.Count == 1 ? Fault.Json(200, Index(all[1])) with { Headers = new Dictionary<string, string?> { ["OCI-Filters-Applied"] = "artifactType" } }
                : request.Query.Length > 0 && queries.Count == 2 ? new Fault { Status = 400 } : Fault.Json(200, Index(all));
        };
        Assert.Equal([Sbom], (await TryAsync(registry, new KeptLog(), artifactType: Sbom)).Found.Select(one => one.ArtifactType));
        Assert.Equal([Signature, Sbom], (await TryAsync(registry, new KeptLog(), artifactType: Sbom)).Found.Select(one => one.ArtifactType));
        Assert.Equal(["?artifactType=application%2Fvnd.example.sbom", "?artifactType=application%2Fvnd.example.sbom", ""], queries);
    }

    [Fact]
    public async Task Tags_of_cosign_and_attestations_in_an_index_are_found_and_say_where_they_are_from()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Subject image = new(registry);
        string listed = image.Refer(Signature, annotations: ",\"annotations\":{\"org.opencontainers.image.created\":\"2026-01-02T03:04:05Z\"}");
        string attestation = image.Refer(null, subject: "", layer: "application/vnd.in-toto+json");
        string marked = attestation[..^1] + $$$""","platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"{{{image.Digest}}}"} }""";
        string index = Index(image.Descriptor.TrimEnd('}') + ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}", marked);
        registry.AddManifest("app", "multi", index, MediaTypes.OciIndex);
        image.AddTag(listed);
        string cosign = image.Refer(null, subject: "", layer: "application/vnd.dev.cosign.simplesigning.v1+json");
        image.AddTagged(Encoding.UTF8.GetString(registry.Content[$"/v2/app/manifests/{DigestOf(cosign)}"]), ".sig");
        List<ImageReferrer> found = (await TryAsync(registry, new KeptLog(), "app:multi", Platform.Parse("linux/amd64"))).Found;
        Assert.Equal([ReferrerSource.FallbackTag, ReferrerSource.CosignTag, ReferrerSource.Index], found.Select(one => one.Source));
        Assert.Equal([DigestOf(listed), DigestOf(cosign), DigestOf(attestation)], found.Select(one => one.Digest));
        Assert.Equal([Signature, "application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.in-toto+json"], found.Select(one => one.ArtifactType));
        Assert.All(found, one => Assert.Equal(($"{registry.Host}/app@{one.Digest}", image.Digest), (one.Image, one.Subject)));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).ToLocalTime(), found[0].Created);
        Assert.Null(found[1].Created);

        // of the index itself only what it holds
        Assert.Equal([ReferrerSource.Index], (await TryAsync(registry, new KeptLog(), "app:multi")).Found.Select(one => one.Source));
    }

    [Fact]
    public async Task What_refers_to_an_image_that_is_not_there_is_found_by_its_digest()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Subject image = new(registry);
        Digest subject = Digest.Compute([9]);
        string early = image.Refer(Signature, subject: subject.ToString());
        image.AddTagged(Index(early), "", subject);
        Assert.Equal([DigestOf(early)], (await TryAsync(registry, new KeptLog(), $"app@{subject}")).Found.Select(one => one.Digest));
        Assert.Equal("ImageNotFound", (await TryAsync(registry, new KeptLog(), $"app@{Digest.Compute([10])}")).Error);
        Assert.Equal("ImageNotFound", (await TryAsync(registry, new KeptLog(), "app:none")).Error);
    }

    private static async Task CheckAsync(Figure figure, FakeRegistry registry, string what, Fault answer, string? errorId, string[] expected)
    {
        registry.OnRequest = request => request.Path.Contains("/referrers/", StringComparison.Ordinal) ? answer : null;
        KeptLog log = new();
        (List<ImageReferrer> found, string? error) = await TryAsync(registry, log);
        bool isList = error is null && found.Select(one => one.Digest).SequenceEqual(expected.Select(DigestOf));
        figure.Check(what, errorId is null ? isList : error is not null ? errorId.StartsWith(error, StringComparison.Ordinal) : isList && expected.Length > 0, $"{error ?? "no error"}, {found.Count} found");
    }

    private static async Task<(List<ImageReferrer> Found, string? Error)> TryAsync(FakeRegistry registry, KeptLog log, string image = "app:1.0", Platform? platform = null, string? artifactType = null)
    {
        // each with a memory of its own, and retries that take no time
        RegistrySession session = new();
        await using ImagePlaces places = new(new FixedOpener(session.Open(registry.Host)));
        List<ImageReferrer> found = [];
        try
        {
            await foreach (ImageReferrer one in new ImageReferrers(new ImageInspector(places, log)).ListAsync(RegistrySession.At(registry, image), platform, artifactType, Stop)) found.Add(one);
            return (found, null);
        }
        catch (OciException e)
        {
            return (found, e.ErrorId);
        }
    }

    private static Fault Page(string html, int status = 200) =>
        new() { Status = status, Body = _ => Encoding.UTF8.GetBytes(html), Headers = new Dictionary<string, string?> { ["Content-Type"] = "text/html" } };

    private static Fault Linked(string? link, params string[] entries) =>
        Fault.Json(200, Index(entries)) with { Headers = new Dictionary<string, string?> { ["Content-Type"] = MediaTypes.OciIndex, ["Link"] = link } };

    private static string Index(params string[] entries) => $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', entries)}}]}""";

    private static string Entry(string digest, int size, string? artifactType) =>
        $$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{digest}}","size":{{size}}{{(artifactType is null ? "" : $",\"artifactType\":\"{artifactType}\"")}}}""";

    private static string DigestOf(string entry) => System.Text.RegularExpressions.Regex.Match(entry, "sha256:[0-9a-f]{64}").Value;

    // an image of the repository app, and what is attached to it
    private sealed class Subject
    {
        private readonly Digest _digest;

        internal Subject(FakeRegistry registry)
        {
            Registry = registry;
            (_digest, _, _) = registry.AddImage("app", "1.0", [1, 2, 3]);
            Json = Encoding.UTF8.GetString(registry.Content[$"/v2/app/manifests/{_digest}"]);
        }

        internal FakeRegistry Registry { get; }

        internal string Digest => _digest.ToString();

        internal string Json { get; }

        internal string Descriptor => Entry(Digest, Json.Length, null);

        internal string Refer(string? artifactType, string? subject = null, string annotations = "", string layer = "application/octet-stream")
        {
            subject ??= Digest;
            Digest blob = Registry.AddBlob("app", "{}"u8.ToArray());
            string json = $$"""
                {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}"{{(artifactType is null ? "" : $",\"artifactType\":\"{artifactType}\"")}},"config":{"mediaType":"{{(artifactType is null ? MediaTypes.OciConfig : MediaTypes.OciEmpty)}}","digest":"{{blob}}","size":2},"layers":[{"mediaType":"{{layer}}","digest":"{{blob}}","size":2}]{{(subject.Length == 0 ? "" : $",\"subject\":{Entry(subject, Json.Length, null)}")}}{{annotations}}}
                """;
            return Entry(Registry.AddManifest("app", null, json, MediaTypes.OciManifest).ToString(), Encoding.UTF8.GetByteCount(json), artifactType);
        }

        internal void AddTag(params string[] entries) => AddTagged(Index(entries));

        internal void AddTagged(string json, string suffix = "", Digest? subject = null)
        {
            string type = json.Contains("\"layers\":[{", StringComparison.Ordinal) ? MediaTypes.OciManifest : json.StartsWith('<') || json.Contains("vnd.example\"", StringComparison.Ordinal) ? "application/json" : MediaTypes.OciIndex;
            Registry.AddManifest("app", $"sha256-{(subject ?? _digest).Hex}{suffix}", json, type);
        }
    }
}
