using System.Diagnostics;
using OciTools.UnitTests.Layers;

namespace OciTools.UnitTests.FileTrees;

[Collection(nameof(MeasuredAlone))]
public sealed class MalformedLayerTests
{
    private const long MostBytes = 64 << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Malformed_layers_are_refused_soon_and_without_much_memory(bool gzip)
    {
        Figure figure = new($"A4, malformed layers, {(gzip ? "gzip" : "plain")}");
        foreach ((string name, byte[] tar) in MalformedTars.OfLayers())
        {
            LayeredImage image = new([tar], gzip);
            long before = GC.GetTotalAllocatedBytes();
            Stopwatch watch = Stopwatch.StartNew();
            string found;
            try
            {
                await image.ListAsync();
                found = "taken";
            }
            catch (OciException e)
            {
                found = e.ErrorId;
            }

            long bytes = GC.GetTotalAllocatedBytes() - before;
            bool isCheap = watch.Elapsed < TimeSpan.FromSeconds(2) && bytes < MostBytes;
            figure.Check(name, found is "MalformedContent" or "TooLarge" && isCheap, $"{found}, {watch.ElapsedMilliseconds} ms, {bytes} bytes");
        }

        figure.Report(250);
    }
}
