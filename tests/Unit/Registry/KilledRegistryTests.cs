using System.Diagnostics;
using System.Text;
using OciTools.Adapters;
using OciTools.Operations;
using OciTools.Stores.Registry;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>A registry that is killed while an image is pushed to it, and started again without the uploads it had, gets the image all the same.</summary>
public sealed class KilledRegistryTests(ITestOutputHelper output)
{
    private const int Layers = 4;
    private const int LayerSize = 8 << 20;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_push_outlives_its_registry() => PushAsync(kills: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public Task Many_pushes_outlive_their_registry() => PushAsync(kills: 30);

    private async Task PushAsync(int kills)
    {
        Figure figure = new("C7, pushes whose registry is killed and started again");
        Random random = new(7);
        int tooLate = 0;
        for (int i = 0; i < kills + tooLate; i++)
        {
            Assert.InRange(tooLate, 0, kills + 3);
            using TempFolder folder = new();
            TestLayout layout = new(folder.Path + "/layout");
            Digest[] blobs = [.. Enumerable.Range(0, Layers).Select(_ => layout.AddBlob(Bytes(random)))];
            Digest config = layout.AddBlob($$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"note":"{{i}}"}""");
            string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{{layout.Describe(config, MediaTypes.OciConfig)}},"layers":[{{string.Join(',', blobs.Select(blob => layout.Describe(blob, MediaTypes.OciLayer)))}}]}""";
            Digest manifest = layout.AddBlob(json);
            layout.AddEntry(manifest, MediaTypes.OciManifest, "x");

            await using RealRegistry registry = await RealRegistry.StartAsync(hasSecret: false);
            await using CuttingRelay relay = new(registry.Port) { Rate = 64 << 20 };

            // refused connections as without anything between, or broken ones as behind a balancer; a line that is slow enough to be hit
            string host = i % 2 == 0 ? registry.Host : relay.Host;
            await using ImagePlaces places = new(new StoreOpener(() => new ModuleAdapters(), new RegistryAccess()));
            using ImageCopy copy = new(places, TestZstd.Inflate);
            CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"oci:{layout.Path}:x"), ImageLocation.Parse($"{host}/app:x"), new CopyOptions(), Stop);
            Task<CopiedImage> pushing = ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);

            // while bytes are on their way, or at any moment
            string moment;
            if (i % 3 == 2)
            {
                int time = random.Next(300);
                moment = $"{time} ms";
                await Task.Delay(time, Stop);
            }
            else
            {
                long bytes = random.NextInt64(Layers * LayerSize / 2);
                moment = $"{bytes} bytes";
                while (!pushing.IsCompleted && registry.UploadedBytes("app") <= bytes) await Task.Delay(1, Stop);
            }

            bool isHit = !pushing.IsCompleted;
            await registry.KillAsync();
            isHit &= !pushing.IsCompleted;
            await Task.Delay(random.Next(kills * 50), Stop);
            await registry.StartAgainAsync();
            string? wrong = null;
            Stopwatch clock = Stopwatch.StartNew();
            try
            {
                CopiedImage copied = await pushing.WaitAsync(TimeSpan.FromSeconds(60), Stop);
                if (copied.DestinationDigest != manifest.ToString()) wrong = copied.DestinationDigest;
            }
            catch (Exception e) when (e is OciException or TimeoutException)
            {
                wrong = e.Message;
            }

            if (!isHit)
            {
                tooLate++;
                continue;
            }

            if (!await registry.ServesAsync("/v2/app/manifests/x", Encoding.UTF8.GetBytes(json))) wrong ??= "the manifest is another one";
            foreach (Digest blob in blobs.Append(config))
                if (!await registry.ServesAsync($"/v2/app/blobs/{blob}", await File.ReadAllBytesAsync(layout.PathOf(blob), Stop))) wrong ??= $"{blob} is not there, or another one";
            (int count, IReadOnlyList<string> others) = registry.HashStorage();
            if (count < Layers + 2 || others.Count > 0) wrong ??= $"{count} blobs are stored, of which {string.Join(", ", others)} are not what they are called";
            figure.Check($"kill {i} after {moment}", wrong is null, wrong);
            output.WriteLine($"kill {i} after {moment}; done {clock.ElapsedMilliseconds} ms after the registry was back");
        }

        figure.Report(kills);
    }

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[LayerSize];
        random.NextBytes(bytes);
        return bytes;
    }
}
