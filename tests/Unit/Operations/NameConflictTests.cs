using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.Stores.Layout;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>A name is taken only from what was agreed to.</summary>
public sealed class NameConflictTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_name_is_not_taken_without_a_yes_nor_from_what_took_it_after_the_question()
    {
        TestLayout layout = new(Path.Join(_folder.Path, "layout"));
        Digest[] images = [.. Enumerable.Range(0, 3).Select(i => layout.AddImage($"{i}").Manifest)];
        foreach ((Digest image, string name) in images.Zip(["x", "second", "third"])) layout.AddEntry(image, MediaTypes.OciManifest, name);
        await using ImagePlaces places = Copies.Places();
        using ImageCopy copy = new(places, TestZstd.Inflate);
        CopyPlan plan = await PlanAsync("second", replace: false);
        NameConflict conflict = Assert.Single(plan.Conflicts);
        Assert.Equal($"{At("x")} is {images[0]} now and would be {images[1]}. Take the name?", conflict.Question);
        Assert.Equal("TagExists", (await Assert.ThrowsAsync<ConflictException>(() => ImageCopy.RunAsync(plan, NoProgress.Instance, Stop))).ErrorId);
        Assert.Equal(images[0], await HolderAsync());

        // somebody takes it while the question is open
        CopyPlan other = await PlanAsync("third", replace: true);
        Assert.Empty(other.Conflicts);
        await ImageCopy.RunAsync(other, NoProgress.Instance, Stop);
        conflict.Agree();
        Assert.Equal("TagMoved", (await Assert.ThrowsAsync<ConflictException>(() => ImageCopy.RunAsync(plan, NoProgress.Instance, Stop))).ErrorId);
        Assert.Equal(images[2], await HolderAsync());

        plan = await PlanAsync("second", replace: false);
        plan.Conflicts[0].Agree();
        await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
        Assert.Equal(images[1], await HolderAsync());
        Assert.Empty((await PlanAsync("second", replace: false)).Conflicts);

        ImageLocation At(string name) => ImageLocation.Parse($"oci:{layout.Path}:{name}");

        Task<CopyPlan> PlanAsync(string source, bool replace) =>
            copy.PlanAsync(new ImageInspector(places, new KeptLog()), At(source), At("x"), new CopyOptions { Replace = replace }, Stop);

        async Task<Digest> HolderAsync()
        {
            await using OciLayoutStore store = OciLayoutStore.OpenTarget(layout.Path);
            return (await store.ResolveAsync(At("x"), Stop)).Manifest!.GetDigest();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_that_several_images_have_is_not_free(bool replace)
    {
        TestLayout layout = new(Path.Join(_folder.Path, "layout"));
        foreach (string name in (string[])["x", "x", "other"]) layout.AddEntry(layout.AddImage($"{Guid.NewGuid()}").Manifest, MediaTypes.OciManifest, name);
        string before = await File.ReadAllTextAsync(layout.IndexPath, Stop);
        await using ImagePlaces places = Copies.Places();
        using ImageCopy copy = new(places, TestZstd.Inflate);
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => copy.PlanAsync(new ImageInspector(places, new KeptLog()),
            ImageLocation.Parse($"oci:{layout.Path}:other"), ImageLocation.Parse($"oci:{layout.Path}:x"), new CopyOptions { Replace = replace }, Stop));
        Assert.Equal("AmbiguousImage", error.ErrorId);
        Assert.Equal(before, await File.ReadAllTextAsync(layout.IndexPath, Stop));
    }
}
