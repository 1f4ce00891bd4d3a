using OciTools.Operations;
using OciTools.Operations.Comparing;
using OciTools.Operations.Files;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class ArtifactTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_artifact_has_a_manifest_and_blobs_and_is_no_image_to_whoever_asks_for_more()
    {
        MemoryStore store = new();
        string blob = store.AddBlob("{}");
        string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/x","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{blob}}","size":2},"layers":[{"mediaType":"application/x","digest":"{{blob}}","size":2}]}""";
        store.AddManifest(json, MediaTypes.OciManifest, "1");
        await using ImagePlaces places = new(new FixedOpener(store));
        ImageInspector inspector = new(places, new KeptLog());
        ImageLocation image = ImageLocation.Parse("example.com/app:1");
        Assert.Equal("application/x", Assert.Single(await inspector.ManifestsAsync(image, null, all: false, Stop).ToListAsync(Stop)).ArtifactType);
        Assert.Equal(blob, Assert.Single(await inspector.LayersAsync(image, null, Stop)).Digest);

        Func<Task>[] verbs =
        [
            () => inspector.ConfigAsync(image, null, Stop),
            () => inspector.HistoryAsync(image, null, Stop),
            () => ImageFlattening.PlanAsync(inspector, image, null, "/rootfs.tar", isFolder: false, Stop),
            () => new ImageComparison(LayeredImage.Reading).CompareAsync(inspector, image, image, null, ComparedParts.Config, withTime: false, Stop),
        ];
        foreach (Func<Task> verb in verbs) Assert.Equal("NotAnImage", (await Assert.ThrowsAsync<UnsupportedException>(verb)).ErrorId);
    }
}
