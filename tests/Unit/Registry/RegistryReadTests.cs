using OciTools.Adapters;
using OciTools.Stores;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class RegistryReadTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static RegistryStore Open(FakeRegistry registry, RegistryAccess? access = null) =>
        new(registry.Host, new ModuleAdapters(), access ?? new RegistryAccess(), FixedCredentials.None);

    private static ImageLocation At(FakeRegistry registry, string name) => ImageLocation.Parse($"{registry.Host}/{name}");

    [Fact]
    public async Task A_tag_is_resolved_with_one_HEAD()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("team/app", "1.0", [1, 2, 3]);
        StoredImage image = await Open(registry).ResolveAsync(At(registry, "team/app:1.0"), Stop);

        Assert.Equal(manifest, image.Manifest!.GetDigest());
        Assert.Equal(MediaTypes.OciManifest, image.Manifest.MediaType);
        Assert.Equal("1.0", image.Tag);
        ReceivedRequest request = Assert.Single(registry.Requests);
        Assert.Equal("HEAD /v2/team/app/manifests/1.0", request.ToString());
        Assert.Equal("identity", request.Header("Accept-Encoding"));
        Assert.StartsWith($"{MediaTypes.OciIndex}, {MediaTypes.OciManifest}, {MediaTypes.DockerList}, {MediaTypes.DockerManifest}, ", request.Header("Accept"), StringComparison.Ordinal);
        Assert.Null(request.Header("Authorization"));
    }

    [Fact]
    public async Task Manifest_and_blob_come_with_their_exact_bytes()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        byte[] layer = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7)).ToArray();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", layer);
        RegistryStore store = Open(registry);
        ImageManifest document = Assert.IsType<ImageManifest>(await store.ReadManifestAsync(At(registry, "app"), Stop));
        Assert.Equal(manifest, document.GetDigest());

        await using Stream stream = await store.OpenBlobAsync(At(registry, "app"), document.Layers[0], Stop);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Stop);
        Assert.Equal(layer, bytes.ToArray());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(501)]
    public async Task Where_HEAD_is_refused_a_GET_answers(int status)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", [1]);
        registry.OnRequest = request => request.Method == "HEAD" ? new Fault { Status = status } : null;
        StoredImage image = await Open(registry).ResolveAsync(At(registry, "app"), Stop);
        Assert.Equal(manifest, image.Manifest!.GetDigest());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:ABC")]
    [InlineData("md5:00000000000000000000000000000000")]
    public async Task Where_HEAD_gives_no_digest_a_GET_is_hashed(string? header)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", [1]);
        registry.OnRequest = _ => Fault.WithHeaders(("Docker-Content-Digest", header));
        StoredImage image = await Open(registry).ResolveAsync(At(registry, "app"), Stop);
        Assert.Equal(manifest, image.Manifest!.GetDigest());
        Assert.Equal(["HEAD", "GET"], registry.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task A_HEAD_that_names_another_digest_says_which_was_asked_for()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", [1]);
        Digest other = Digest.Compute([9]);
        registry.OnRequest = _ => Fault.WithHeaders(("Docker-Content-Digest", other.ToString()));
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => Open(registry).ResolveAsync(At(registry, $"app@{manifest}"), Stop));
        Assert.Equal((manifest.ToString(), other.ToString()), (error.Expected, error.Actual));
    }

    [Fact]
    public async Task A_missing_image_is_not_found_in_the_registry_s_words()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => Open(registry).ResolveAsync(At(registry, "app:no"), Stop));
        Assert.Equal("ImageNotFound", error.ErrorId);
        Assert.Contains("MANIFEST_UNKNOWN (manifest unknown)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry/2.0", "HEAD")]
    [InlineData(null, "HEAD", "GET")]
    public async Task That_a_name_is_free_is_believed_of_HEAD_where_the_registry_names_its_protocol(string? version, params string[] methods)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "taken", [1]);
        registry.OnRequest = _ => Fault.WithHeaders(("Docker-Distribution-API-Version", version));
        RegistryStore store = Open(registry);
        Assert.NotNull(await store.FindAsync(At(registry, "app:taken"), Stop));
        Assert.Null(await store.FindAsync(At(registry, "app:free"), Stop));
        Assert.Equal(methods, registry.Requests.Skip(1).Select(r => r.Method));
    }

    [Fact]
    public async Task A_HEAD_that_has_found_nothing_yet_proves_itself_with_what_was_written()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry) { Before = request => request.Method == "PUT" ? null : Fault.WithHeaders(("Docker-Distribution-API-Version", "registry/2.0")) };
        registry.AddImage("app", "1.0", [1]);
        RegistryStore store = Open(registry);
        ManifestDocument document = await store.ReadManifestAsync(At(registry, "app:1.0"), Stop);
        Assert.Null(await store.FindAsync(At(registry, "app:2.0"), Stop));
        await store.PutManifestAsync(At(registry, "app:2.0"), document, Stop);
        Assert.Null(await store.FindAsync(At(registry, "app:3.0"), Stop));
        Assert.Null(await store.FindAsync(At(registry, "app:4.0"), Stop));
        Assert.Equal(["GET 1.0", "HEAD 2.0", "GET 2.0", "PUT 2.0", "HEAD 3.0", "HEAD 2.0", "HEAD 4.0"], registry.Requests.Select(r => r.ToString().Replace("/v2/app/manifests/", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_registry_that_answers_each_HEAD_with_404_loses_no_name()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry) { Before = request => request.Method != "HEAD" ? null : Fault.WithHeaders(("Docker-Distribution-API-Version", "registry/2.0")) with { Status = 404 } };
        (Digest manifest, _, _) = registry.AddImage("app", "latest", [1]);
        RegistryStore store = Open(registry);
        Assert.Equal(manifest, (await store.FindAsync(At(registry, "app"), Stop))!.Manifest!.GetDigest());
        await store.PutManifestAsync(At(registry, "app:1.0"), await store.ReadManifestAsync(At(registry, "app"), Stop), Stop);
        Assert.Equal(manifest, (await store.FindAsync(At(registry, "app"), Stop))!.Manifest!.GetDigest());
    }

    [Fact]
    public async Task A_server_that_knows_no_HEAD_is_asked_by_GET_before_a_name_is_called_free()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", [1]);
        registry.OnRequest = request => request.Method == "HEAD" ? new Fault { Status = 404 } : null;
        Assert.Equal(manifest, (await Open(registry).FindAsync(At(registry, "app"), Stop))!.Manifest!.GetDigest());
    }

    [Theory]
    [InlineData("sha256")]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public async Task A_digest_of_any_algorithm_is_asked_for_and_proved(string algorithm)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[]}""";
        Digest digest = registry.AddManifest("app", null, json, MediaTypes.OciIndex, algorithm);
        ManifestDocument document = await Open(registry).ReadManifestAsync(At(registry, $"app@{digest}"), Stop);
        Assert.Equal(digest, document.GetDigest());
        Assert.Equal(digest, (await Open(registry).ResolveAsync(At(registry, $"app@{digest}"), Stop)).Manifest!.GetDigest());
    }

    [Fact]
    public async Task Schema_1_is_named()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddManifest("app", "old", """{"schemaVersion":1,"fsLayers":[]}""", MediaTypes.DockerSchema1Signed);
        UnsupportedException error = await Assert.ThrowsAsync<UnsupportedException>(() => Open(registry).ResolveAsync(At(registry, "app:old"), Stop));
        Assert.Equal("ManifestSchema1", error.ErrorId);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html><title>\u001b[31mLogin</title>")]
    [InlineData("\n <?xml version='1.0'?><Error/>")]
    public async Task A_web_page_is_no_registry(string page)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.OnRequest = _ => new Fault { Status = 200, Body = _ => System.Text.Encoding.UTF8.GetBytes(page), Headers = new Dictionary<string, string?> { ["Content-Type"] = "text/html" } };
        UnreachableException error = await Assert.ThrowsAsync<UnreachableException>(() => Open(registry).ResolveAsync(At(registry, "app"), Stop));
        Assert.Equal("ProtocolViolation", error.ErrorId);
        Assert.Contains("not a registry", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
    }

    [Fact]
    public async Task Listing_a_registry_is_an_error_of_its_own()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Assert.Equal("UnsupportedPlace", Assert.Throws<UnsupportedException>(() => Open(registry).ListAsync(Stop)).ErrorId);
    }
}
