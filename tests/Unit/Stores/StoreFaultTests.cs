using System.Text.RegularExpressions;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>Every call to the disk that a copy makes may fail: then the copy fails too, and the layout is what it was.</summary>
public sealed partial class StoreFaultTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task A_call_to_the_disk_that_fails_makes_no_false_success() => FailAsync(1, ("pwrite64", "ENOSPC"));

    [Fact]
    [Trait("Category", "Slow")]
    public Task Any_call_to_the_disk_that_fails_makes_no_false_success() => FailAsync(int.MaxValue,
        [.. from call in new[] { "fsync", "pwrite64", "rename", "mkdir", "flock" } from error in new[] { "EIO", "ENOSPC", "EACCES" } select (call, error)]);

    private async Task FailAsync(int most, params (string Call, string Error)[] faults)
    {
        Figure figure = new("D3, a call to the disk that fails");
        TestLayout source = new(Path.Join(_folder.Path, "source"));
        source.AddEntry(source.AddImage("first").Manifest, MediaTypes.OciManifest, "first");
        source.AddEntry(source.AddImage("second").Manifest, MediaTypes.OciManifest, "second");
        string log = Path.Join(_folder.Path, "log");
        int injected = 0;
        foreach ((string call, string error) in faults)
        {
            // counted in each thread on its own, so that one run may fail in several places
            for (int nth = 1; nth <= most; nth++)
            {
                string target = Path.Join(_folder.Path, $"{call}-{error}-{nth}");
                await StoreChild.CopyAsync($"oci:{source.Path}:first", $"oci:{target}:first", Stop);
                string? says = StoreChild.Run($"oci:{source.Path}:second", $"oci:{target}:second", log, "-e", $"trace={call}", "-e", $"inject={call}:error={error}:when={nth}");
                MatchCollection found = Injected().Matches(await File.ReadAllTextAsync(log, Stop));
                if (found.Count == 0) break;
                injected += found.Count;
                string? wrong = Judge(target, says);
                if (wrong is null)
                {
                    await StoreChild.CopyAsync($"oci:{source.Path}:second", $"oci:{target}:second", Stop);
                    wrong = Judge(target, "copied");
                }

                figure.Check($"{call}, {error}, {nth}", wrong is null, wrong);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{injected} calls failed");
        figure.Report(faults.Length);
    }

    private static string? Judge(string target, string? says)
    {
        if (says is not ("copied" or "WriteFailed" or "ReadFailed")) return says ?? "the process ended before";

        // the locks may be held for a moment still, and are no part of the layout
        Dictionary<string, byte[]> files = Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/.ocitools/", StringComparison.Ordinal)).ToDictionary(path => Path.GetRelativePath(target, path), File.ReadAllBytes);
        string? broken = LayoutProof.Check(name => files.GetValueOrDefault(name), out IReadOnlyList<string> names);
        if (broken is not null) return broken;
        if (!names.Contains("first")) return "what was there is gone";
        return says == "copied" && !names.Contains("second") ? "a success without the image" : null;
    }

    [GeneratedRegex(@"\(INJECTED\)")]
    private static partial Regex Injected();
}
