using System.Net;
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
            byte[] layer = new byte[lie.InPieces ? 4_400_000 : UploadLies.LayerSize];
            random.NextBytes(layer);
            LayoutImage image = new(folder, $"{number}", [layer]);

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
                await Copies.CopyAsync(image.Name, $"{front.Host}/{repository}:x").WaitAsync(TimeSpan.FromSeconds(30), Stop);
                isDone = true;
                wrong = await image.MissingAsync(registry, repository) is { } missing ? $"it is done, it says; {missing}" : null;
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
            if (!isDone) await Copies.CopyAsync(image.Name, $"{front.Host}/{repository}:x");
            wrong ??= await image.MissingAsync(registry, repository);
            figure.Check(lie.Name, wrong is null, wrong);
        }

        (int count, IReadOnlyList<string> others) = registry.HashStorage();
        Assert.InRange(count, number * 3, number * 4);
        Assert.Empty(others);
        figure.Report(atLeast);
    }
}
