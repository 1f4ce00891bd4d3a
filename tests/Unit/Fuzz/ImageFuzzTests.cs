using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using OciTools.Operations;
using OciTools.Operations.Files;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Fuzz;

/// <summary>
/// Whole images in which a tar, compressed bytes, the config or the manifest were changed by chance, read, merged, listed, their files
/// read, and flattened: only errors of the catalogue come out, in time, and what is listed, read and flattened is the same.
/// </summary>
/// <remarks>
/// A case is made of the seed and its number alone. For a long run of this class:
/// <code>OCITOOLS_FUZZ_SECONDS=3600 OCITOOLS_FUZZ_SEED=7 OciTools.UnitTests -class '*ImageFuzzTests'</code>
/// goes on for so many seconds from case 0 of that seed, and holds each case also against the limit of memory, which other tests in the same
/// process would disturb. OCITOOLS_FUZZ_CASE=NUMBER runs that one case.
/// </remarks>
public sealed class ImageFuzzTests
{
    private const int Cases = 20_000;
    private const int DefaultSeed = 20261124;
    private const long MostMemory = 64L << 20;
    private const long MaximumSize = 4L << 20;

    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Only_errors_of_the_catalogue_come_out_of_changed_images()
    {
        int seed = Number("OCITOOLS_FUZZ_SEED") ?? DefaultSeed;
        int? seconds = Number("OCITOOLS_FUZZ_SECONDS");
        int? only = Number("OCITOOLS_FUZZ_CASE");
        int first = only ?? 0;
        int end = only + 1 ?? (seconds is null ? Cases : int.MaxValue);
        Stopwatch clock = Stopwatch.StartNew();
        Outcomes outcomes = new();
        using TempFolder folder = new();
        ParallelOptions options = new() { MaxDegreeOfParallelism = seconds is null ? Environment.ProcessorCount : 1, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(first, end - first).TakeWhile(_ => seconds is null || clock.Elapsed.TotalSeconds < seconds), options, async (number, _) =>
        {
            Interlocked.Increment(ref outcomes.Total);
            long before = GC.GetTotalAllocatedBytes();
            string? fault = await RunAsync(seed, number, folder.Path, outcomes);
            long memory = GC.GetTotalAllocatedBytes() - before;
            if (seconds is not null && memory > MostMemory) fault ??= $"took {memory} bytes of memory";
            if (fault is not null) outcomes.Faults.Enqueue($"OCITOOLS_FUZZ_SEED={seed} OCITOOLS_FUZZ_CASE={number}: {fault}");
        });

        string line = $"Changed images: tried {outcomes.Total}, held {outcomes.Total - outcomes.Faults.Count} ({outcomes.Taken} taken, {outcomes.Refused} refused, {outcomes.Flattened} flattened twice)";
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Assert.True(outcomes.Faults.IsEmpty, line + Environment.NewLine + string.Join(Environment.NewLine, outcomes.Faults.Take(20)));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        if (only is null) Assert.True(outcomes is { Taken: > 0, Refused: > 0, Flattened: > 0 }, line);
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    private static async Task<string?> RunAsync(int seed, int number, string folder, Outcomes outcomes)
    {
        Random random = new(unchecked((seed * 486187739) + number));
        FuzzedImage image = new(random);
        using CancellationTokenSource timeout = new(s_most);
        try
        {
            string? fault = await UseAsync(image, random, folder, number, outcomes, timeout.Token).WaitAsync(s_most + TimeSpan.FromSeconds(10), CancellationToken.None);
            Interlocked.Increment(ref outcomes.Taken);
            if (image is { IsStale: true, IsChanged: true }) return $"{image.Kind}: the change was not found";
            return fault;
        }
        catch (OciException e)
        {
            Interlocked.Increment(ref outcomes.Refused);
            return e.Message.Length < 4000 && !e.Message.Any(char.IsControl) ? null : "a message that is too long, or has control characters";
        }
#pragma warning disable CA1031 // whatever it is, it is what is looked for
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"{image.Kind}: {e}";
        }
    }

