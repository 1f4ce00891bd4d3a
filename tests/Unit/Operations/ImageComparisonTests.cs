using OciTools.Operations.Comparing;
using OciTools.UnitTests.FileTrees;

namespace OciTools.UnitTests.Operations;

public sealed class ImageComparisonTests
{
    [Theory]
    [InlineData("Dir a, File a/x one, File b same | File c c", "Dir a, File a/x one, File b same | File d d", "Removed /c 1,Added /d 1", 3)]
    [InlineData("Dir a, File a/x one | Whiteout a/x | File e e", "Dir a, File a/x one | File e e | Whiteout a/x", "", 3)]
    [InlineData("Dir a, File a/x one | File f f", "File f f | Dir a, File a/x two", "Changed /a/x 1", 3)]
    [InlineData("File f f | Dir a, File a/x one", "Dir a, File a/x one | File f f | File a/x two", "Changed /a/x 2", 3)]
    [InlineData("Dir a, File a/x one | Dir a, File a/x one", "Dir a, File a/x one | Hard b a/x", "Added /b 1", 3)]
    public async Task A_layer_that_both_images_have_is_read_once(string reference, string difference, string expected, int read)
    {
        LayeredImage image = new(FileTreeTests.Parse(reference));
        ImageLocation other = image.Add("2.0", FileTreeTests.Parse(difference));
        ImageDifference[] found = [.. await new ImageComparison(LayeredImage.Reading).CompareAsync(
            image.Inspector, LayeredImage.Name, other, null, ComparedParts.File, false, TestContext.Current.CancellationToken)];
        Assert.Equal(expected, string.Join(',', found.Select(f => $"{f.Change} {f.FilePath} {f.Layer}")));
        // and the two configs
        Assert.Equal(read + 2, image.Store.Requests.Count(r => r.StartsWith("BLOB ", StringComparison.Ordinal)));
    }
}
