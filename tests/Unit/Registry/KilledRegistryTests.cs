using System.Diagnostics;
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
            LayoutImage image = new(folder, $"{i}", Enumerable.Range(0, Layers).Select(_ => Bytes(random)));
            await using RealRegistry registry = await RealRegistry.StartAsync(hasSecret: false);
            await using CuttingRelay relay = new(registry.Port) { Rate = 64 << 20 };

            // refused connections as without anything between, or broken ones as behind a balancer; a line that is slow enough to be hit
            string host = i % 2 == 0 ? registry.Host : relay.Host;
            Task<CopiedImage> pushing = Copies.CopyAsync(image.Name, $"{host}/app:x");

            // while bytes are on their way, or at any moment; before its first answer a registry is one that is not there
            while (!pushing.IsCompleted && !registry.HasUploads("app")) await Task.Delay(1, Stop);
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
                if (copied.DestinationDigest != image.Manifest.ToString()) wrong = copied.DestinationDigest;
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

            wrong ??= await image.MissingAsync(registry, "app");
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
