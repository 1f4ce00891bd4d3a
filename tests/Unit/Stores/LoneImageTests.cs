using OciTools.Stores.Layout;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>A layout alone means the one image in it, whatever has an entry because it refers to that image.</summary>
public sealed class LoneImageTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestLayout _layout;

    public LoneImageTests() => _layout = new TestLayout(Path.Join(_folder.Path, "layout"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_refers_to_the_image_is_not_the_image()
    {
        Digest image = _layout.AddImage("app").Manifest;
        Digest signature = AddReferrer("signature", image, MediaTypes.OciManifest);
        Digest ofSignature = AddReferrer("of the signature", signature, MediaTypes.OciManifest);
        _layout.AddEntry(signature, MediaTypes.OciManifest);
        _layout.AddEntry(image, MediaTypes.OciManifest);
        _layout.AddEntry(ofSignature, MediaTypes.OciManifest, "named");
        Assert.Equal(image, await ResolveAsync());

        // cosign's manifest says nothing, and its name all
        _layout.AddEntry(_layout.AddImage("cosign").Manifest, MediaTypes.OciManifest, $"sha256-{image.Hex}.sig");
        Assert.Equal(image, await ResolveAsync());
    }

    [Fact]
    public async Task What_refers_to_a_platform_is_not_the_index()
    {
        Digest child = _layout.AddImage("amd64").Manifest;
        Digest index = _layout.AddIndex(_layout.Describe(child, MediaTypes.OciManifest));
        _layout.AddEntry(AddReferrer("sbom", child, MediaTypes.OciManifest), MediaTypes.OciManifest);
        _layout.AddEntry(index, MediaTypes.OciIndex);
        Assert.Equal(index, await ResolveAsync());
    }

    [Theory]
    [InlineData("another image")]
    [InlineData("a referrer of what is not there")]
    [InlineData("a signature by name of what is not there")]
    [InlineData("a document that is damaged")]
    public async Task With_anything_else_beside_it_a_name_is_needed(string other)
    {
        Digest image = _layout.AddImage("app").Manifest;
        _layout.AddEntry(image, MediaTypes.OciManifest);
        _layout.AddEntry(AddReferrer("signature", image, MediaTypes.OciManifest), MediaTypes.OciManifest);
        Digest more = _layout.AddImage("more", other == "a referrer of what is not there"
            ? $$""","subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Digest.Compute([1])}}","size":1}"""
            : other == "a document that is damaged" ? $",\"subject\":{_layout.Describe(image, MediaTypes.OciManifest)}" : "").Manifest;
        _layout.AddEntry(more, MediaTypes.OciManifest, other == "a signature by name of what is not there" ? $"sha256-{Digest.Compute([1]).Hex}.sig" : null);
        if (other == "a document that is damaged") await File.WriteAllTextAsync(_layout.PathOf(more), "damaged", Stop);
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(ResolveAsync);
        Assert.Equal("AmbiguousImage", error.ErrorId);
    }

    private Digest AddReferrer(string content, Digest subject, string mediaType) =>
        _layout.AddImage(content, $",\"subject\":{_layout.Describe(subject, mediaType)}").Manifest;

    private async Task<Digest> ResolveAsync()
    {
        await using OciLayoutStore store = OciLayoutStore.OpenTarget(_layout.Path);
        return (await store.ResolveAsync(ImageLocation.Parse($"oci:{_layout.Path}"), Stop)).Manifest!.GetDigest();
    }
}
