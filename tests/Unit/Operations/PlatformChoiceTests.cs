using OciTools.Operations;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class PlatformChoiceTests
{
    private const string Attestation = ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}";

    private readonly MemoryStore _store = new();
    private readonly KeptLog _log = new();

    private ImageInspector Inspector => new(new ImagePlaces(new FixedOpener(_store)), _log);

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/arm64", "linux/arm64/v8")]
    [InlineData("linux/arm64/v8", "linux/arm64/v8")]
    [InlineData("linux/aarch64", "linux/arm64/v8")]
    [InlineData("linux/arm/v7", "linux/arm/v6")]
    [InlineData("linux/arm/v6", "linux/arm/v6")]
    [InlineData("windows/amd64:10.0.20348.1", "windows/amd64:10.0.20348.2113")]
    [InlineData("windows/amd64:10.0.17763", "windows/amd64:10.0.17763.5122")]
    [InlineData("windows/amd64", "windows/amd64:10.0.20348.2113")]
    public async Task A_named_platform_selects_the_best_entry(string wanted, string expected)
    {
        FillWithSixPlatforms();
        ManifestDocument chosen = await OneAsync(wanted);
        ImageIndex index = (ImageIndex)await OneAsync(null);
        Assert.Equal(expected, index.Manifests.Single(m => m.Digest == chosen.Digest).Platform);
    }

    [Theory]
    [InlineData("linux/s390x")]
    [InlineData("linux/arm/v5")]
    [InlineData("windows/amd64:10.0.26100.1")]
    [InlineData("darwin/arm64")]
    public async Task A_platform_that_is_not_there_is_an_error_that_lists_those_that_are(string wanted)
    {
        FillWithSixPlatforms();
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => OneAsync(wanted));
        Assert.Equal("PlatformNotFound", error.ErrorId);
        Assert.Contains("linux/amd64, linux/arm64/v8, linux/arm/v6, windows/amd64:10.0.17763.5122, windows/amd64:10.0.20348.2113", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("unknown", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_name_the_platform_of_the_host_is_taken()
    {
        FillWithSixPlatforms();
        ImageConfig config = await Inspector.ConfigAsync(ImageLocation.Parse("example.com/app:1"), null, CancellationToken.None);
        Assert.True(Platform.Host.Matches(config.GetPlatform()) || config.OS == "linux");
        Assert.Contains(_log.Lines, line => line.Contains("host", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_only_image_of_an_index_is_taken_whatever_its_platform()
    {
        string image = _store.AddImage("plan9", "mips");
        _store.AddIndex("1", (image, "{\"os\":\"plan9\",\"architecture\":\"mips\"}", ""), (_store.AddImage("unknown", "unknown"), "{\"os\":\"unknown\",\"architecture\":\"unknown\"}", Attestation));
        ImageConfig config = await Inspector.ConfigAsync(ImageLocation.Parse("example.com/app:1"), null, CancellationToken.None);
        Assert.Equal("plan9/mips", config.Platform);
    }

    [Fact]
    public async Task An_entry_without_a_platform_is_known_by_its_config()
    {
        _store.AddIndex("1", (_store.AddImage("linux", "s390x"), null, ""), (_store.AddImage("linux", "ppc64le"), null, ""));
        ImageConfig config = await Inspector.ConfigAsync(ImageLocation.Parse("example.com/app:1"), Platform.Parse("linux/ppc64le"), CancellationToken.None);
        Assert.Equal("linux/ppc64le", config.Platform);
    }

    [Fact]
    public async Task An_index_in_an_index_is_searched()
    {
        string inner = _store.AddIndex(null, (_store.AddImage("linux", "s390x"), "{\"os\":\"linux\",\"architecture\":\"s390x\"}", ""));
        _store.AddIndex("1", (_store.AddImage("linux", "amd64"), "{\"os\":\"linux\",\"architecture\":\"amd64\"}", ""), (inner, null, ""));
        ImageConfig config = await Inspector.ConfigAsync(ImageLocation.Parse("example.com/app:1"), Platform.Parse("linux/s390x"), CancellationToken.None);
        Assert.Equal("linux/s390x", config.Platform);
    }

    [Fact]
    public async Task A_single_image_for_another_platform_is_refused_when_one_is_named()
    {
        _store.AddImage("linux", "amd64", tag: "1");
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => OneAsync("linux/arm64"));
        Assert.Equal("PlatformNotFound", error.ErrorId);
    }

    [Fact]
    public async Task Detailed_digests_give_the_index_and_one_object_per_platform_with_its_image_id()
    {
        FillWithSixPlatforms();
        List<ImageDigest> digests = await Inspector.DigestsAsync(ImageLocation.Parse("example.com/app:1"), null, true, CancellationToken.None).ToListAsync();
        Assert.Equal(6, digests.Count);
        Assert.Null(digests[0].Platform);
        Assert.Null(digests[0].ImageId);
        Assert.All(digests.Skip(1), d => Assert.StartsWith("sha256:", d.ImageId, StringComparison.Ordinal));
        Assert.Equal("example.com/app@" + digests[1].Digest, digests[1].Image);
    }

    [Fact]
    public async Task The_digest_for_a_platform_says_which_one_it_is()
    {
        FillWithSixPlatforms();
        string single = _store.AddImage("linux", "s390x", tag: "single");
        ImageDigest chosen = await DigestAsync("example.com/app:1", "linux/arm64");
        Assert.Equal("linux/arm64/v8", chosen.Platform);
        Assert.StartsWith("sha256:", chosen.ImageId, StringComparison.Ordinal);
        ImageDigest own = await DigestAsync("example.com/app:single", "linux/s390x");
        Assert.Equal((single, "linux/s390x"), (own.Digest, own.Platform));

        async Task<ImageDigest> DigestAsync(string image, string platform) =>
            Assert.Single(await Inspector.DigestsAsync(ImageLocation.Parse(image), Platform.Parse(platform), false, CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task A_digest_costs_one_request()
    {
        FillWithSixPlatforms();
        await Inspector.DigestsAsync(ImageLocation.Parse("example.com/app:1"), null, false, CancellationToken.None).ToListAsync();
        Assert.Equal(["HEAD example.com/app:1"], _store.Requests);
    }

    [Fact]
    public async Task All_goes_on_past_a_child_that_is_not_there_and_says_so()
    {
        string missing = _store.AddImage("linux", "s390x");
        _store.AddIndex("1", (missing, "{\"os\":\"linux\",\"architecture\":\"s390x\"}", ""), (_store.AddImage("linux", "amd64"), "{\"os\":\"linux\",\"architecture\":\"amd64\"}", ""));
        _store.RemoveManifest(missing);
        List<ManifestDocument> all = await Inspector.ManifestsAsync(ImageLocation.Parse("example.com/app:1"), null, true, CancellationToken.None).ToListAsync();
        Assert.Equal(2, all.Count);
        Assert.Contains(missing, Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_gives_every_child_attestations_included()
    {
        FillWithSixPlatforms();
        List<ManifestDocument> all = await Inspector.ManifestsAsync(ImageLocation.Parse("example.com/app:1"), null, true, CancellationToken.None).ToListAsync();
        Assert.Equal(7, all.Count);
        Assert.IsType<ImageIndex>(all[0]);
    }

    private async Task<ManifestDocument> OneAsync(string? platform) =>
        await Inspector.ManifestsAsync(ImageLocation.Parse("example.com/app:1"), platform is null ? null : Platform.Parse(platform), false, CancellationToken.None).SingleAsync();

    private void FillWithSixPlatforms() => _store.AddIndex("1",
        (_store.AddImage("linux", "amd64"), "{\"os\":\"linux\",\"architecture\":\"amd64\"}", ""),
        (_store.AddImage("linux", "arm64", "v8"), "{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}", ""),
        (_store.AddImage("linux", "arm", "v6"), "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"}", ""),
        (_store.AddImage("windows", "amd64", layers: ["1809"]), "{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0.17763.5122\"}", ""),
        (_store.AddImage("windows", "amd64", layers: ["2022"]), "{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0.20348.2113\"}", ""),
        (_store.AddImage("unknown", "unknown"), "{\"os\":\"unknown\",\"architecture\":\"unknown\"}", Attestation));
}
