using OciTools.Operations;
using OciTools.Operations.Listing;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>Indexes that multiply, lie about their children, or lack some.</summary>
public sealed class HostileIndexTests
{
    private readonly MemoryStore _store = new();
    private readonly KeptLog _log = new();

    private ImageInspector Inspector => new(new ImagePlaces(new FixedOpener(_store)), _log);

    [Fact]
    public async Task Indexes_that_list_one_another_many_times_are_read_once_each()
    {
        string entry = Entry(_store.AddImage("plan9", "mips"), MediaTypes.OciManifest, "plan9", "mips");
        string digest = "";
        for (int i = 0; i < 6; i++)
        {
            string json = Index([.. Enumerable.Repeat(entry, 20)]);
            digest = _store.AddManifest(json, MediaTypes.OciIndex, "1");
            entry = $"{{\"mediaType\":\"{MediaTypes.OciIndex}\",\"digest\":\"{digest}\",\"size\":{json.Length}}}";
        }

        ImageDigest[] rows = await DigestsAsync();
        Assert.Equal([digest], rows.Where(r => r.ImageId is null).Select(r => r.Digest));
        Assert.Equal(["plan9/mips"], rows.Where(r => r.ImageId is not null).Select(r => r.Platform));
        Assert.Equal(7, _store.Requests.Count(r => r.StartsWith("GET", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_image_that_an_index_names_for_two_platforms_counts_for_both()
    {
        string image = _store.AddImage("linux", "amd64");
        _store.AddManifest(Index(Entry(image, MediaTypes.OciManifest, "linux", "amd64"), Entry(image, MediaTypes.OciManifest, "linux", "386"), Entry(image, MediaTypes.OciManifest, "linux", "386")), MediaTypes.OciIndex, "1");
        Assert.Equal([null, "linux/amd64", "linux/386"], (await DigestsAsync()).Select(r => r.Platform));
    }

    [Theory]
    [InlineData(MediaTypes.DockerManifest, 0, "AmbiguousDocument")]
    [InlineData(MediaTypes.OciManifest, 1, "SizeMismatch")]
    [InlineData(MediaTypes.OciManifest, -1, "SizeMismatch")]
    public async Task A_child_is_held_against_what_the_index_says_of_it_by_every_verb(string mediaType, int difference, string id)
    {
        string image = _store.AddImage("linux", "amd64");
        _store.AddManifest(Index(Entry(image, mediaType, "linux", "amd64", difference)), MediaTypes.OciIndex, "1");
        ImageLocation name = ImageLocation.Parse("example.com/app:1");
        Func<Task>[] verbs =
        [
            () => Inspector.ConfigAsync(name, null, CancellationToken.None),
            () => Inspector.LayersAsync(name, null, CancellationToken.None),
            () => Inspector.ManifestsAsync(name, Platform.Parse("linux/amd64"), false, CancellationToken.None).ToListAsync().AsTask(),
            () => Inspector.ManifestsAsync(name, null, true, CancellationToken.None).ToListAsync().AsTask(),
            () => Inspector.DigestsAsync(name, null, true, CancellationToken.None).ToListAsync().AsTask(),
        ];
        foreach (Func<Task> verb in verbs) Assert.Equal(id, (await Assert.ThrowsAnyAsync<OciException>(verb)).ErrorId);
    }

    [Fact]
    public async Task A_child_that_is_not_there_is_a_warning_and_the_others_are_described()
    {
        string gone = Digest.Compute("gone"u8).ToString();
        string there = _store.AddImage("linux", "arm64");
        _store.AddManifest(Index($"{{\"mediaType\":\"{MediaTypes.OciManifest}\",\"digest\":\"{gone}\",\"size\":4,\"platform\":{{\"os\":\"linux\",\"architecture\":\"amd64\"}}}}",
            Entry(there, MediaTypes.OciManifest, "linux", "arm64")), MediaTypes.OciIndex, "1");
        ImageDigest[] rows = await DigestsAsync();
        Assert.Equal([gone, there], rows.Skip(1).Select(r => r.Digest));
        Assert.Equal(["linux/amd64", "linux/arm64"], rows.Skip(1).Select(r => r.Platform));
        Assert.Null(rows[1].ImageId);
        Assert.NotNull(rows[2].ImageId);
        Assert.Contains(gone, Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("arm64", "v8", 0)]
    [InlineData("arm64", null, 0)]
    [InlineData("aarch64", null, 0)]
    [InlineData("amd64", null, 1)]
    public async Task An_index_that_calls_an_image_one_for_another_platform_is_a_warning(string architecture, string? variant, int warnings)
    {
        string image = _store.AddImage("linux", architecture, variant);
        _store.AddManifest(Index(Entry(image, MediaTypes.OciManifest, "linux", "arm64")), MediaTypes.OciIndex, "1");
        ImageLocation name = ImageLocation.Parse("example.com/app:1");
        await Inspector.ConfigAsync(name, Platform.Parse("linux/arm64"), CancellationToken.None);
        Assert.Equal(warnings, _log.Warnings.Count);
        await Inspector.LayersAsync(name, Platform.Parse("linux/arm64"), CancellationToken.None);
        Assert.Equal(2 * warnings, _log.Warnings.Count);
        Assert.All(_log.Warnings, warning => Assert.Contains("linux/arm64; its config says linux/amd64", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listing_goes_on_past_an_image_that_is_not_whole()
    {
        _store.AddImage("linux", "amd64", tag: "good");
        string config = Digest.Compute("gone"u8).ToString();
        string broken = _store.AddManifest($"{{\"schemaVersion\":2,\"config\":{{\"mediaType\":\"{MediaTypes.OciConfig}\",\"digest\":\"{config}\",\"size\":4}},\"layers\":[]}}", MediaTypes.OciManifest, "broken");
        _store.AddManifest("{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}", MediaTypes.OciManifest, "twofold");
        _store.AddImage("linux", "arm64", tag: "last");
        List<LocalImage> rows = await new LocalImages(new ImagePlaces(new FixedOpener(_store)), _log).ListAsync(ImageLocation.Parse("example.com/app"), CancellationToken.None).ToListAsync();
        Assert.Equal([true, false, false, true], rows.Select(r => r.ImageId is not null));
        Assert.Equal(broken, rows[1].Digest);
        Assert.Equal(2, _log.Warnings.Count);
    }

    private async Task<ImageDigest[]> DigestsAsync() =>
        [.. await Inspector.DigestsAsync(ImageLocation.Parse("example.com/app:1"), null, true, CancellationToken.None).ToListAsync()];

    private static string Index(params string[] entries) => $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{string.Join(',', entries)}]}}";

    private string Entry(string digest, string mediaType, string os, string architecture, int difference = 0) =>
        $"{{\"mediaType\":\"{mediaType}\",\"digest\":\"{digest}\",\"size\":{_store.SizeOf(digest) + difference},\"platform\":{{\"os\":\"{os}\",\"architecture\":\"{architecture}\"}}}}";
}
