using System.Text;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class RegistryFaultTests : IDisposable
{
    private static readonly RegistryAccess s_access = RegistrySession.Access with { Pace = new BodyPace { IdleTimeout = TimeSpan.FromMilliseconds(200), Window = TimeSpan.FromMilliseconds(500), WindowBytes = 1024 } };

    // what only the registry can say, and no digest proves: whether a blob is there and its size, a part of one, the names in a list, and what a
    // tag stands for as long as that is not read
    private static readonly HashSet<string> s_claims =
    [
        "status 404, presence", "empty, presence", "a page, presence", "one byte more, presence", "a bit changed, part", "a bit changed, tags", "another digest in the header, resolve",
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 384)]
    [InlineData(true, 384)]
    public async Task Whatever_goes_wrong_the_result_is_right_or_an_error_says_what(bool always, int atLeast)
    {
        Figure figure = new($"C2, faults {(always ? "of every answer" : "of one answer")} and operations");
        int number = 0;
        await Parallel.ForEachAsync(Faults(), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (fault, _) =>
        {
            foreach ((string operation, Func<RegistryWorld, Task<string>> run) in RegistryWorld.Operations)
            {
                await using FakeRegistry registry = await FakeRegistry.StartAsync();
                await using FakeRegistry storage = await FakeRegistry.StartAsync();
                RegistryWorld world = new(registry, storage, Path.Join(_folder.Path, $"{Interlocked.Increment(ref number)}"), s_access, new JumpingTime(DateTimeOffset.UtcNow));
                await using (world.Places)
                {
                    // what comes before is in order
                    if (operation is "again" or "tag" or "push") await world.PreparePushAsync(operation == "push");
                    int asked = 0;
                    world.Uploads.Before = request => request.Path is "/v2/" || (Interlocked.Increment(ref asked) > 1 && !always) ? null : fault.Make(request);
                    string found = await world.OutcomeAsync(run);
                    string cell = $"{fault.Name}, {operation}";
                    figure.Check(cell, found != "hangs" && (found != "wrong" || s_claims.Contains(cell)), found);
                    world.Uploads.Before = null;
                }
            }
        });
        figure.Report(atLeast);
    }

    private static IEnumerable<(string Name, Func<ReceivedRequest, Fault?> Make)> Faults()
    {
        yield return ("reset", _ => new Fault { Reset = true });
        foreach (int status in (int[])[400, 401, 403, 404, 405, 408, 416, 500, 502, 503, 504]) yield return ($"status {status}", _ => new Fault { Status = status });
        yield return ("429 with a date", _ => new Fault { Status = 429, Headers = Headers(("Retry-After", DateTimeOffset.UtcNow.AddSeconds(1).ToString("r"))) });
        yield return ("redirect to itself", request => Fault.Redirect(request.Path));
        yield return ("redirect to a metadata address", _ => Fault.Redirect("http://169.254.169.254/latest"));
        yield return ("redirect without a place", _ => new Fault { Status = 302 });
        yield return ("cut in the middle", _ => new Fault { CutAt = 3 });
        yield return ("stalled in the middle", _ => new Fault { StallAt = 3 });
        yield return ("empty", _ => new Fault { Body = _ => [] });
        yield return ("a page", _ => new Fault { Status = 200, Body = _ => Encoding.UTF8.GetBytes("<html>sign in</html>"), Headers = Headers(("Content-Type", "text/html")) });
        yield return ("a bit changed", _ => new Fault { Body = body => [.. body.Select((b, i) => i == body.Length / 2 ? (byte)(b ^ 1) : b)] });
        yield return ("one byte more", _ => new Fault { Body = body => [.. body, 1] });
        yield return ("another digest in the header", _ => new Fault { Headers = Headers(("Docker-Content-Digest", Digest.Compute([42]).ToString())) });
        yield return ("compressed without being asked", _ => new Fault { Headers = Headers(("Content-Encoding", "gzip")) });
    }

    private static Dictionary<string, string?> Headers(params (string Name, string? Value)[] pairs) => pairs.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
}
