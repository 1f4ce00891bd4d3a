using System.Text;
using OciTools.Operations;
using OciTools.Operations.Testing;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class ImageTestTests
{
    private static readonly byte[] s_lower = new TarBytes().File("etc/one", new string('a', 3000)).End();
    private static readonly byte[] s_upper = new TarBytes().File("etc/two", new string('b', 4000)).End();

    private readonly MemoryStore _store = new();
    private readonly KeptLog _log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_is_whole_passes_with_a_check_for_everything()
    {
        string digest = AddImage("one");
        ImageTestResult result = await TestAsync("one");
        Assert.True(result.Passed);
        Assert.Equal(digest, result.Digest);
        Assert.Equal(["Manifest", "Config", "LayerCount", "Layer 0", "DiffId 0", "Layer 1", "DiffId 1"], Names(result));
        Assert.All(result.Checks, check => Assert.Equal("example.com/app:one", check.Image));
        Assert.Equal(Tool.Sha256(s_upper), result.Checks[6].Actual);
        Assert.Equal(Tool.Sha256(TestGzip.Compress(s_upper)), result.Checks[5].Digest);
    }

    [Fact]
    public async Task An_image_that_is_not_there_fails_without_an_error()
    {
        ImageTestResult result = await TestAsync("absent");
        ImageCheck check = Assert.Single(result.Checks);
        Assert.Equal((false, "ImageNotFound", ImageCheckSubject.Manifest), (result.Passed, check.ErrorId, check.Subject));
        Assert.Equal("example.com/app:absent", result.Image);
    }

    [Theory]
    [InlineData("config bytes", "Config", "DigestMismatch")]
    [InlineData("config absent", "Config", "BlobNotFound")]
    [InlineData("config malformed", "Config", "MalformedDocument")]
    [InlineData("layer bytes", "Layer 1", "DigestMismatch")]
    [InlineData("layer cut", "Layer 1", "SizeMismatch")]
    [InlineData("layer longer", "Layer 1", "SizeMismatch")]
    [InlineData("layer absent", "Layer 1", "BlobNotFound")]
    [InlineData("layer not gzip", "DiffId 1", "MalformedContent")]
    [InlineData("layer not gzip and changed", "Layer 1", "DigestMismatch")]
    [InlineData("diff id of nothing", "DiffId 1", "DigestMismatch")]
    [InlineData("diff ids swapped", "DiffId 0, DiffId 1", "DigestMismatch")]
    [InlineData("too few diff ids", "LayerCount", "LayerCountMismatch")]
    [InlineData("too many diff ids", "LayerCount", "LayerCountMismatch")]
    [InlineData("layer size stated wrong", "Layer 1", "SizeMismatch")]
    public async Task What_is_wrong_fails_its_own_check_and_no_other(string fault, string subjects, string errorId)
    {
        AddFaulty("broken", fault);
        ImageTestResult result = await TestAsync("broken");
        Assert.False(result.Passed);
        Assert.Equal(subjects.Split(", "), Names(result, failed: true));
        Assert.All(result.Checks.Where(c => !c.Passed), check => Assert.Equal(errorId, check.ErrorId));
        Assert.All(result.Checks.Where(c => !c.Passed), check => Assert.NotEmpty(check.Message!));
    }

    [Theory]
    [InlineData("config bytes", false)]
    [InlineData("config absent", true)]
    [InlineData("layer bytes", false)]
    [InlineData("layer cut", true)]
    [InlineData("layer absent", true)]
    [InlineData("diff id of nothing", false)]
    public async Task The_fast_test_sees_what_is_missing_or_has_another_size_and_reads_no_blob(string fault, bool isSeen)
    {
        AddFaulty("broken", fault);
        ImageTestResult result = await TestAsync("broken", isFast: true);
        Assert.True(result.IsFast);
        Assert.Equal(isSeen, !result.Passed);
        Assert.DoesNotContain(_store.Requests, request => request.StartsWith("BLOB", StringComparison.Ordinal));
        Assert.Equal(["Manifest", "Config", "Layer 0", "Layer 1"], Names(result));
    }

    [Fact]
    public async Task Every_platform_of_an_index_is_tested_and_a_shared_layer_and_config_are_read_once()
    {
        string amd64 = AddImage(null), arm64 = AddImage(null, platform: Json("arm64")), other = AddImage(null, platform: Json("riscv64"), upper: s_lower);
        string nested = _store.AddIndex(null, (other, Json("riscv64", true), ""));
        _store.AddIndex("all", (amd64, Json("amd64", true), ""), (arm64, Json("arm64", true), ""), (nested, null, ""), (amd64, Json("amd64", true), ""));
        ImageTestResult result = await TestAsync("all");
        Assert.True(result.Passed);
        Assert.Equal(["linux/amd64", "linux/arm64", "linux/riscv64"], result.Checks.Where(c => c.Subject == ImageCheckSubject.Platform).Select(c => c.Actual));
        Assert.Equal(5, result.Checks.Count(c => c.Subject == ImageCheckSubject.Manifest));
        Assert.Equal(6, result.Checks.Count(c => c.Subject == ImageCheckSubject.DiffId));
        Assert.All(_store.Requests.Where(r => r.StartsWith("BLOB", StringComparison.Ordinal)).GroupBy(r => r), group => Assert.Single(group));
    }

    [Theory]
    [InlineData("arm64", null, false)]
    [InlineData("amd64", "v3", true)]
    [InlineData("amd64", null, true)]
    public async Task A_platform_that_the_config_contradicts_fails(string stated, string? variant, bool passes)
    {
        string image = AddImage(null);
        _store.AddIndex("lie", (image, $$"""{"os":"linux","architecture":"{{stated}}"{{(variant is null ? "" : $",\"variant\":\"{variant}\"")}}}""", ""));
        ImageTestResult result = await TestAsync("lie");
        Assert.Equal(passes, result.Passed);
        ImageCheck check = Assert.Single(result.Checks, c => c.Subject == ImageCheckSubject.Platform);
        if (!passes) Assert.Equal(("PlatformMismatch", "linux/arm64", "linux/amd64"), (check.ErrorId, check.Expected, check.Actual));
    }

    [Fact]
    public async Task A_document_that_an_index_names_twice_under_two_platforms_is_held_against_both()
    {
        string image = AddImage(null);
        _store.AddIndex("twice", (image, Json("amd64", true), ""), (image, Json("s390x", true), ""));
        ImageTestResult result = await TestAsync("twice");
        Assert.Equal([true, false], result.Checks.Where(c => c.Subject == ImageCheckSubject.Platform).Select(c => c.Passed));
        Assert.Equal(2, result.Checks.Count(c => c.Subject == ImageCheckSubject.Layer));
    }

    [Fact]
    public async Task A_platform_that_is_missing_fails_and_the_others_are_tested()
    {
        string amd64 = AddImage(null), arm64 = AddImage(null, platform: Json("arm64"));
        _store.AddIndex("part", (arm64, Json("arm64", true), ""), (amd64, Json("amd64", true), ""));
        _store.RemoveManifest(arm64);
        ImageTestResult result = await TestAsync("part");
        ImageCheck failed = Assert.Single(result.Checks, c => !c.Passed);
        Assert.Equal((ImageCheckSubject.Manifest, "ImageNotFound", arm64, "linux/arm64"), (failed.Subject, failed.ErrorId, failed.Digest, failed.Platform));
        Assert.Equal($"example.com/app@{arm64}", failed.Image);
        Assert.Equal(2, result.Checks.Count(c => c.Subject == ImageCheckSubject.DiffId));
    }

    [Fact]
    public async Task An_attestation_and_an_artifact_are_tested_as_content_and_are_no_platform()
    {
        string image = AddImage(null);
        byte[] statement = "{\"_type\":\"https://in-toto.io/Statement/v0.1\"}"u8.ToArray();
        string blob = Digest.Compute(statement).ToString();
        _store.AddLayerBytes(blob, statement);
        string attestation = _store.AddImageOf(null, [(blob, statement.Length, "application/vnd.in-toto+json")], [blob], "\"os\":\"unknown\",\"architecture\":\"unknown\"");
        string empty = _store.AddBlob("{}");
        string artifact = _store.AddManifest(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/x","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{empty}}","size":2},"layers":[{"mediaType":"application/x","digest":"{{blob}}","size":{{statement.Length}}}]}""",
            MediaTypes.OciManifest);
        string unknown = """{"os":"unknown","architecture":"unknown"}""";
        _store.AddIndex("rich", (image, Json("amd64", true), ""), (attestation, unknown, ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}"), (artifact, null, ""));
        ImageTestResult result = await TestAsync("rich");
        Assert.True(result.Passed);
        Assert.Single(result.Checks, c => c.Subject == ImageCheckSubject.Platform);
        Assert.Equal(["Manifest", "Config", "LayerCount", "Layer 0", "DiffId 0"], Names(result, image: $"example.com/app@{attestation}"));
        Assert.Equal(["Manifest", "Config", "Layer 0"], Names(result, image: $"example.com/app@{artifact}"));

        _store.AddLayerBytes(blob, "{\"_type\":\"https://in-toto.io/Statement/v0.2\"}"u8.ToArray());
        result = await TestAsync("rich");
        Assert.Equal(["Layer 0", "Layer 0"], Names(result, failed: true));
    }

    [Fact]
    public async Task An_entry_that_is_no_manifest_is_left_out_with_a_warning()
    {
        string image = AddImage(null);
        string blob = _store.AddBlob("x");
        int size = _store.SizeOf(image);
        _store.AddManifest($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"application/x","digest":"{{blob}}","size":1},{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{image}}","size":{{size}}}]}""", MediaTypes.OciIndex, "odd");
        Assert.True((await TestAsync("odd")).Passed);
        Assert.Contains("neither a manifest nor an index", Assert.Single(_log.Warnings, line => line.Contains(blob, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_with_another_size_or_type_than_its_entry_states_fails()
    {
        string image = AddImage(null);
        string Entry(string type, int size) => $$"""{"mediaType":"{{type}}","digest":"{{image}}","size":{{size}}}""";
        int right = _store.SizeOf(image);
        _store.AddManifest($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{Entry(MediaTypes.OciManifest, right)}},{{Entry(MediaTypes.OciManifest, right + 1)}},{{Entry(MediaTypes.DockerManifest, right)}}]}""", MediaTypes.OciIndex, "lies");
        ImageTestResult result = await TestAsync("lies");
        Assert.Equal(["SizeMismatch", "AmbiguousDocument"], result.Checks.Where(c => !c.Passed).Select(c => c.ErrorId));
    }

    [Fact]
    public async Task A_layer_that_is_not_distributed_may_be_absent_and_is_tested_where_it_is_not()
    {
        byte[] lower = TestGzip.Compress(s_lower), upper = TestGzip.Compress(s_upper);
        const string foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        string[] digests = [Digest.Compute(lower).ToString(), Digest.Compute(upper).ToString()];
        string[] diffIds = [Digest.Compute(s_lower).ToString(), Digest.Compute(s_upper).ToString()];
        _store.AddLayerBytes(digests[1], upper);
        _store.AddImageOf("windows", [(digests[0], lower.Length, foreign), (digests[1], upper.Length, MediaTypes.DockerLayerGzip)], diffIds);
        foreach (bool isFast in new[] { false, true })
        {
            ImageTestResult result = await TestAsync("windows", isFast);
            Assert.True(result.Passed);
            ImageCheck absent = Assert.Single(result.Checks, c => c.Layer == 0);
            Assert.NotEmpty(absent.Message!);
            Assert.Null(absent.Actual);
        }

        _store.AddLayerBytes(digests[0], upper);
        Assert.False((await TestAsync("windows")).Passed);
    }

    [Fact]
    public async Task One_platform_alone_is_tested_where_it_is_named()
    {
        string amd64 = AddImage(null), arm64 = AddImage(null, platform: Json("arm64"), upper: s_lower);
        _store.AddIndex("all", (amd64, Json("amd64", true), ""), (arm64, Json("arm64", true), ""));
        AddImage("single");
        Platform wanted = Platform.Parse("linux/amd64");
        ImageTestResult result = await TestAsync("all", platform: wanted);
        Assert.Equal(["example.com/app:all", $"example.com/app@{amd64}"], result.Checks.Select(c => c.Image).Distinct());
        Assert.True((await TestAsync("single", platform: wanted)).Passed);

        foreach (string image in new[] { "all", "single" })
        {
            foreach (bool isFast in new[] { false, true })
            {
                result = await TestAsync(image, isFast, Platform.Parse("linux/s390x"));
                Assert.Equal(("PlatformNotFound", ImageCheckSubject.Platform), (Assert.Single(result.Checks, c => !c.Passed).ErrorId, Assert.Single(result.Checks, c => !c.Passed).Subject));
            }
        }
    }

    [Fact]
    public async Task A_layer_that_inflates_to_more_than_is_allowed_fails_as_content_and_not_as_a_blob()
    {
        AddImage("large");
        ImageTestResult result = await TestAsync("large", maximumSize: s_upper.Length - 1);
        ImageCheck failed = Assert.Single(result.Checks, c => !c.Passed);
        Assert.Equal((ImageCheckSubject.DiffId, "TooLarge", 1), (failed.Subject, failed.ErrorId, failed.Layer));
        Assert.True((await TestAsync("large", maximumSize: s_upper.Length)).Passed);
    }

    [Fact]
    public async Task Indexes_that_nest_too_deep_fail_and_end()
    {
        string inner = _store.AddIndex(null, (AddImage(null), null, ""));
        for (int i = 0; i < 12; i++) inner = _store.AddIndex(i == 11 ? "deep" : null, (inner, null, ""));
        ImageTestResult result = await TestAsync("deep");
        Assert.Equal("MalformedDocument", Assert.Single(result.Checks, c => !c.Passed).ErrorId);
    }

    [Fact]
    public async Task Images_of_one_run_share_what_was_read_and_a_wrong_layer_fails_in_each()
    {
        AddFaulty("one", "layer bytes");
        AddFaulty("two", "layer bytes");
        using ImageTest test = new(TestZstd.Inflate, null, false);
        foreach (string name in new[] { "one", "two" })
            Assert.Equal(["Layer 1"], Names(await RunAsync(test, new FixedOpener(_store), "example.com/app:" + name), failed: true));
        Assert.Equal(2, _store.Requests.Count(r => r == "BLOB " + Digest.Compute(TestGzip.Compress(s_lower)) || r == "BLOB " + Digest.Compute(TestGzip.Compress(s_upper))));
    }

    [Theory]
    [InlineData("manifest")]
    [InlineData("config")]
    [InlineData("layer")]
    public async Task What_could_not_be_looked_at_is_an_error_and_not_a_verdict(string what)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (_, Digest config, IReadOnlyList<Digest> layers) = registry.AddImage("app", "latest", s_lower, s_upper);
        string path = what switch { "manifest" => "manifests/latest", "config" => config.ToString(), _ => layers[1].ToString() };
        registry.OnRequest = request => request.Path.EndsWith(path, StringComparison.Ordinal) ? new Fault { Status = 403 } : null;
        using ImageTest test = new(TestZstd.Inflate, null, false);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => RunAsync(test, Opener(registry), $"{registry.Host}/app"));
        Assert.Equal("Forbidden", error.ErrorId);
    }

    [Fact]
    public async Task A_place_that_does_not_tell_sizes_cannot_be_tested_fast()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", s_lower);
        registry.OnRequest = request => request.Path.Contains("/blobs/", StringComparison.Ordinal) ? Fault.WithHeaders(("Content-Length", null)) : null;
        using ImageTest fast = new(TestZstd.Inflate, null, true);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => RunAsync(fast, Opener(registry), $"{registry.Host}/app"));
        Assert.Equal("ProtocolViolation", error.ErrorId);
    }

    [Fact]
    public async Task A_registry_whose_bytes_are_not_those_it_states_fails_at_the_manifest()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", s_lower);
        registry.OnRequest = request => request.Path.Contains("/manifests/", StringComparison.Ordinal) ? new Fault { Body = bytes => [.. bytes, (byte)' '] } : null;
        using ImageTest test = new(TestZstd.Inflate, null, false);
        ImageTestResult result = await RunAsync(test, Opener(registry), $"{registry.Host}/app@{manifest}");
        ImageCheck check = Assert.Single(result.Checks);
        Assert.Equal((ImageCheckSubject.Manifest, "DigestMismatch", manifest.ToString()), (check.Subject, check.ErrorId, check.Expected));
        Assert.NotEqual(check.Expected, check.Actual);
    }

    [Fact]
    public async Task A_stop_ends_every_request()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", s_lower, s_upper, [1], [2], [3], [4]);
        int waiting = 0;
        TaskCompletionSource isFull = new(TaskCreationOptions.RunContinuationsAsynchronously);
        registry.OnRequest = request => request.Path.Contains("/blobs/", StringComparison.Ordinal) && !request.Path.EndsWith(ConfigDigest(registry), StringComparison.Ordinal)
            ? new Fault
            {
                Answer = async context =>
                {
                    if (Interlocked.Increment(ref waiting) == 4) isFull.TrySetResult();
                    await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    Interlocked.Decrement(ref waiting);
                },
            }
            : null;
        using CancellationTokenSource stop = new();
        using ImageTest test = new(TestZstd.Inflate, null, false);
        Task<ImageTestResult> running = RunAsync(test, Opener(registry), $"{registry.Host}/app", token: stop.Token);
        await isFull.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        await Task.Delay(100, Stop);
        Assert.Equal(4, waiting);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(10), Stop));
        for (int i = 0; i < 100 && Volatile.Read(ref waiting) > 0; i++) await Task.Delay(50, Stop);
        Assert.Equal(0, waiting);
    }

    private static string ConfigDigest(FakeRegistry registry) => registry.Requests
        .Where(r => r.Path.Contains("/blobs/", StringComparison.Ordinal)).Select(r => r.Path).FirstOrDefault()?.Split('/')[^1] ?? "-";

    private static FixedOpener Opener(FakeRegistry registry) => new(new RegistrySession().Open(registry.Host));

    private static string Json(string architecture, bool isObject = false) =>
        isObject ? $$"""{"os":"linux","architecture":"{{architecture}}"}""" : $"\"os\":\"linux\",\"architecture\":\"{architecture}\"";

    private string AddImage(string? tag, string? platform = null, byte[]? upper = null)
    {
        byte[][] tars = [s_lower, upper ?? s_upper];
        (string, int, string)[] layers = [.. tars.Select(AddLayer)];
        return _store.AddImageOf(tag, layers, [.. tars.Select(tar => Digest.Compute(tar).ToString())], platform ?? Json("amd64"));
    }

    private (string Digest, int Size, string Type) AddLayer(byte[] tar)
    {
        byte[] stored = TestGzip.Compress(tar);
        string digest = Digest.Compute(stored).ToString();
        _store.AddLayerBytes(digest, stored);
        return (digest, stored.Length, MediaTypes.OciLayerGzip);
    }

    private void AddFaulty(string tag, string fault)
    {
        string[] diffIds = [Digest.Compute(s_lower).ToString(), Digest.Compute(s_upper).ToString()];
        (string Digest, int Size, string Type) lower = AddLayer(s_lower), upper = AddLayer(s_upper);
        byte[] stored = TestGzip.Compress(s_upper);
        switch (fault)
        {
            case "layer bytes":
                stored[^1] ^= 1;
                _store.AddLayerBytes(upper.Digest, stored);
                break;
            case "layer cut":
                _store.AddLayerBytes(upper.Digest, stored[..^5]);
                break;
            case "layer longer":
                _store.AddLayerBytes(upper.Digest, [.. stored, 0]);
                break;
            case "layer absent":
                upper.Digest = Digest.Compute("absent"u8).ToString();
                break;
            case "layer not gzip":
                stored[stored.Length / 2] ^= 0x55;
                upper.Digest = Digest.Compute(stored).ToString();
                _store.AddLayerBytes(upper.Digest, stored);
                break;
            case "layer not gzip and changed":
                stored[stored.Length / 2] ^= 0x55;
                _store.AddLayerBytes(upper.Digest, stored);
                break;
            case "layer size stated wrong":
                upper.Size++;
                break;
            case "diff id of nothing":
                diffIds[1] = Digest.Compute("nothing"u8).ToString();
                break;
            case "diff ids swapped":
                Array.Reverse(diffIds);
                break;
            case "too few diff ids":
                diffIds = diffIds[..1];
                break;
            case "too many diff ids":
                diffIds = [.. diffIds, diffIds[0]];
                break;
        }

        string manifest = _store.AddImageOf(tag, [lower, upper], diffIds);
        string config = _store.ConfigOf(manifest);
        byte[] bytes = _store.BytesOf(config);
        switch (fault)
        {
            case "config bytes":
                _store.AddLayerBytes(config, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("amd64", "arm64", StringComparison.Ordinal)));
                break;
            case "config absent":
                _store.RemoveBlob(config);
                break;
            case "config malformed":
                string nonsense = _store.AddBlob("[]");
                _store.AddManifest($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{nonsense}}","size":2},"layers":[]}""", MediaTypes.OciManifest, tag);
                break;
        }
    }

    private async Task<ImageTestResult> TestAsync(string tag, bool isFast = false, Platform? platform = null, long? maximumSize = null)
    {
        using ImageTest test = new(TestZstd.Inflate, maximumSize, isFast);
        return await RunAsync(test, new FixedOpener(_store), "example.com/app:" + tag, platform: platform);
    }

    private async Task<ImageTestResult> RunAsync(ImageTest test, IStoreOpener opener, string image, Platform? platform = null, CancellationToken token = default)
    {
        await using ImagePlaces places = new(opener);
        return await test.RunAsync(new ImageInspector(places, _log), ImageLocation.Parse(image), platform, NoProgress.Instance, token == default ? Stop : token);
    }

    private static IEnumerable<string> Names(ImageTestResult result, bool failed = false, string? image = null) => result.Checks
        .Where(c => (!failed || !c.Passed) && (image is null || c.Image == image)).Select(c => c.Layer is { } layer ? $"{c.Subject} {layer}" : $"{c.Subject}");
}
