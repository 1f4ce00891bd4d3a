using System.Globalization;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>What it costs to find one file that is in the lowest layer, in time that grows with the layers above, which have names in common with its path.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class FileContentGrowthTests
{
    private const int FilesInEach = 100;
    private const int Times = 2;

    // what each layer says of the path | the path
    [Theory]
    [InlineData("an entry for the directory", "/d/wanted")]
    [InlineData("files in the directory", "/d/wanted")]
    [InlineData("the name in another directory", "/d/wanted")]
    [InlineData("one more hard link", "/wanted{0}")]
    public async Task Time_to_find_a_file_grows_with_the_layers_and_not_faster(string says, string path)
    {
        double few = double.MaxValue;
        double many = double.MaxValue;
        for (int i = 0; i < Times; i++)
        {
            few = Math.Min(few, await MeasureAsync(says, path, 50));
            many = Math.Min(many, await MeasureAsync(says, path, 800));
        }

        string found = $"{says}: {few:0.0} ms below 50 layers, {many:0.0} ms below 800";
        TestContext.Current.TestOutputHelper?.WriteLine(found);
        // 16 times the layers; with the square of them it would be hundreds of times the time
        Assert.True(many < few * 16 * 5, found);
    }

    // the time of the processor: the machine may have other work
    private static async Task<double> MeasureAsync(string says, string path, int layers)
    {
        LayeredImage image = new([.. Enumerable.Range(0, layers).Select(i => Layer(says, i))]);
        GC.Collect();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        string content = await image.ContentAsync(string.Format(CultureInfo.InvariantCulture, path, layers - 1));
        double time = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        Assert.Equal("found", content);
        Assert.Equal(layers, image.LayersRead.Length);
        return time;
    }

    private static byte[] Layer(string says, int index)
    {
        TarBytes tar = new();
        string folder = says == "the name in another directory" ? "e" : "d";
        if (says == "an entry for the directory") tar.Directory("d");
        if (says == "the name in another directory") tar.Directory("e").File("e/wanted", "other");
        if (says == "one more hard link" && index > 0) tar.HardLink($"wanted{index}", $"wanted{index - 1}");
        if (index == 0) tar.File(says == "one more hard link" ? "wanted0" : "d/wanted", "found");
        for (int i = 0; i < FilesInEach; i++) tar.File($"{folder}/{index}-{i}", "x");
        return tar.End();
    }
}
