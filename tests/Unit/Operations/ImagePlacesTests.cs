using OciTools.Operations;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class ImagePlacesTests
{
    // an archive is written whole, and an engine by its own ways, whether something is there or not
    [Theory]
    [InlineData("oci-archive:/no/such.tar:1")]
    [InlineData("docker-archive:/no/such.tar:app:1")]
    [InlineData("docker-daemon:app:1")]
    public async Task A_place_that_takes_no_single_documents_is_said_to_take_none(string name)
    {
        await using ImagePlaces places = new(new FixedOpener(new MemoryStore()));
        OciException error = await Assert.ThrowsAsync<UnsupportedException>(() => places.OpenTargetAsync(ImageLocation.Parse(name), TestContext.Current.CancellationToken));
        Assert.Equal("UnsupportedPlace", error.ErrorId);
        Assert.StartsWith("Name a registry or a layout directory", error.Recommendation, StringComparison.Ordinal);
    }
}
