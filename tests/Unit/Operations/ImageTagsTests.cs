using System.Diagnostics;
using OciTools.Operations;
using OciTools.Operations.Listing;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class ImageTagsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_tags_of_any_name_in_the_repository_are_listed()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Serve(registry, "1.0", "latest");
        (Digest manifest, _, _) = registry.AddImage("app", "1.0");
        foreach (string name in new[] { "app", "app:none", $"app@{manifest}", $"app:1.0@{manifest}" })
        {
            List<ImageTag> tags = await ListAsync(registry, name);
            Assert.Equal([$"{registry.Host}/app:1.0", $"{registry.Host}/app:latest"], tags.Select(t => t.Image));
            Assert.Equal(["1.0", "latest"], tags.Select(t => t.Tag));
            Assert.All(tags, tag => Assert.Equal(($"{registry.Host}/app", null, null, tag.Image), (tag.Repository, tag.Digest, tag.Size, tag.ToString())));
        }

        Assert.All(registry.Requests, request => Assert.EndsWith("/tags/list", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_no_tag_is_left_out_and_named()
    {
        string[] odd = ["", "../x", "a b", "-a", ".a", "a:b", "a@b", "a/b", "\\u001b[31m", "\\u202e", new('a', 129), "é", "a%20", "?x=1", "#"];
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Serve(registry, [.. odd, "good"]);
        KeptLog log = new();
        Assert.Equal(["good"], (await ListAsync(registry, "app", log)).Select(t => t.Tag));
        Assert.Equal(11, log.Warnings.Count);
        Assert.Contains(" 5 more ", log.Warnings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tag_is_described_with_two_requests_and_one_of_an_index_with_three()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Serve(registry, "single", "multi");
        (Digest single, Digest config, _) = registry.AddImage("app", "single", [1, 2, 3], [1, 2, 3], [4]);
        byte[] child = Read(registry, single);
        string index = $$$"""
            {"schemaVersion":2,"mediaType":"{{{MediaTypes.OciIndex}}}","manifests":[
            {"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"{{{single}}}","size":{{{child.Length}}},"platform":{"os":"linux","architecture":"{{{Platform.Host.Architecture}}}"}},
            {"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"sha256:{{{new string('b', 64)}}}","size":7,"platform":{"os":"linux","architecture":"s390x"}}]}
            """;
        Digest multi = registry.AddManifest("app", "multi", index, MediaTypes.OciIndex);

        List<ImageTag> tags = await DescribeAsync(registry);
        // two layers, one of them twice, and the config
        long size = 3 + 1 + """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}""".Length;
        Assert.Equal([single.ToString(), multi.ToString()], tags.Select(t => t.Digest));
        Assert.All(tags, tag => Assert.Equal((config.ToString(), size), (tag.ImageId, tag.Size)));
        Assert.Equal(["linux/amd64"], tags[0].Platforms);
        Assert.Equal(["linux/" + Platform.Host.Architecture, "linux/s390x"], tags[1].Platforms);
        Assert.Equal(1 + 2 + 3, registry.Requests.Count);

        // a platform that is not there: what the index says, and nothing more
        ImageTag other = (await DescribeAsync(registry, platform: Platform.Parse("windows/amd64")))[1];
        Assert.Equal((multi.ToString(), null, null), (other.Digest, other.ImageId, other.Size));
        Assert.Equal(2, other.Platforms.Count);

        // a child that the mirror does not hold: the same, with a warning
        KeptLog log = new();
        other = (await DescribeAsync(registry, log, Platform.Parse("linux/s390x")))[1];
        Assert.Equal((multi.ToString(), null), (other.Digest, other.ImageId));
        Assert.Single(log.Warnings);
    }

    [Fact]
    public async Task A_tag_that_vanished_is_a_warning_and_a_broken_one_an_error_of_its_own()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Serve(registry, "a", "gone", "broken", "schema1", "z");
        foreach (string tag in new[] { "a", "z" }) registry.AddImage("app", tag);
        registry.AddManifest("app", "broken", "{\"schemaVersion\":2}", MediaTypes.OciManifest);
        registry.AddManifest("app", "schema1", "{\"schemaVersion\":1,\"fsLayers\":[]}", MediaTypes.DockerSchema1);
        KeptLog log = new();
        List<string> failures = [];
        Assert.Equal(["a", "z"], (await DescribeAsync(registry, log, onFailure: (tag, e) => failures.Add($"{tag.Tag} {e.ErrorId}"))).Select(t => t.Tag));
        Assert.Contains("app:gone", Assert.Single(log.Warnings), StringComparison.Ordinal);
        Assert.Equal(["broken MalformedDocument", "schema1 ManifestSchema1"], failures);
    }

    [Fact]
    public async Task A_registry_that_answers_no_more_ends_the_list()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Serve(registry, [.. Enumerable.Range(0, 100).Select(i => $"t{i}")]);
        Func<ReceivedRequest, Fault?> list = registry.OnRequest!;
        registry.OnRequest = request => list(request) ?? new Fault { Status = 403 };
        Assert.Equal("Forbidden", (await Assert.ThrowsAsync<AccessException>(() => DescribeAsync(registry))).ErrorId);
        Assert.InRange(registry.Requests.Count, 2, 10);
    }

    [Fact]
    public async Task A_registry_that_fails_for_one_tag_is_asked_for_the_next_and_one_that_fails_for_all_is_not()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"t{i}")];
        foreach (string name in names) registry.AddImage("app", name);
        Serve(registry, names);
        Func<ReceivedRequest, Fault?> list = registry.OnRequest!;
        registry.OnRequest = request => list(request) ?? (request.Path.Contains("/manifests/t", StringComparison.Ordinal) && request.Path.EndsWith('0') ? new Fault { Status = 418 } : null);
        List<string> failures = [];
        Assert.Equal(90, (await DescribeAsync(registry, onFailure: (tag, e) => failures.Add($"{tag.Tag} {e.ErrorId}"))).Count);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"t{i}0 ProtocolViolation").Select(f => f == "t00 ProtocolViolation" ? "t0 ProtocolViolation" : f), failures);

        registry.Forget();
        failures.Clear();
        registry.OnRequest = request => list(request) ?? new Fault { Status = 418 };
        Assert.Equal("ProtocolViolation", (await Assert.ThrowsAsync<UnreachableException>(() => DescribeAsync(registry, onFailure: (tag, _) => failures.Add(tag.Tag)))).ErrorId);
        Assert.Equal(7, failures.Count);
        Assert.InRange(registry.Requests.Count, 9, 1 + 16);
    }

    [Fact]
    public async Task Five_thousand_tags_are_described_in_order_and_the_first_comes_at_once()
    {
        const int count = 5000;
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        string[] names = [.. Enumerable.Range(0, count).Select(i => $"t{i * 7919 % count}")];
        foreach (string name in names) registry.AddImage("app", name);
        int running = 0, most = 0;
        registry.OnRequest = request =>
        {
            if (request.Path.EndsWith("/tags/list", StringComparison.Ordinal))
            {
                int page = request.Query.Contains("p=", StringComparison.Ordinal) ? int.Parse(request.Query[3..], System.Globalization.CultureInfo.InvariantCulture) : 0;
                return Page(page < 4 ? $"</v2/app/tags/list?p={page + 1}>; rel=next" : null, names.Skip(page * 1000).Take(1000));
            }

            most = Math.Max(most, Interlocked.Increment(ref running));
            Thread.Sleep(request.Number % 100 == 0 ? 5 : 0);
            Interlocked.Decrement(ref running);
            return null;
        };

        // a connection that is there already, as for every command but the first
        await ListAsync(registry, "app");
        int before = registry.Requests.Count;
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan first = TimeSpan.Zero;
        List<string> found = [];
        using SemaphoreSlim gate = new(8);
        ImageTags tags = Open(registry, new KeptLog());
        await foreach (ImageTag tag in tags.DescribeAsync(tags.ListAsync(RegistrySession.At(registry), Stop), null, 8, gate, (_, e) => throw e, Stop))
        {
            if (found.Count == 0)
            {
                first = clock.Elapsed;
                Assert.InRange(registry.Requests.Count - before, 2, 1 + (2 * 9));
            }

            found.Add(tag.Tag);
        }

        Assert.Equal(names, found);
        Assert.InRange(most, 2, 8);
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} tags in {clock.ElapsedMilliseconds} ms, the first after {first.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task Lists_that_run_together_keep_to_one_bound()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        foreach (int i in Enumerable.Range(0, 40)) registry.AddImage("app", $"t{i}");
        int running = 0, most = 0;
        registry.OnRequest = request =>
        {
            if (request.Path.EndsWith("/tags/list", StringComparison.Ordinal)) return Page(null, Enumerable.Range(0, 40).Select(i => $"t{i}"));
            lock (registry) most = Math.Max(most, ++running);
            Thread.Sleep(1);
            lock (registry) running--;
            return null;
        };
        using SemaphoreSlim gate = new(3);
        int[] counts = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            ImageTags tags = Open(registry, new KeptLog());
            return await tags.DescribeAsync(tags.ListAsync(RegistrySession.At(registry), Stop), null, 3, gate, (_, e) => throw e, Stop).CountAsync(Stop);
        }));
        Assert.Equal([40, 40, 40, 40], counts);
        Assert.InRange(most, 2, 3);
    }

    private static byte[] Read(FakeRegistry registry, Digest digest)
    {
        using HttpClient client = new();
        byte[] bytes = client.GetByteArrayAsync(new Uri(registry.Address, $"v2/app/manifests/{digest}"), Stop).GetAwaiter().GetResult();
        registry.Forget();
        return bytes;
    }

    private static void Serve(FakeRegistry registry, params string[] tags) =>
        registry.OnRequest = request => request.Path.EndsWith("/tags/list", StringComparison.Ordinal) ? Page(null, tags) : null;

    private static Fault Page(string? link, IEnumerable<string> tags) => Fault.Json(200, $"{{\"name\":\"app\",\"tags\":[{string.Join(',', tags.Select(t => $"\"{t}\""))}]}}") with
    {
        Headers = new Dictionary<string, string?> { ["Link"] = link },
    };

    private static ImageTags Open(FakeRegistry registry, KeptLog log) => new(new ImageInspector(new ImagePlaces(new FixedOpener(new RegistrySession().Open(registry.Host))), log));

    private static async Task<List<ImageTag>> ListAsync(FakeRegistry registry, string name, KeptLog? log = null) =>
        await Open(registry, log ?? new KeptLog()).ListAsync(RegistrySession.At(registry, name), Stop).ToListAsync(Stop);

    private static async Task<List<ImageTag>> DescribeAsync(FakeRegistry registry, KeptLog? log = null, Platform? platform = null, Action<ImageTag, OciException>? onFailure = null)
    {
        using SemaphoreSlim gate = new(8);
        ImageTags tags = Open(registry, log ?? new KeptLog());
        return await tags.DescribeAsync(tags.ListAsync(RegistrySession.At(registry), Stop), platform, 8, gate, onFailure ?? ((_, e) => throw e), Stop).ToListAsync(Stop);
    }
}
