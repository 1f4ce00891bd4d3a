using System.Diagnostics;
using OciTools.Operations;
using OciTools.Operations.Comparing;
using OciTools.Operations.Files;
using OciTools.Operations.Layers;
using OciTools.UnitTests.Expanding;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>Whatever reads layers ends at once when it is stopped, and leaves neither a file nor an open stream.</summary>
public sealed class StoppedReadingTests : IDisposable
{
    private const int Moments = 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("ocitools-stopped-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("list")]
    [InlineData("list with hashes")]
    [InlineData("content")]
    [InlineData("flatten")]
    [InlineData("compare")]
    [InlineData("export")]
    public async Task Reading_stops_at_any_moment(string what)
    {
        LayeredImage image = new([.. Enumerable.Range(0, 4).Select(Layer)], gzip: true);
        image.Add("2.0", Layer(0), Layer(7));
        long bytes = image.Digests.Sum(digest => (long)image.Store.BytesOf(digest).Length);
        Figure figure = new($"F5, {what}");
        for (int i = 0; i < Moments; i++)
        {
            using CancellationTokenSource stop = new();
            long stopped = 0;
            using CancellationTokenRegistration registration = stop.Token.Register(() => stopped = Stopwatch.GetTimestamp());
            FaultyStore store = new(image.Store, (_, _, stream) => stream);
            string? wrong = "not stopped";
            try
            {
                await RunAsync(what, store, image, new StoppingProgress(stop, bytes * i / Moments / 2), stop.Token);
            }
            catch (OperationCanceledException)
            {
                TimeSpan time = Stopwatch.GetElapsedTime(stopped);
                wrong = time < TimeSpan.FromSeconds(2) ? null : $"ended {time} later";
            }

            // a layer that was written and proved before stays
            string[] left = [.. Directory.GetFileSystemEntries(_folder).Where(path => what != "export" || Path.GetFileName(path).StartsWith('.'))];
            foreach (string whole in Directory.GetFiles(_folder, "sha256-*")) File.Delete(whole);
            if (left.Length > 0) wrong = $"{wrong} and left {string.Join(", ", left)}";
            if (store.Open > 0) wrong = $"{wrong} and {store.Open} streams are open";
            figure.Check($"{what} at {i}/{Moments}", wrong is null, wrong);
        }

        figure.Report(Moments);
    }

    private async Task RunAsync(string what, FaultyStore store, LayeredImage image, ITransferProgress progress, CancellationToken stop)
    {
        ImageInspector inspector = new(new ImagePlaces(new FixedOpener(store)), image.Log);
        LayerReading reading = LayeredImage.Reading with { Progress = progress };
        switch (what)
        {
            case "list" or "list with hashes":
                foreach (ImageFile file in await new FileListing(inspector, reading).ListAsync(LayeredImage.Name, null, new FileSelection { WithDigest = what != "list" }, stop)) Assert.NotNull(file.FilePath);
                break;
            case "content":
                await using (FileContents contents = new(reading.InflateZstd, null))
                {
                    await using OpenedFiles opened = await contents.OpenAsync(inspector, LayeredImage.Name, null, "/d0/*", false, progress, stop);
                    foreach (FileContent file in opened.Files) await file.SaveAsync(Path.Join(_folder, "content"), true, stop);
                }

                break;
            case "flatten":
                ImageFlattening.Plan plan = await ImageFlattening.PlanAsync(inspector, LayeredImage.Name, null, Path.Join(_folder, "flat.tar"), false, stop);
                await new ImageFlattening(reading).WriteAsync(plan, false, stop);
                break;
            case "compare":
                Assert.NotEmpty(await new ImageComparison(reading).CompareAsync(inspector, LayeredImage.Name, ImageLocation.Parse("example.com/app:2.0"), null, ComparedParts.File, false, stop));
                break;
            default:
                using (LayerExport export = new(_folder, true, false, reading.InflateZstd, null))
                {
                    LayerExport.Plan layers = await export.PlanAsync(inspector, LayeredImage.Name, null, LayerSelection.Parse(null), stop);
                    await Task.WhenAll(export.StartWriting(layers, [true, true, true, true], progress, stop));
                }

                break;
        }
    }

    private static byte[] Layer(int seed)
    {
        Random random = new(seed);
        TarBytes tar = new();
        byte[] content = new byte[20_000];
        for (int i = 0; i < 60; i++)
        {
            random.NextBytes(content);
            tar.File($"d{i / 10}/{seed}-{i}", content);
        }

        return tar.End();
    }
}
