using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OciTools.Operations;
using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.UnitTests.Engine;

public sealed class EngineStoreTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly ImageLocation s_app = ImageLocation.Parse("docker-daemon:app:1");

    [Fact]
    public async Task A_docker_20_image_has_its_config_diff_ids_and_history_from_two_calls_and_no_export()
    {
        await using ScriptedEngine engine = await Docker20Async();
        await using EngineStore store = await engine.OpenAsync();

        UnpackedImage image = await store.InspectAsync(s_app, Stop);

        ImageConfig config = image.Config;
        Assert.Equal(EngineAnswers.ImageId, config.ImageId);
        Assert.Null(config.EngineId);
        Assert.False(config.IsExact);
        Assert.Null(config.GetBytes());
        Assert.Empty(config.History);
        Assert.Equal("linux/amd64", config.Platform);
        Assert.Equal(new DateTime(2026, 11, 24, 16, 59, 11, DateTimeKind.Utc), config.Created!.Value.ToUniversalTime(), TimeSpan.FromSeconds(1));
        Assert.Equal(["PATH", "A", "B"], config.Env.Keys.Cast<string>());
        Assert.Equal("two words", config.Env["B"]);
        Assert.Equal(["/bin/sh"], config.Entrypoint);
        Assert.Equal(["-c", "echo hi"], config.Cmd);
        Assert.Equal("/srv/app", config.WorkingDir);
        Assert.Equal("1000:1000", config.User);
        Assert.Equal("SIGINT", config.StopSignal);
        Assert.Equal(["53/udp", "80/tcp"], config.ExposedPorts);
        Assert.Equal(["/data"], config.Volumes);
        Assert.Equal("A title", config.Labels["org.example.title"]);
        Assert.Equal(["CMD-SHELL", "/bin/true"], config.Healthcheck!.Test);
        Assert.Equal(TimeSpan.FromSeconds(30), config.Healthcheck.Interval);
        Assert.Empty(config.RegistryDigests);

        Assert.Equal(5, image.Layers.Count);
        Assert.Equal("sha256:db7cb17f15e3f198c9d233188775ff25eaa6f67b139c41d1e3fdfb3fa6de4453", image.Layers[0].DiffId.ToString());
        Assert.All(image.Layers, l => Assert.Null(l.StoredSize));

        Assert.Equal([0L, 0, 6, 0, 0, 3216, 1982256], image.EngineHistory!.Select(r => r.Size));
        Assert.Equal(EngineAnswers.ImageId, image.EngineHistory![0].ImageId);
        Assert.Equal(["app:1", "localhost:5000/some/app:two"], image.EngineHistory[0].Tags);
        Assert.Equal("/bin/sh -c rm greeting", image.EngineHistory[1].CreatedBy);
        Assert.Null(image.EngineHistory[1].Comment);
        Assert.DoesNotContain(engine.Requests, r => r.Contains("/get", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_history_of_a_classic_build_is_joined_although_two_layers_have_no_size()
    {
        await using ScriptedEngine engine = await Docker20Async();
        await using EngineStore store = await engine.OpenAsync();
        UnpackedImage image = await store.InspectAsync(s_app, Stop);

        JoinedHistory history = HistoryJoin.Join(image.EngineHistory!, [.. image.Layers.Select(l => l.DiffId)], "app");

        Assert.Null(history.Warning);
        Assert.Equal([null, 4, 3, 2, null, 1, 0], history.Rows.Select(r => r.Layer));
    }

    [Fact]
    public async Task On_a_graph_driver_docker_28_names_images_by_their_config()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51"))
            .On("/images/app:1/json", EngineAnswers.Docker28Inspect)
            .On($"/images/{EngineAnswers.ImageId}/history", EngineAnswers.Docker20History);
        await using EngineStore store = await engine.OpenAsync();

        ImageConfig config = (await store.InspectAsync(s_app, Stop)).Config;

        Assert.Equal(EngineAnswers.ImageId, config.ImageId);
        Assert.Null(config.EngineId);
        Assert.Equal(["localhost:5000/some/app@sha256:aaaabbbbccccddddeeeeffff00001111222233334444555566667777888899aa"], config.RegistryDigests);
        Assert.Equal(["/_ping", "/v1.51/images/app:1/json", $"/v1.51/images/{EngineAnswers.ImageId}/history"], engine.Requests);
    }

    [Fact]
    public async Task On_containerds_store_the_id_is_the_engines_and_the_image_id_is_unknown()
    {
        await using ScriptedEngine engine = await ContainerdAsync();
        await using EngineStore store = await engine.OpenAsync();

        UnpackedImage image = await store.InspectAsync(s_app, Stop);

        Assert.Null(image.Config.ImageId);
        Assert.Equal(EngineAnswers.IndexDigest, image.Config.EngineId);
        Assert.Equal("linux/arm64/v8", image.Config.Platform);
        Assert.Equal([$"docker.io/library/app@{EngineAnswers.IndexDigest}", $"localhost:5000/some/app@{EngineAnswers.IndexDigest}"], image.Config.RegistryDigests);
        Assert.Equal([EngineAnswers.IndexDigest, null, null, null, null, null, null], image.EngineHistory!.Select(r => r.ImageId));
        Assert.Equal([null, 4, 3, 2, null, 1, 0], HistoryJoin.Join(image.EngineHistory!, [.. image.Layers.Select(l => l.DiffId)], "app").Rows.Select(r => r.Layer));
    }

    [Theory]
    [InlineData("1.44", "overlay2", null, false)]
    [InlineData("1.44", "overlayfs", null, true)]
    [InlineData("1.41", "vfs", null, false)]
    [InlineData("1.44", "btrfs", """{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}""", true)]
    [InlineData("1.44", "btrfs", """{"DriverStatus":[["Backing Filesystem","extfs"]]}""", false)]
    [InlineData(null, "btrfs", """{"DriverStatus":null}""", false)]
    public async Task Before_version_1_48_driver_or_engine_tell_which_store_it_is_and_are_asked_once(string? version, string driver, string? info, bool containerd)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync(version))
            .On("/images/app:1/json", EngineAnswers.Docker28Inspect.Replace("\"overlay2\"", $"\"{driver}\"", StringComparison.Ordinal))
            .On($"/images/{EngineAnswers.ImageId}/history", EngineAnswers.Docker20History)
            .On("/images/json", EngineAnswers.Docker20List);
        if (info is not null) engine.On("/info", info);
        await using EngineStore store = await engine.OpenAsync();

        ImageConfig config = (await store.InspectAsync(s_app, Stop)).Config;
        List<StoredImage> images = await store.ListAsync(Stop).ToListAsync(Stop);

        Assert.Equal(containerd, config.ImageId is null);
        Assert.Equal(containerd ? EngineAnswers.ImageId : null, config.EngineId);
        Assert.All(images, i => Assert.Equal(containerd, i.Engine!.ImageId is null));
        Assert.Equal(info is null ? 0 : 1, engine.Requests.Count(r => r.EndsWith("/info", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_podman_the_builders_version_is_not_the_systems_and_the_health_check_comes_from_its_own_api()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41", "4.3.1"))
            .On("/images/app:1/json", EngineAnswers.Podman4Inspect)
            .On("/libpod/images/app:1/json", EngineAnswers.Podman4Libpod)
            .On($"/images/{EngineAnswers.ImageId}/history", EngineAnswers.Podman4History);
        await using EngineStore store = await engine.OpenAsync();

        UnpackedImage image = await store.InspectAsync(s_app, Stop);

        Assert.True(store.IsPodman);
        Assert.Equal(EngineAnswers.ImageId, image.Config.ImageId);
        Assert.Null(image.Config.OSVersion);
        Assert.Equal("linux/amd64", image.Config.Platform);
        Assert.Equal(["CMD-SHELL", "/bin/true"], image.Config.Healthcheck!.Test);
        Assert.Equal(["localhost/app@sha256:fb25056eb5a67ac9551c37d66d6601ba2517614cb7a9de79b6b89e6b7b2cb325"], image.Config.RegistryDigests);
        Assert.Equal([EngineAnswers.ImageId, null, null, null, null, null, null], image.EngineHistory!.Select(r => r.ImageId));
        Assert.Equal([0L, 2560, 3072, 2048, 0, 138752, 1984512], image.EngineHistory!.Select(r => r.Size));
        Assert.Contains("/v4.3.1/libpod/images/app:1/json", engine.Requests);
    }

    [Fact]
    public async Task The_list_has_one_item_for_every_tag_and_one_without_name_for_a_dangling_image()
    {
        await using ScriptedEngine engine = await Docker20Async();
        await using EngineStore store = await engine.OpenAsync();

        List<StoredImage> images = await store.ListAsync(Stop).ToListAsync(Stop);

        Assert.Equal(
        [
            "docker-daemon:dang:1 docker.io/library/dang 1",
            "docker-daemon:sha256:3ab202b9b2d7713982c78951f775f5680c7d846486dd2ac43bcfe5840614e567 - -",
            "docker-daemon:app:1 docker.io/library/app 1",
            "docker-daemon:localhost:5000/some/app:two localhost:5000/some/app two",
        ], images.Select(i => $"{i.Location} {i.Repository ?? "-"} {i.Tag ?? "-"}"));
        Assert.All(images, i => Assert.Null(i.Manifest));
        Assert.All(images, i => Assert.Equal(1985478, i.Engine!.Size));
        Assert.All(images, i => Assert.Equal(i.Engine!.Id, i.Engine.ImageId));
        Assert.Equal([0, 0, 1, 1], images.Select(i => i.Engine!.RegistryDigests.Count));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1795539551).LocalDateTime, images[3].Engine!.Created);
        Assert.Contains("/v1.41/images/json", engine.Requests);
    }

    [Fact]
    public async Task In_the_list_of_containerds_store_an_image_pulled_by_digest_keeps_its_repository()
    {
        await using ScriptedEngine engine = await ContainerdAsync();
        await using EngineStore store = await engine.OpenAsync();

        List<StoredImage> images = await store.ListAsync(Stop).ToListAsync(Stop);

        Assert.Equal(["docker-daemon:app:1", "docker-daemon:sha256:" + new string('2', 64)], images.Select(i => i.Location.ToString()));
        Assert.Equal(["docker.io/library/app", "ghcr.io/org/tool"], images.Select(i => i.Repository));
        Assert.Equal(["1", null], images.Select(i => i.Tag));
        Assert.All(images, i => Assert.Null(i.Engine!.ImageId));
        Assert.Null(images[1].Engine!.Created);
    }

    [Fact]
    public async Task Podmans_ids_without_their_algorithm_are_completed()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41", "5.4.2")).On("/images/json", EngineAnswers.Podman5List);
        await using EngineStore store = await engine.OpenAsync();

        List<StoredImage> images = await store.ListAsync(Stop).ToListAsync(Stop);

        Assert.Equal(["docker-daemon:localhost/app:1", "docker-daemon:sha256:" + new string('3', 64)], images.Select(i => i.Location.ToString()));
        Assert.Equal([EngineAnswers.ImageId, "sha256:" + new string('3', 64)], images.Select(i => i.Engine!.ImageId));
    }

    [Fact]
    public async Task Resolving_gives_the_name_and_no_manifest()
    {
        await using ScriptedEngine engine = await Docker20Async();
        await using EngineStore store = await engine.OpenAsync();

        StoredImage image = await store.ResolveAsync(s_app, Stop);

        Assert.Equal((s_app, null, "docker.io/library/app", "1"), (image.Location, image.Manifest, image.Repository, image.Tag));
    }

    [Fact]
    public async Task An_unknown_image_is_not_found_and_the_engines_words_are_shown_without_control_characters()
    {
        await using ScriptedEngine engine = await Docker20Async();
        await using EngineStore store = await engine.OpenAsync();

        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(ImageLocation.Parse("docker-daemon:other"), Stop));

        Assert.Equal("ImageNotFound", error.ErrorId);
        Assert.Contains("No such image: \uFFFD[31m", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_is_not_handed_out_and_the_error_lists_the_registry_digests()
    {
        await using ScriptedEngine engine = await ContainerdAsync();
        await using EngineStore store = await engine.OpenAsync();
        Descriptor any = new(MediaTypes.OciLayer, Digest.Compute([]), 0);

        NotFoundException manifest = await Assert.ThrowsAsync<NotFoundException>(() => store.ReadManifestAsync(s_app, Stop));
        NotFoundException blob = await Assert.ThrowsAsync<NotFoundException>(() => store.OpenBlobAsync(s_app, any, Stop));

        Assert.Equal("NoManifest", manifest.ErrorId);
        Assert.Equal("NoManifest", blob.ErrorId);
        Assert.Contains($"localhost:5000/some/app@{EngineAnswers.IndexDigest}", manifest.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "Forbidden")]
    [InlineData(403, "Forbidden")]
    [InlineData(429, "RateLimited")]
    [InlineData(500, "ServerFailed")]
    [InlineData(503, "ServerFailed")]
    [InlineData(504, "TimedOut")]
    [InlineData(400, "ProtocolViolation")]
    [InlineData(302, "ProtocolViolation")]
    public async Task A_status_becomes_the_error_of_the_catalogue(int status, string errorId)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.41")).On("/images/app:1/json", """{"message":"the engine's words"}""", status);
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.ResolveAsync(s_app, Stop));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains("the engine's words", error.Message, StringComparison.Ordinal);
        Assert.Contains($"status {status}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, true, "ImageNotFound")]
    [InlineData(404, false, "ImageNotFound")]
    [InlineData(500, true, "ServerFailed")]
    [InlineData(500, false, "ServerFailed")]
    public async Task A_status_counts_whatever_becomes_of_its_explanation(int status, bool isEndless, string errorId)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51")).On("/images/app:1/json", async context =>
        {
            context.Response.StatusCode = status;
            if (!isEndless) context.Response.ContentLength = 1000;
            byte[] block = Encoding.UTF8.GetBytes(new string(' ', isEndless ? Limits.ErrorBody : 10));
            for (int i = 0; i < (isEndless ? 3 : 1); i++) await context.Response.Body.WriteAsync(block, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (isEndless) return;

            // the head of the answer gets there first
            await Task.Delay(200, context.RequestAborted);
            context.Abort();
        });
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.ResolveAsync(s_app, Stop));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains($"status {status}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_engine_is_not_advised_to_bring_an_image_in()
    {
        await using ScriptedEngine engine = await ScriptedEngine.StartAsync("1.51");
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(async () => await store.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal("ProtocolViolation", error.ErrorId);
        Assert.StartsWith("Check that the address", error.Recommendation, StringComparison.Ordinal);

        error = await Assert.ThrowsAnyAsync<OciException>(() => store.ResolveAsync(s_app, Stop));
        Assert.StartsWith("Get-Image lists", error.Recommendation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_of_the_build_cache_is_named_as_one_whatever_its_id_is()
    {
        const string Id = "a\",\"b";
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51")).On("/build/prune", $$"""{"CachesDeleted":["{{JsonEncodedText.Encode(Id)}}"]}""");
        await using EngineStore store = await engine.OpenAsync();

        await store.Cleaner.RemoveAsync(new EngineCacheRecord(Id, [], "", false, false, 0, null), Stop);

        string filters = Uri.UnescapeDataString(engine.Requests.Last().Split("filters=")[1]);
        using JsonDocument json = JsonDocument.Parse(filters);
        Assert.Equal(Id, Assert.Single(json.RootElement.GetProperty("id").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task An_answer_over_the_limit_is_refused_while_it_comes()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51")).On("/images/json", async context =>
        {
            byte[] block = Encoding.UTF8.GetBytes(new string(' ', 1 << 20));
            for (int i = 0; i < 200; i++) await context.Response.Body.WriteAsync(block, context.RequestAborted);
        });
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(async () => await store.ListAsync(Stop).ToListAsync(Stop));

        Assert.Equal("TooLarge", error.ErrorId);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"Id":"../../etc/passwd","Os":"linux"}""")]
    [InlineData("""{"Id":"sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731","Os":"linux","RootFS":{"Type":"layers","Layers":["../x"]}}""")]
    public async Task A_malformed_answer_is_an_error(string json)
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51")).On("/images/app:1/json", json);
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.InspectAsync(s_app, Stop));

        Assert.Equal("MalformedDocument", error.ErrorId);
    }

    [Fact]
    public async Task An_answer_cut_short_is_a_broken_connection()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51")).On("/images/app:1/json", async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{\"Id\":");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.InspectAsync(s_app, Stop));

        Assert.Equal("ConnectionFailed", error.ErrorId);
    }

    [Theory]
    [InlineData("docker-daemon:localhost:5000/a__b/c.d-e:v1.0_x", "/v1.51/images/localhost:5000/a__b/c.d-e:v1.0_x/json")]
    [InlineData("docker-daemon:[::1]:5000/app:1", "/v1.51/images/%5B::1%5D:5000/app:1/json")]
    [InlineData("docker-daemon:app@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "/v1.51/images/app@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a/json")]
    [InlineData("docker-daemon:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "/v1.51/images/sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a/json")]
    public async Task Names_stand_in_the_path_as_engines_route_them(string name, string target)
    {
        await using ScriptedEngine engine = await ScriptedEngine.StartAsync("1.51");
        await using EngineStore store = await engine.OpenAsync();

        await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(ImageLocation.Parse(name), Stop));

        Assert.Equal(target, engine.Requests.Last());
    }

    [Fact]
    public void What_is_not_of_a_name_is_escaped() => Assert.Equal("a%20b%3Fc%23d%25%5C..", EngineClient.Escape("a b?c#d%\\.."));

    private static async Task<ScriptedEngine> Docker20Async() => (await ScriptedEngine.StartAsync("1.41"))
        .On("/images/app:1/json", EngineAnswers.Docker20Inspect)
        .On($"/images/{EngineAnswers.ImageId}/history", EngineAnswers.Docker20History)
        .On("/images/json", EngineAnswers.Docker20List)
        .On("/info", """{"DriverStatus":[["Backing Filesystem","extfs"]]}""");

    private static async Task<ScriptedEngine> ContainerdAsync() => (await ScriptedEngine.StartAsync("1.51"))
        .On("/images/app:1/json", EngineAnswers.ContainerdInspect)
        .On($"/images/{EngineAnswers.IndexDigest}/history", EngineAnswers.ContainerdHistory)
        .On("/images/json", EngineAnswers.ContainerdList);
}
