namespace OciTools.UnitTests;

public sealed class DigestTests
{
    [Fact]
    public void The_digest_of_nothing_is_the_published_one() =>
        Assert.Equal("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Digest.Compute([]).ToString());
}
