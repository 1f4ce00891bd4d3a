using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>What it costs to find one file, in time that grows with the layers.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class FileContentGrowthTests
{
    private const int FilesInEach = 100;
    private const int Times = 3;

    // the file is in the lowest layer, and each layer above says something of a directory on the way to it
    [Fact]
    public async Task A_file_below_many_layers_that_could_decide_it_is_found_in_time_that_grows_with_the_layers()
    {
        await MeasureAsync(20, 1);
        double few = await MeasureAsync(100, Times);
        double many = await MeasureAsync(400, Times);
        string found = $"{few:0.0} ms below 100 layers, {many:0.0} ms below 400";
        TestContext.Current.TestOutputHelper?.WriteLine(found);
        Assert.True(many < few * 8, found);
    }

    // the time of the processor: the machine may have other work
    private static async Task<double> MeasureAsync(int layers, int times)
    {
        LayeredImage image = new([.. Enumerable.Range(0, layers).Select(Layer)]);
        double least = double.MaxValue;
        for (int i = 0; i < times; i++)
        {
            image.Store.Requests.Clear();
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Assert.Equal("found", await image.ContentAsync("/d/wanted"));
            least = Math.Min(least, (Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
            Assert.Equal(layers, image.LayersRead.Length);
        }

        return least;
    }

    private static byte[] Layer(int index)
    {
        TarBytes tar = new TarBytes().Directory("d");
        if (index == 0) tar.File("d/wanted", "found");
        for (int i = 0; i < FilesInEach; i++) tar.File($"d/{index}-{i}", "x");
        return tar.End();
    }
}
