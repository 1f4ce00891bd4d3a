using System.Net;
using System.Text;
using OciTools.Adapters;
using OciTools.Operations;
using OciTools.Stores.Registry;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Whatever an upload endpoint says: a real registry behind it never stores a wrong blob, and a copy that says it is done is.</summary>
public sealed class LyingUploadTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task An_upload_endpoint_that_lies_stores_nothing_wrong_and_hides_nothing() => TellAsync((lie, i) => !lie.InPieces && i % 2 == 0, atLeast: 10);

    [Fact]
    [Trait("Category", "Slow")]
    public Task An_upload_endpoint_that_lies_about_whole_blobs_and_pieces_stores_nothing_wrong_and_hides_nothing() => TellAsync((_, _) => true, atLeast: 30);

    private static async Task TellAsync(Func<UploadLie, int, bool> isTold, int atLeast)
    {
        Figure figure = new("C8, lies of an upload endpoint");
        await using RealRegistry registry = await RealRegistry.StartAsync();
        await using UploadFront front = await UploadFront.StartAsync(registry);
        await using FakeRegistry elsewhere = await FakeRegistry.StartAsync();
        elsewhere.OnRequest = request => request.Method == "PUT" ? new Fault { Status = 201 } : null;
        Random random = new(8);
        int number = 0;
        foreach (UploadLie lie in UploadLies.All(elsewhere.Address).Where(isTold))
        {
            string repository = $"lie{++number}";
            using TempFolder folder = new();
            TestLayout layout = new(folder.Path + "/layout");
            byte[] layer = new byte[lie.InPieces ? 4_400_000 : UploadLies.LayerSize];
            random.NextBytes(layer);
            Digest blob = layout.AddBlob(layer);
            Digest config = layout.AddBlob($$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"note":"{{number}}"}""");
            string manifest = layout.Manifest(config, blob);
            layout.AddEntry(layout.AddBlob(manifest), MediaTypes.OciManifest, "x");

            int told = 0;
            front.Lie = async request =>
            {
                if (lie.InPieces && request is { Method: "PUT", Body.Length: >= UploadLies.LayerSize }) return FrontAnswer.Of(HttpStatusCode.RequestEntityTooLarge);
                FrontAnswer? answer = await lie.Tell(front, request);
                if (answer is not null) told++;
                return answer;
            };
            string? wrong = null;
            bool isDone = false;
            try
            {
                await CopyAsync(layout.Path, $"{front.Host}/{repository}:x").WaitAsync(TimeSpan.FromSeconds(30), Stop);
                isDone = true;
                wrong = await MissingAsync(registry, repository, manifest, layout, [blob, config]) is { } missing ? $"it is done, it says; {missing}" : null;
            }
            catch (OciException e)
            {
                if (lie.IsCured) wrong = $"{e.ErrorId}: {e.Message}";
            }
            catch (TimeoutException)
            {
                wrong = "it does not end";
            }

            if (told == 0) wrong ??= "the lie was not told";

            // the lie leaves nothing that stands in the way of the truth
            front.Lie = null;
            if (!isDone) await CopyAsync(layout.Path, $"{front.Host}/{repository}:x");
            wrong ??= await MissingAsync(registry, repository, manifest, layout, [blob, config]);
            figure.Check(lie.Name, wrong is null, wrong);
        }

        (int count, IReadOnlyList<string> others) = registry.HashStorage();
        Assert.InRange(count, number * 3, number * 4);
        Assert.Empty(others);
        figure.Report(atLeast);
    }

    private static async Task CopyAsync(string layout, string destination)
    {
        await using ImagePlaces places = new(new StoreOpener(() => new ModuleAdapters(), new RegistryAccess()));
        using ImageCopy copy = new(places, TestZstd.Inflate);
        CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"oci:{layout}:x"), ImageLocation.Parse(destination), new CopyOptions(), Stop);
        await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
    }

    // read from the registry itself, past the one that lies
    private static async Task<string?> MissingAsync(RealRegistry registry, string repository, string manifest, TestLayout layout, IEnumerable<Digest> blobs)
    {
        if (!await registry.ServesAsync($"/v2/{repository}/manifests/x", Encoding.UTF8.GetBytes(manifest))) return "the manifest is not there, or another one";
        foreach (Digest blob in blobs)
            if (!await registry.ServesAsync($"/v2/{repository}/blobs/{blob}", await File.ReadAllBytesAsync(layout.PathOf(blob), Stop))) return $"the blob {blob} is not there, or another one";
        return null;
    }
}
