using System.Globalization;
using OciTools.Operations;
using OciTools.Operations.Clearing;
using OciTools.UnitTests.Engine;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>What of an engine is cleared, and what becomes of the rest where something cannot be.</summary>
public sealed class EngineClearingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(409, "ImageInUse")]
    [InlineData(404, "ImageNotFound")]
    [InlineData(500, "ServerFailed")]
    public async Task One_image_that_stays_does_not_keep_the_others(int status, string error)
    {
        await using ScriptedEngine engine = await StartAsync([.. Enumerable.Range(1, 3).Select(i => $$"""{"Id":"{{Id(i)}}","ParentId":"","RepoTags":[],"RepoDigests":[],"Created":1795539569,"Size":1}""")], "");
        foreach (int i in (int[])[1, 2, 3])
            engine.On($"/images/{Id(i)}/json", $$"""{"Id":"{{Id(i)}}"}""").On($"/images/{Id(i)}", i == 2 ? """{"message":"no"}""" : $$"""[{"Deleted":"{{Id(i)}}"}]""", i == 2 ? status : 200);
        (List<string?> removed, List<string> failed) = await ClearAsync(engine);
        Assert.Equal([Id(1), Id(3)], removed);
        Assert.Equal([error], failed);
    }

    [Fact]
    public async Task What_others_were_made_from_comes_after_them_however_long_the_chain()
    {
        const int Count = 50_000;
        await using ScriptedEngine engine = await StartAsync([], string.Join(',', Enumerable.Range(0, Count).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $$"""{"ID":"r{{i}}","Parents":[{{(i == 0 ? "" : $"\"r{i - 1}\"")}}],"Size":1}"""))));
        await using ImagePlaces places = new(new FixedOpener(await engine.OpenAsync()));
        ClearingPlan plan = await new StoreClearing(places, new KeptLog()).PlanAsync(ImageLocation.Engine, new ClearingChoices(false, null, ClearingFilter.Parse([])), Stop);
        Assert.Equal(Enumerable.Range(0, Count).Reverse().Select(i => string.Create(CultureInfo.InvariantCulture, $"r{i}")), plan.Items.Select(item => item.Digest));
    }

    [Fact]
    public async Task What_claims_to_be_made_from_itself_stays_and_so_does_what_it_was_made_from()
    {
        await using ScriptedEngine engine = await StartAsync([], """{"ID":"below","Parents":[],"Size":1},{"ID":"a","Parents":["b","below"],"Size":1},{"ID":"b","Parents":["a"],"Size":1},{"ID":"free","Parents":["b"],"Size":1}""");
        await using ImagePlaces places = new(new FixedOpener(await engine.OpenAsync()));
        ClearingPlan plan = await new StoreClearing(places, new KeptLog()).PlanAsync(ImageLocation.Engine, new ClearingChoices(false, null, ClearingFilter.Parse([])), Stop);
        Assert.Equal(["free"], plan.Items.Select(item => item.Digest));
    }

    private static string Id(int number) => "sha256:" + number.ToString("x64", CultureInfo.InvariantCulture);

    private static async Task<ScriptedEngine> StartAsync(string[] images, string cache) => (await ScriptedEngine.StartAsync("1.43"))
        .On("/images/json", $"[{string.Join(',', images)}]")
        .On("/system/df", $$"""{"Images":[],"BuildCache":[{{cache}}]}""")
        .On("/containers/json", "[]");

    private static async Task<(List<string?> Removed, List<string> Failed)> ClearAsync(ScriptedEngine engine)
    {
        await using ImagePlaces places = new(new FixedOpener(await engine.OpenAsync()));
        ClearingPlan plan = await new StoreClearing(places, new KeptLog()).PlanAsync(ImageLocation.Engine, new ClearingChoices(false, null, ClearingFilter.Parse([])), Stop);
        List<string?> removed = [];
        List<string> failed = [];
        await plan.RunAsync([.. Enumerable.Range(0, plan.Items.Count)], item => removed.Add(item.Digest), (_, error) => failed.Add(error.ErrorId), Stop);
        return (removed, failed);
    }
}
