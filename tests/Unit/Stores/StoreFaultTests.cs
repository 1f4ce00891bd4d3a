using System.Text.RegularExpressions;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>Every call to the disk that a copy makes may fail: then the copy fails too, and the layout is what it was.</summary>
public sealed partial class StoreFaultTests : IDisposable
{
    // All that changes something; what a copy does not use is seen not to be used. Where strace lets close fail it is not done at all, which
    // no system does and which keeps every lock, so that has a test of its own.
    private static readonly string[] s_calls =
    [
        "write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
        "mkdir", "mkdirat", "rmdir", "truncate", "ftruncate", "fallocate", "fchmod", "fchmodat", "flock",
    ];

    private readonly TempFolder _folder = new();
    private int _runs;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_call_to_the_disk_that_fails_makes_no_false_success()
    {
        (TestLayout source, Figure figure) = (NewSource(), new Figure("D3, a call to the disk that fails"));
        await RunAsync(figure, $"oci:{source.Path}", "pwrite64", "ENOSPC", 1, isNew: false);
        figure.Report(1);
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Any_call_to_the_disk_of_a_pull_that_fails_makes_no_false_success(bool isNew)
    {
        TestLayout source = NewSource();
        await using RealRegistry registry = await RealRegistry.StartAsync();
        string image = $"docker://{registry.Host}/app";
        foreach (string name in new[] { "first", "second" }) await Copies.CopyAsync($"oci:{source.Path}:{name}", $"{image}:{name}");

        // the places where a pull calls the disk, as a run without a fault shows them
        string target = Path.Join(_folder.Path, "clean");
        string log = Path.Join(_folder.Path, "clean.log");
        if (!isNew) await Copies.CopyAsync($"{image}:first", $"oci:{target}:first");
        Assert.Equal("copied", StoreChild.Run($"{image}:second", $"oci:{target}:second", log, "-y", "-e", $"trace={string.Join(',', s_calls)}"));
        HashSet<string> places = [.. Calls(await File.ReadAllTextAsync(log, Stop), target).Select(call => call.Place)];
        string[] used = [.. s_calls.Where(call => places.Any(place => IsOf(place, call)))];

        string what = isNew ? "of a pull into a new layout" : "of a pull";
        Figure figure = new($"D3, calls to the disk {what} that fail");
        Figure all = new($"D3, places {what} that call the disk, each with each error");
        foreach (string call in used)
        {
            foreach (string error in isNew ? new[] { "EIO" } : ["EIO", "ENOSPC", "EACCES"])
            {
                HashSet<string> missing = [.. places.Where(place => IsOf(place, call))];
                HashSet<string> wanted = [.. missing];

                // which thread makes which call is another one in each run, so that some places are met only by their path, or later
                for (int pass = 0; pass < 40 && missing.Count > 0; pass++)
                {
                    for (int nth = 1; pass == 0 || missing.Count > 0; nth++)
                        if (await RunAsync(figure, image, call, error, nth, isNew) is { } failed) missing.ExceptWith(failed);
                        else break;
                    foreach (string place in missing.Where(place => !place.Contains('*', StringComparison.Ordinal)).ToArray())
                        if (await RunAsync(figure, image, call, error, 1, isNew, place[(call.Length + 1)..]) is { } failed) missing.ExceptWith(failed);
                }

                foreach (string place in wanted) all.Check($"{place}, {error}", !missing.Contains(place), "never failed");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"calls: {string.Join(", ", used)}; places: {string.Join("; ", places.Order(StringComparer.Ordinal))}");
        Assert.Superset(new HashSet<string>(["pwrite64", "fsync", "rename", "flock"]), used.ToHashSet(StringComparer.Ordinal));
        figure.Report(isNew ? 30 : 100);
        all.Report(isNew ? 20 : 50);
    }

    [Fact]
    public async Task The_disk_begins_with_a_large_blob_while_it_comes_and_need_not()
    {
        TestLayout source = new(Path.Join(_folder.Path, "large"));
        string manifest = source.Manifest(source.AddConfig("large"), [source.AddBlob(new byte[20 * 1024 * 1024])]);
        source.AddEntry(source.AddBlob(manifest), MediaTypes.OciManifest, "second");
        foreach (string inject in new[] { "delay_enter=1", "error=EIO", "error=ENOSYS" })
        {
            string target = Path.Join(_folder.Path, $"{_runs++}");
            string log = target + ".log";
            Assert.Equal("copied", StoreChild.Run($"oci:{source.Path}:second", $"oci:{target}:second", log, "-e", "trace=sync_file_range", "-e", $"inject=sync_file_range:{inject}"));
            Assert.Equal(2, (await File.ReadAllLinesAsync(log, Stop)).Count(line => Call().Match(line).Groups[1].Value == "sync_file_range"));
            Assert.Null(Judge(target, "copied", isNew: true));
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Files_whose_closing_fails_are_on_the_disk_all_the_same()
    {
        if (OperatingSystem.IsWindows() || !File.Exists("/usr/bin/gcc")) Assert.Skip("A failing close needs a library, and that a compiler.");
        string library = Path.Join(_folder.Path, "close.so");
        await File.WriteAllTextAsync(library + ".c", """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <fcntl.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <unistd.h>
            int close(int fd)
            {
                static int (*real)(int);
                if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
                const char *target = getenv("CLOSE_TARGET");
                char link[64], path[4096];
                snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
                ssize_t length = target ? readlink(link, path, sizeof path - 1) : -1;
                int result = real(fd);
                if (length < 0) return result;
                path[length] = 0;
                if (strncmp(path, target, strlen(target)) || path[strlen(target)] == '.') return result;
                int log = open(getenv("CLOSE_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
                dprintf(log, "close %s\n", path + strlen(target));
                real(log);
                errno = atoi(getenv("CLOSE_ERROR"));
                return -1;
            }
            """, Stop);
        using (System.Diagnostics.Process compiler = Tool.Start(new System.Diagnostics.ProcessStartInfo("gcc", ["-shared", "-fPIC", "-o", library, library + ".c", "-ldl"])))
        {
            await compiler.WaitForExitAsync(Stop);
            Assert.Equal(0, compiler.ExitCode);
        }

        TestLayout source = NewSource();
        Figure figure = new("D3, files of a layout whose closing fails");
        foreach ((string error, int number) in new[] { ("EIO", 5), ("ENOSPC", 28) })
        {
            string target = Path.Join(_folder.Path, error);
            string log = Path.Join(_folder.Path, error + ".closed");
            string? says = StoreChild.Run($"oci:{source.Path}:second", $"oci:{target}:second", log + ".strace", "-e", "trace=none",
                "-E", $"LD_PRELOAD={library}", "-E", $"CLOSE_TARGET={target}", "-E", $"CLOSE_LOG={log}", "-E", $"CLOSE_ERROR={number}");
            string? wrong = Judge(target, says, isNew: true);
            string[] closed = await File.ReadAllLinesAsync(log, Stop);
            foreach (string name in closed) figure.Check($"{name}, {error}", wrong is null && says == "copied", wrong ?? says);
            foreach (string name in new[] { "close /.ocitools/", "close /blobs/", "close /index.json" }) Assert.Contains(closed, one => one.StartsWith(name, StringComparison.Ordinal));
        }

        figure.Report(20);
    }

    private TestLayout NewSource()
    {
        TestLayout source = new(Path.Join(_folder.Path, "source"));
        source.AddEntry(source.AddImage("first").Manifest, MediaTypes.OciManifest, "first");
        source.AddEntry(source.AddImage("second").Manifest, MediaTypes.OciManifest, "second");
        return source;
    }

    private static bool IsOf(string place, string call) => place.StartsWith(call + " ", StringComparison.Ordinal);

    // Lets the nth call fail, which is counted in each thread on its own, or that of one path in the layout. Gives the places where that was;
    // null where there is none any more.
    private async Task<HashSet<string>?> RunAsync(Figure figure, string source, string call, string error, int nth, bool isNew, string? path = null)
    {
        string target = Path.Join(_folder.Path, $"{_runs++}");
        string log = target + ".log";
        if (!isNew) await Copies.CopyAsync($"{source}:first", $"oci:{target}:first");
        string? says = StoreChild.Run($"{source}:second", $"oci:{target}:second", log,
            ["-y", "-e", $"trace={call}", "-e", $"inject={call}:error={error}:when={nth}", .. path is null ? Array.Empty<string>() : ["-P", target + path]]);
        string text = await File.ReadAllTextAsync(log, Stop);
        if (!text.Contains("(INJECTED)", StringComparison.Ordinal)) return null;

        string? wrong = Judge(target, says, isNew);
        if (wrong is null)
        {
            await Copies.CopyAsync($"{source}:second", $"oci:{target}:second");
            wrong = Judge(target, "copied", isNew);
        }

        figure.Check($"{call}, {error}, {nth}", wrong is null, wrong);
        HashSet<string> failed = [.. Calls(text, target).Where(one => one.IsInjected).Select(one => one.Place)];
        File.Delete(log);
        if (wrong is null && Directory.Exists(target)) Directory.Delete(target, recursive: true);
        return failed;
    }

    // The calls of a log that have to do with the layout. The place is the call and the path in it, without what is another one in each run.
    private static IEnumerable<(string Place, bool IsInjected)> Calls(string log, string target)
    {
        Dictionary<string, string> open = new(StringComparer.Ordinal);
        foreach (string line in log.Split('\n'))
        {
            string thread = line.Split(' ')[0];
            string text = line;
            if (line.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                open[thread] = line;
                continue;
            }

            if (Resumed().IsMatch(line) && open.Remove(thread, out string? start)) text = start + line;
            Match call = Call().Match(text);
            string[] paths = [.. Regex.Matches(text, Regex.Escape(target) + "(/[^\"<>]*)?(?=[\"<>])").Select(found => Digits().Replace(found.Groups[1].Value, "*"))];
            if (call.Success && paths.Length > 0) yield return ($"{call.Groups[1].Value} {string.Join(" to ", paths)}", text.Contains("(INJECTED)", StringComparison.Ordinal));
        }
    }

    private static string? Judge(string target, string? says, bool isNew)
    {
        if (says is not ("copied" or "WriteFailed" or "ReadFailed")) return says ?? "the process ended before";

        // the locks may be held for a moment still, and are no part of the layout
        if (!Directory.Exists(target)) return isNew && says != "copied" ? null : "nothing is there";
        Dictionary<string, byte[]> files = Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/.ocitools/", StringComparison.Ordinal)).ToDictionary(path => Path.GetRelativePath(target, path), File.ReadAllBytes);
        string? broken = LayoutProof.Check(name => files.GetValueOrDefault(name), out IReadOnlyList<string> names);
        if (broken is not null) return broken;
        if (!isNew && !names.Contains("first")) return "what was there is gone";
        return says == "copied" && !names.Contains("second") ? "a success without the image" : null;
    }

    [GeneratedRegex(@"^\d+ +(\w+)\(")]
    private static partial Regex Call();

    [GeneratedRegex(@"^\d+ +<\.\.\. \w+ resumed>")]
    private static partial Regex Resumed();

    // digests and random names
    [GeneratedRegex(@"[0-9a-f]{64}|[a-z0-9]{8}\.[a-z0-9]{3}(?=\.(partial|lease))")]
    private static partial Regex Digits();
}
