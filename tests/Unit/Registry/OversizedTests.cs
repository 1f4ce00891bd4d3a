using System.Text;
using OciTools.Stores;
using OciTools.Stores.Registry;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Whatever a registry sends without an end, only so much of it is read and kept.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class OversizedTests
{
    private const long MostMemory = 64L * 1024 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_without_an_end_are_cut_at_their_limit_and_take_little_memory()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Digest subject = Digest.Compute([1]);
        Descriptor blob = new("application/octet-stream", Digest.Compute("ten bytes."u8), 10);
        string entry = $$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":7},""";
        Figure figure = new("B8, answers without an end");

        // bodies
        await CheckAsync("tags", "TooLarge", Tags, Endless(200, "{\"tags\":[", "\"a\","));
        await CheckAsync("one tag", "TooLarge", Tags, Endless(200, "{\"tags\":[\"", "a"));
        await CheckAsync("tags and nothing", "TooLarge", Tags, Endless(200, "", " "));
        await CheckAsync("repositories", "TooLarge", Repositories, Endless(200, "{\"repositories\":[", "\"a/b\","));
        await CheckAsync("referrers", "TooLarge", Referrers, Endless(200, "{\"schemaVersion\":2,\"manifests\":[", entry));
        await CheckAsync("annotations of a referrer", "TooLarge", Referrers, Endless(200, $"{{\"schemaVersion\":2,\"manifests\":[{entry[..^2]},\"annotations\":{{", "\"k\":\"v\","));
        await CheckAsync("brackets", "TooLarge", Referrers, Endless(200, "", "["));
        await CheckAsync("the tag that lists referrers", "TooLarge", Referrers, request => request.Path.Contains("/referrers/", StringComparison.Ordinal) ? new Fault { Status = 404 } : Endless(200, "{\"schemaVersion\":2,\"manifests\":[", entry)(request));
        await CheckAsync("a manifest", "TooLarge", Manifest, Endless(200, "{\"schemaVersion\":2,\"config\":{},\"layers\":[", "{},"));
        await CheckAsync("a blob", "SizeMismatch", Blob, Endless(200, "ten bytes.", "and more"));
        await CheckAsync("the explanation of an error", "ImageNotFound", Manifest, Endless(404, "{\"errors\":[", "{\"code\":\"X\",\"message\":\"Y\"},"));
        await CheckAsync("the explanation of a refusal", "Forbidden", Tags, Endless(403, "", "no "));
        await CheckAsync("a page for people", "ProtocolViolation or TooLarge", Manifest, Endless(200, "<html>", "<p>"));
        await CheckAsync("a page for people and no list of referrers", "ImageNotFound or TooLarge", Referrers, request => request.Path.Contains("/referrers/", StringComparison.Ordinal) ? Endless(200, "<html>", "<p>")(request) : null);
        await CheckAsync("a token", "TooLarge or ProtocolViolation or Unauthorized", Manifest, request => request.Path == "/token" ? Endless(200, "{\"token\":\"", "a")(request) : Fault.Challenge($"Bearer realm=\"{registry.Address}token\""));

        // what is only said to be large
        foreach ((string what, Func<RegistryStore, Task> ask) in new (string, Func<RegistryStore, Task>)[] { ("tags", Tags), ("repositories", Repositories), ("referrers", Referrers), ("a manifest", Manifest) })
            await CheckAsync($"{what} of a tebibyte", "TooLarge", ask, _ => new Fault { Answer = context => { context.Response.ContentLength = 1L << 40; return context.Response.Body.WriteAsync(new byte[1000], Stop).AsTask(); } });

        // heads
        foreach ((string what, Func<RegistryStore, Task> ask) in new (string, Func<RegistryStore, Task>)[] { ("tags", Tags), ("referrers", Referrers), ("a manifest", Manifest) })
            await CheckAsync($"a head of a mebibyte for {what}", "ProtocolViolation or ConnectionFailed", ask, _ => Fault.Json(200, "{\"tags\":[]}") with { Headers = new Dictionary<string, string?> { ["Link"] = new string('a', 1 << 20) } });

        // pages
        await CheckAsync("pages of tags that lead to themselves", "EndlessList", Tags, _ => Linked("{\"tags\":[\"a\"]}", "/v2/app/tags/list?n=1000"));
        await CheckAsync("pages of repositories that lead to themselves", "EndlessList", Repositories, _ => Linked("{\"repositories\":[\"a\"]}", "/v2/_catalog?n=1000"));
        await CheckAsync("pages of referrers that lead to themselves", "EndlessList", Referrers, request => Linked($"{{\"schemaVersion\":2,\"manifests\":[{entry[..^1]}]}}", request.Path));
        await CheckAsync("large pages of ever new referrers", "EndlessList", Referrers, request => Linked($"{{\"schemaVersion\":2,\"manifests\":[{string.Join(',', Enumerable.Range(0, 9000).Select(i => $$"""{"mediaType":"a/b","digest":"{{Digest.Compute(BitConverter.GetBytes(request.Number * 10_000 + i))}}","size":7}"""))}]}}", $"{request.Path}?p={request.Number}"));
        figure.Report(26);

        async Task CheckAsync(string what, string errorIds, Func<RegistryStore, Task> ask, Func<ReceivedRequest, Fault?> answer)
        {
            registry.OnRequest = answer;
            string found = "no error";
            long before = GC.GetTotalMemory(forceFullCollection: true);
            long most = 0;
            using (Timer watch = new(_ => most = Math.Max(most, Kept(before)), null, 0, 5))
            {
                try
                {
                    await ask(new RegistrySession().Open(registry.Host)).WaitAsync(TimeSpan.FromSeconds(30), Stop);
                }
                catch (Exception e) when (e is OciException or TimeoutException)
                {
                    found = e is OciException known ? known.ErrorId : "no end";
                }
            }

            figure.Check(what, errorIds.Split(" or ").Contains(found) && most < MostMemory, $"{found}, {most >> 20} MiB");
        }

        Task Tags(RegistryStore store) => TakeAsync(store.ListTagsAsync(RegistrySession.At(registry), Stop));
        Task Repositories(RegistryStore store) => TakeAsync(store.ListRepositoriesAsync(Stop));
        Task Referrers(RegistryStore store) => ReferrersAsync(store);
        Task Manifest(RegistryStore store) => store.ReadManifestAsync(RegistrySession.At(registry), Stop);
        async Task Blob(RegistryStore store)
        {
            await using Stream stream = await store.OpenBlobAsync(RegistrySession.At(registry), blob, Stop);
            await stream.CopyToAsync(Stream.Null, Stop);
        }

        async Task ReferrersAsync(RegistryStore store)
        {
            int count = 0;
            await foreach (StoredReferrer _ in store.ListReferrersAsync(RegistrySession.At(registry), subject, null, Stop)) count++;

            // none at all is what a page for people stands for
            if (count == 0) throw ErrorCatalogue.ImageNotFound.Error("nothing is listed");
        }
    }

    // what the collector has not taken away yet counts only where it cannot
    private static long Kept(long before)
    {
        long more = GC.GetTotalMemory(forceFullCollection: false) - before;
        return more < MostMemory ? more : GC.GetTotalMemory(forceFullCollection: true) - before;
    }

    private static async Task TakeAsync(IAsyncEnumerable<string> names)
    {
        await foreach (string _ in names) { }
    }

    private static Fault Linked(string json, string next) =>
        Fault.Json(200, json) with { Headers = new Dictionary<string, string?> { ["Content-Type"] = "application/json", ["Link"] = $"<{next}>; rel=next" } };

    // the start, and then the same again and again
    private static Func<ReceivedRequest, Fault?> Endless(int status, string start, string again) => _ => new Fault
    {
        Answer = async context =>
        {
            byte[] block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(again, 64 * 1024 / again.Length)));
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            try
            {
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(start), context.RequestAborted);
                while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // whoever asked has had enough
            }
        },
    };
}
