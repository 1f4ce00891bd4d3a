using System.Text;
using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>Copies keep every byte, of every kind of content.</summary>
public sealed class ImageCopyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_kind_of_content_comes_back_from_a_layout_as_it_was()
    {
        Figure figure = new("F1, registry to layout to registry");
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        _ = new FakeUploads(target);
        string[] kinds = AddKinds(source);
        await using ImagePlaces places = Copies.Places();
        foreach (string kind in kinds)
        {
            string? wrong = null;
            try
            {
                ImageLocation layout = ImageLocation.Parse($"oci:{_folder.Path}/layout:{kind}");
                CopiedImage pulled = await CopyAsync(places, ImageLocation.Parse($"{source.Host}/app:{kind}"), layout);
                CopiedImage pushed = await CopyAsync(places, layout, ImageLocation.Parse($"{target.Host}/back:{kind}"));
                if (pulled.SourceDigest != pushed.DestinationDigest) wrong = $"{pulled.SourceDigest} became {pushed.DestinationDigest}";
            }
            catch (OciException e)
            {
                wrong = $"{e.ErrorId}: {e.Message}";
            }

            figure.Check(kind, wrong is null, wrong);
        }

        // all that the first registry has, the second has too, byte for byte
        foreach ((string path, byte[] bytes) in source.Content)
            figure.Check(path, target.Content.TryGetValue(path.Replace("/app/", "/back/", StringComparison.Ordinal), out byte[]? back) && back.AsSpan().SequenceEqual(bytes), "is not there, or other");
        figure.Report(14);
    }

    [Fact]
    public async Task Nothing_is_sent_twice_and_an_equal_image_takes_two_requests()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(target);
        source.AddImage("app", "1.0", [1, 2, 3], [4, 5], [1, 2, 3]);
        await using ImagePlaces places = Copies.Places();
        await CopyAsync(places, ImageLocation.Parse($"{source.Host}/app:1.0"), ImageLocation.Parse($"{target.Host}/app:1.0"));
        Assert.Equal(3, uploads.Writes.Count(w => w.StartsWith("POST", StringComparison.Ordinal)));
        int before = source.Requests.Count + target.Requests.Count;
        CopiedImage again = await CopyAsync(places, ImageLocation.Parse($"{source.Host}/app:1.0"), ImageLocation.Parse($"{target.Host}/app:1.0"));
        Assert.Equal(0, again.BytesSent);
        Assert.Equal(2, source.Requests.Count + target.Requests.Count - before);
    }

    [Fact]
    public async Task The_folder_of_an_archive_is_made_where_it_is_missing()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        source.AddImage("app", "1.0", [1, 2, 3]);
        string path = Path.Join(_folder.Path, "not/there/yet.tar");
        CopiedImage copied = await Copies.CopyAsync($"{source.Host}/app:1.0", $"oci-archive:{path}:1.0");
        Assert.Equal(copied.SourceDigest, copied.DestinationDigest);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_tag_is_given_only_when_all_below_it_is_there()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(target);
        string[] kinds = AddKinds(source);
        Assert.Contains("nested", kinds);
        await using ImagePlaces places = Copies.Places();
        await CopyAsync(places, ImageLocation.Parse($"{source.Host}/app:nested"), ImageLocation.Parse($"{target.Host}/app:nested"));
        string[] manifests = [.. uploads.Writes.Where(w => w.Contains("/manifests/", StringComparison.Ordinal))];
        Assert.Equal("PUT /v2/app/manifests/nested", manifests[^1]);
        Assert.All(manifests[..^1], write => Assert.Contains("/manifests/sha256:", write, StringComparison.Ordinal));
        int last = Array.FindLastIndex(uploads.Writes, w => w.Contains("/blobs/", StringComparison.Ordinal));
        Assert.True(last < Array.FindIndex(uploads.Writes, w => w.Contains("/manifests/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Images_that_share_layers_send_each_of_them_once()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(target);
        byte[][] shared = [.. Enumerable.Range(0, 6).Select(i => new byte[] { 1, (byte)i })];
        for (int i = 0; i < 10; i++)
        {
            source.AddImage($"app{i}", "1.0", [.. shared, [2, (byte)i]]);
            uploads.Mountable.Add($"app{i}");
        }

        await using ImagePlaces places = Copies.Places();
        using ImageCopy copy = new(places, TestZstd.Inflate);
        CopiedImage[] copied = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"{source.Host}/app{i / 2}:1.0"), ImageLocation.Parse($"{target.Host}/app{i / 2}:{i}"), new CopyOptions(), Stop);
            return await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
        }));

        // six shared layers, one config, and a layer of its own for each image
        Assert.Equal(17, uploads.Writes.Count(w => w.StartsWith("PUT", StringComparison.Ordinal) && w.Contains("/uploads/", StringComparison.Ordinal)));
        Assert.Equal(20, uploads.Writes.Count(w => w.Contains("/manifests/", StringComparison.Ordinal)));
        Assert.Equal(0, uploads.OpenSessions);

        // it asks once for each of them, and takes the shared ones from where it has brought them; a name that is free needs no digest
        Assert.Equal(17, target.Requests.Count(r => r.Method == "HEAD" && r.Path.Contains("/blobs/", StringComparison.Ordinal)));
        Assert.Equal(9 * 7, uploads.Writes.Count(w => w.StartsWith("POST", StringComparison.Ordinal)) - 17);
        Assert.DoesNotContain(source.Requests, r => r.Method == "HEAD");
        long manifests = source.Content.Where(c => c.Key.Contains("/manifests/sha256:", StringComparison.Ordinal)).Sum(c => 2L * c.Value.Length);
        Assert.Equal(manifests + (7 + 9) * 2 + source.Content.First(c => c.Value.AsSpan().StartsWith("{\"architecture"u8)).Value.Length, copied.Sum(c => c.BytesSent));
    }

    [Fact]
    public async Task Names_of_one_index_write_its_images_once_and_again_where_the_registry_has_lost_them()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(target);
        (Digest child, _, _) = source.AddImage("app", null, [1, 2, 3]);
        byte[] index = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{child}}","size":{{source.Content[$"/v2/app/manifests/{child}"].Length}},"platform":{"os":"linux","architecture":"amd64"} }]}""");
        source.AddManifest("app", "1.0", index, MediaTypes.OciIndex);
        await using ImagePlaces places = Copies.Places();
        using ImageCopy copy = new(places, TestZstd.Inflate);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => RunAsync($"t{i}")));
        Assert.Single(uploads.Writes, w => w == $"PUT /v2/app/manifests/{child}");
        Assert.Equal(8, uploads.Writes.Count(w => w.StartsWith("PUT /v2/app/manifests/t", StringComparison.Ordinal)));

        int asked = 0;
        uploads.Before = request => request.Method == "PUT" && request.Path.EndsWith("/manifests/lost", StringComparison.Ordinal) && Interlocked.Increment(ref asked) == 1
            ? Fault.Json(404, $$"""{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry","detail":{"digest":"{{child}}"} }]}""")
            : null;
        await RunAsync("lost");
        Assert.Equal(2, uploads.Writes.Count(w => w == $"PUT /v2/app/manifests/{child}"));
        Assert.Equal(index, target.Content["/v2/app/manifests/lost"]);

        async Task RunAsync(string tag)
        {
            CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"{source.Host}/app:1.0"), ImageLocation.Parse($"{target.Host}/app:{tag}"), new CopyOptions(), Stop);
            await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
        }
    }

    [Fact]
    public async Task An_image_whose_shared_layer_fails_takes_no_other_one_with_it()
    {
        await using FakeRegistry good = await FakeRegistry.StartAsync();
        await using FakeRegistry bad = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        _ = new FakeUploads(target);
        byte[] layer = [1, 2, 3, 4];
        good.AddImage("app", "1.0", layer);
        (_, _, IReadOnlyList<Digest> layers) = bad.AddImage("app", "1.0", layer);
        bad.Add($"/v2/app/blobs/{layers[0]}", [4, 3, 2, 1]);
        await using ImagePlaces places = Copies.Places();
        using ImageCopy copy = new(places, TestZstd.Inflate);
        TaskCompletionSource isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bad.OnRequest = request =>
        {
            if (!request.Path.EndsWith(layers[0].ToString(), StringComparison.Ordinal)) return null;
            isAsked.TrySetResult();
            return new Fault { Delay = TimeSpan.FromMilliseconds(300) };
        };
        Task<CopiedImage> first = RunAsync(bad, "0");
        await isAsked.Task.WaitAsync(Stop);
        Task<CopiedImage> second = RunAsync(good, "1");
        await Assert.ThrowsAsync<IntegrityException>(() => first);
        Assert.Equal("sha256:", (await second).DestinationDigest![..7]);
        Assert.DoesNotContain("/v2/app/manifests/0", target.Content.Keys);

        async Task<CopiedImage> RunAsync(FakeRegistry registry, string tag)
        {
            CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"{registry.Host}/app:1.0"), ImageLocation.Parse($"{target.Host}/app:{tag}"), new CopyOptions(), Stop);
            return await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
        }
    }

    private static async Task<CopiedImage> CopyAsync(ImagePlaces places, ImageLocation source, ImageLocation target)
    {
        using ImageCopy copy = new(places, TestZstd.Inflate);
        CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), source, target, new CopyOptions(), Stop);
        return await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
    }

    private static string[] AddKinds(FakeRegistry registry)
    {
        List<string> kinds = [];
        string config = Blob("""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"x-unknown":1}""", MediaTypes.OciConfig);
        string layer = Blob("layer", MediaTypes.OciLayer);
        string empty = Blob("{}", MediaTypes.OciEmpty);
        Image("image", MediaTypes.OciManifest, config, layer);
        Image("docker", MediaTypes.DockerManifest, config.Replace(MediaTypes.OciConfig, MediaTypes.DockerConfig, StringComparison.Ordinal), layer.Replace(MediaTypes.OciLayer, MediaTypes.DockerLayer, StringComparison.Ordinal));
        Image("no-layers", MediaTypes.OciManifest, config);
        Image("same-layer-twice", MediaTypes.OciManifest, config, layer, layer);
        Image("empty-layer", MediaTypes.OciManifest, config, Blob("", MediaTypes.OciLayer));
        Image("sha512-layer", MediaTypes.OciManifest, config, Blob("long hash", MediaTypes.OciLayer, "sha512"));
        Image("foreign", MediaTypes.OciManifest, config, $$"""{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar","digest":"{{Digest.Compute("elsewhere"u8.ToArray())}}","size":9,"urls":["https://example.com/layer"]}""");
        Image("embedded", MediaTypes.OciManifest, config, $$"""{"mediaType":"{{MediaTypes.OciLayer}}","digest":"{{Digest.Compute("inside"u8.ToArray())}}","size":6,"data":"{{Convert.ToBase64String("inside"u8)}}"}""");
        Document("unknown-fields", MediaTypes.OciManifest, $$"""{ "schemaVersion" : 2, "x-first": [1, 2.50, "\u00e9"], "mediaType":"{{MediaTypes.OciManifest}}","config":{{config}},"layers":[ {{layer}} ],"annotations":{"a":"b"} }""");
        Document("artifact", MediaTypes.OciManifest, $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/vnd.example.sbom","config":{{empty}},"layers":[{{Blob("an sbom", "application/spdx+json")}}]}""");
        string image = Image("subject", MediaTypes.OciManifest, config, layer);
        Document("signature", MediaTypes.OciManifest, $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/vnd.example.signature","config":{{empty}},"layers":[{{empty}}],"subject":{{image}} }""");
        Document("missing-subject", MediaTypes.OciManifest, $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{{empty}},"layers":[],"artifactType":"application/vnd.example.x","subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Digest.Compute([7])}}","size":1} }""");
        string index = Index("index", MediaTypes.OciIndex, image, Image("other", MediaTypes.OciManifest, config));
        Index("nested", MediaTypes.OciIndex, index, image);
        Index("docker-list", MediaTypes.DockerList, Image("docker-child", MediaTypes.DockerManifest, config.Replace(MediaTypes.OciConfig, MediaTypes.DockerConfig, StringComparison.Ordinal), layer.Replace(MediaTypes.OciLayer, MediaTypes.DockerLayer, StringComparison.Ordinal)));
        Index("empty-index", MediaTypes.OciIndex);
        Index("index-with-a-blob", MediaTypes.OciIndex, image, Blob("just bytes", "application/octet-stream"));
        return [.. kinds];

        string Blob(string text, string mediaType, string algorithm = "sha256") =>
            $$"""{"mediaType":"{{mediaType}}","digest":"{{registry.AddBlob("app", Encoding.UTF8.GetBytes(text), algorithm)}}","size":{{Encoding.UTF8.GetByteCount(text)}}}""";

        string Image(string tag, string mediaType, string config, params string[] layers) =>
            Document(tag, mediaType, $$"""{"schemaVersion":2,"mediaType":"{{mediaType}}","config":{{config}},"layers":[{{string.Join(',', layers)}}],"note":"{{tag}}"}""");

        string Index(string tag, string mediaType, params string[] entries) => Document(tag, mediaType, $$"""{"schemaVersion":2,"mediaType":"{{mediaType}}","manifests":[{{string.Join(',', entries)}}]}""");

        string Document(string tag, string mediaType, string json)
        {
            kinds.Add(tag);
            return $$"""{"mediaType":"{{mediaType}}","digest":"{{registry.AddManifest("app", tag, json, mediaType)}}","size":{{Encoding.UTF8.GetByteCount(json)}}}""";
        }
    }
}