    private static async Task<string?> UseAsync(FuzzedImage image, Random random, string folder, int number, Outcomes outcomes, CancellationToken stop)
    {
        LayerReading reading = new(TestZstd.Inflate, MaximumSize, NoProgress.Instance);
        ImageFile[] files = await ListAsync(image.Store, reading, stop);
        // a whiteout is listed beside what it hides, and is no file of the image
        ImageFile[] visible = [.. files.Where(f => f is { HiddenByLayer: null, Type: not ("Whiteout" or "OpaqueWhiteout") })];
        foreach (ImageFile file in visible.Where(f => f.Type == "File").Take(random.Next(3)))
        {
            string content = await HashAsync(image.Store, file, stop);
            if (content != file.Digest) return $"{file.FilePath} is listed with {file.Digest} and read as {content}";
        }

        if (random.Next(8) > 0) return null;
        Interlocked.Increment(ref outcomes.Flattened);
        byte[] once = await FlattenAsync(image.Store, reading, Path.Join(folder, $"{number}.tar"), stop);
        MemoryStore flat = new();
        string digest = Digest.Compute(once).ToString();
        flat.AddLayerBytes(digest, once);
        flat.AddImageOf("1.0", [(digest, once.Length, MediaTypes.OciLayer)], [digest]);
        byte[] twice = await FlattenAsync(flat, reading, Path.Join(folder, $"{number}.tar"), stop);
        if (!once.AsSpan().SequenceEqual(twice)) return "flattened twice it is something else";
        string[] listed = [.. visible.Where(f => f.Layer is not null || f.FilePath != "/").Select(Describe)];
        string[] relisted = [.. (await ListAsync(flat, reading, stop)).Where(f => f.Layer is not null || f.FilePath != "/").Select(Describe)];
        return listed.SequenceEqual(relisted) ? null : $"flattened it lists otherwise: {string.Join(", ", listed.Except(relisted).Concat(relisted.Except(listed)).Take(4))}";
    }

    private static string Describe(ImageFile f) =>
        $"{Convert.ToHexString(f.FilePathBytes)} {f.FilePath} {f.Type} {f.Permissions} {f.UserId}:{f.GroupId} {f.Size} {f.Modified?.Ticks} {f.LinkTarget} {f.Device} {string.Join(',', f.Attributes)} {f.Digest}";

    private static async Task<ImageFile[]> ListAsync(MemoryStore store, LayerReading reading, CancellationToken stop)
    {
        await using ImagePlaces places = new(new FixedOpener(store));
        FileSelection all = new() { WithDigest = true, IncludeHidden = true };
        return [.. await new FileListing(new ImageInspector(places, new KeptLog()), reading).ListAsync(LayeredImage.Name, null, all, stop)];
    }

    private static async Task<string> HashAsync(MemoryStore store, ImageFile file, CancellationToken stop)
    {
        await using ImagePlaces places = new(new FixedOpener(store));
        await using FileContents contents = new(TestZstd.Inflate, MaximumSize);
        await using OpenedFiles found = await contents.OpenAsync(new ImageInspector(places, new KeptLog()), LayeredImage.Name, null, file.FilePath, true, NoProgress.Instance, stop);
        await using Stream stream = Assert.Single(found.Files).Open();
        return "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, stop));
    }

    private static async Task<byte[]> FlattenAsync(MemoryStore store, LayerReading reading, string path, CancellationToken stop)
    {
        await using ImagePlaces places = new(new FixedOpener(store));
        ImageFlattening.Plan plan = await ImageFlattening.PlanAsync(new ImageInspector(places, new KeptLog()), LayeredImage.Name, null, path, false, stop);
        await new ImageFlattening(reading).WriteAsync(plan, false, stop);
        byte[] tar = await File.ReadAllBytesAsync(path, stop);
        File.Delete(path);
        return tar;
    }

    private sealed class Outcomes
    {
        internal int Total;
        internal int Taken;
        internal int Refused;
        internal int Flattened;

        internal System.Collections.Concurrent.ConcurrentQueue<string> Faults { get; } = new();

    }
}
