namespace OciTools.UnitTests.Content;

public sealed class PlatformTests
{
    private static string HostOS => Platform.Host.OS;

    private static string HostArchitecture => Platform.Host.Architecture;

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/arm64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64/v8")]
    [InlineData("linux/arm64/8", "linux/arm64/v8")]
    [InlineData("linux/arm64/v8.0", "linux/arm64/v8")]
    [InlineData("linux/arm64/v9", "linux/arm64/v9")]
    [InlineData("linux/arm64/9", "linux/arm64/v9")]
    [InlineData("linux/arm64/9.0", "linux/arm64/v9")]
    [InlineData("linux/aarch64/v9.0", "linux/arm64/v9")]
    [InlineData("linux/arm64/v8.2", "linux/arm64/v8.2")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/AArch64", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm")]
    [InlineData("linux/arm/v6", "linux/arm/v6")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("linux/arm/v7", "linux/arm/v7")]
    [InlineData("linux/arm/7", "linux/arm/v7")]
    [InlineData("linux/armhf", "linux/arm")]
    [InlineData("linux/armel", "linux/arm/v6")]
    [InlineData("Linux/x86_64", "linux/amd64")]
    [InlineData("linux/x86-64", "linux/amd64")]
    [InlineData("linux/amd64/v1", "linux/amd64")]
    [InlineData("linux/amd64/v2", "linux/amd64/v2")]
    [InlineData("linux/amd64/V3", "linux/amd64/v3")]
    [InlineData("linux/i386", "linux/386")]
    [InlineData("linux/s390x", "linux/s390x")]
    [InlineData("macos/arm64", "darwin/arm64")]
    [InlineData("MacOS/aarch64", "darwin/arm64")]
    [InlineData("windows/amd64", "windows/amd64")]
    [InlineData("windows/amd64:10.0.20348.1", "windows/amd64:10.0.20348.1")]
    [InlineData("windows(10.0.17763)/amd64", "windows/amd64:10.0.17763")]
    [InlineData("windows()/amd64", "windows/amd64")]
    [InlineData("windows(10.0.17763%2Bbuild.42)/amd64", "windows/amd64:10.0.17763+build.42")]
    [InlineData("windows(50%25done)/amd64", "windows/amd64:50%done")]
    [InlineData("windows(1.0%28beta%29)/amd64", "windows/amd64:1.0(beta)")]
    [InlineData("windows(a%2Fb)/amd64", "windows/amd64:a/b")]
    [InlineData("wasip1/wasm", "wasip1/wasm")]
    [InlineData("unknown/unknown", "unknown/unknown")]
    public void Spellings_are_folded_and_printed_in_one_form(string text, string printed)
    {
        Platform platform = Platform.Parse(text);
        Assert.Equal(printed, platform.ToString());
        Assert.Equal(platform, Platform.Parse(platform.ToString()));
        Assert.True(platform.Matches(platform));
    }

    [Fact]
    public void A_part_alone_is_completed_from_the_host()
    {
        foreach ((string text, string printed) in new[] { ("arm", "arm"), ("armel", "arm/v6"), ("armhf", "arm"), ("Aarch64", "arm64"), ("x86_64", "amd64"), ("i386", "386"), ("s390x", "s390x") })
            Assert.Equal($"{HostOS}/{printed}", Platform.Parse(text).ToString());
        foreach ((string text, string os) in new[] { ("linux", "linux"), ("macOS", "darwin"), ("windows", "windows"), ("windows()", "windows") })
            Assert.Equal($"{os}/{HostArchitecture}", Platform.Parse(text).ToString());
        Assert.Equal($"windows/{HostArchitecture}:10.0.17763", Platform.Parse("windows(10.0.17763)").ToString());
    }

    [Theory]
    [InlineData("windows(10.0.17763+win32k)/amd64", "10.0.17763", "win32k")]
    [InlineData("linux(+gpu)/amd64", null, "gpu")]
    [InlineData("linux(+gpu+simd)/amd64", null, "gpu simd")]
    [InlineData("linux(+unsorted+erofs)/amd64", null, "erofs unsorted")]
    [InlineData("linux(+a+a)/amd64", null, "a")]
    [InlineData("linux(+feat%2Bv2)/amd64", null, "feat+v2")]
    public void Features_stand_behind_the_system(string text, string? version, string features)
    {
        Platform platform = Platform.Parse(text);
        Assert.Equal(version, platform.OSVersion);
        Assert.Equal(features.Split(' '), platform.OSFeatures);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/linux/arm")]
    [InlineData("linux/arm/")]
    [InlineData("linux//v7")]
    [InlineData("linux /arm")]
    [InlineData("linux/&arm")]
    [InlineData("linux/arm/foo/bar")]
    [InlineData("*")]
    [InlineData("linux/*")]
    [InlineData("*/arm64")]
    [InlineData("nonsense")]
    [InlineData("lin.ux/amd64")]
    [InlineData("linux(/amd64")]
    [InlineData("linux)/amd64")]
    [InlineData("linux(+)/amd64")]
    [InlineData("linux(1++a)/amd64")]
    [InlineData("windows(%zz)/amd64")]
    [InlineData("windows(%1B)/amd64")]
    [InlineData("windows(%)/amd64")]
    [InlineData("windows(%0A)/amd64")]
    [InlineData("windows(%FF)/amd64")]
    [InlineData("windows(1)/amd64:2")]
    [InlineData("amd64(1.0)")]
    [InlineData("windows/amd64:")]
    [InlineData("windows/amd64:1 0")]
    [InlineData("windows/amd64:1\n")]
    [InlineData("linux/amd64\0")]
    [InlineData("linux/ämd64")]
    [InlineData("(10)/amd64")]
    public void What_is_no_platform_is_refused(string? text)
    {
        Assert.False(Platform.TryParse(text, out _));
        Assert.Equal("InvalidPlatform", Assert.Throws<MalformedException>(() => Platform.Parse(text!)).ErrorId);
    }

    // wanted, offered as the document writes it (os, architecture, variant, version), rank or -1
    [Theory]
    [InlineData("linux/arm64", "linux", "aarch64", null, null, 0)]
    [InlineData("linux/arm64", "linux", "aarch64", "v8", null, 0)]
    [InlineData("linux/arm64", "linux", "arm64", "v8", null, 0)]
    [InlineData("linux/arm64", "linux", "arm64", "v8.0", null, 0)]
    [InlineData("linux/arm64/v9", "linux", "arm64", "v9.0", null, 0)]
    [InlineData("linux/arm64/v8", "linux", "arm64", null, null, 0)]
    [InlineData("linux/arm64/v8", "linux", "arm64", "v8.1", null, -1)]
    [InlineData("linux/arm64/v8.2", "linux", "arm64", "v8", null, 2)]
    [InlineData("linux/arm64/v8.2", "linux", "arm64", "v8.1", null, 1)]
    [InlineData("linux/arm64/v9", "linux", "arm64", "v8", null, 6)]
    [InlineData("linux/arm64/v9", "linux", "arm64", "v8.5", null, 1)]
    [InlineData("linux/arm64/v9", "linux", "arm64", "v8.6", null, -1)]
    [InlineData("linux/arm64/v9.2", "linux", "arm64", "v9", null, 2)]
    [InlineData("linux/arm64/v9.2", "linux", "arm64", "v8.7", null, 3)]
    [InlineData("linux/arm64", "linux", "arm64", "v9", null, -1)]
    [InlineData("linux/arm64", "linux", "arm", "v7", null, -1)]
    [InlineData("linux/arm", "linux", "arm", "v7", null, 0)]
    [InlineData("linux/arm", "linux", "armhf", null, null, 0)]
    [InlineData("linux/arm", "linux", "arm", "7", null, 0)]
    [InlineData("linux/arm", "linux", "arm", "v6", null, 1)]
    [InlineData("linux/arm", "linux", "arm", "v5", null, 2)]
    [InlineData("linux/arm", "linux", "arm", "v4", null, -1)]
    [InlineData("linux/arm", "linux", "arm", "v8", null, -1)]
    [InlineData("linux/arm/v6", "linux", "armel", null, null, 0)]
    [InlineData("linux/arm/v6", "linux", "arm", "v7", null, -1)]
    [InlineData("linux/arm/v6", "linux", "arm", null, null, -1)]
    [InlineData("linux/arm/v7", "linux", "arm", null, null, 0)]
    [InlineData("linux/arm/v8", "linux", "arm", "v5", null, 3)]
    [InlineData("linux/arm", "linux", "arm", "armv7", null, -1)]
    [InlineData("linux/amd64", "linux", "x86_64", null, null, 0)]
    [InlineData("linux/amd64", "Linux", "AMD64", "v1", null, 0)]
    [InlineData("linux/amd64", "linux", "amd64", "v2", null, -1)]
    [InlineData("linux/amd64/v3", "linux", "amd64", null, null, 2)]
    [InlineData("linux/amd64/v3", "linux", "amd64", "v2", null, 1)]
    [InlineData("linux/amd64/v3", "linux", "amd64", "v3", null, 0)]
    [InlineData("linux/amd64", "linux", "386", null, null, -1)]
    [InlineData("linux/amd64", "windows", "amd64", null, null, -1)]
    [InlineData("linux/386", "linux", "i386", "x", null, 0)]
    [InlineData("darwin/arm64", "macos", "arm64", null, null, 0)]
    [InlineData("windows/amd64", "windows", "amd64", null, "10.0.17763.1", 0)]
    [InlineData("windows/amd64:10.0.20348.1", "windows", "amd64", null, "10.0.20348.2", 0)]
    [InlineData("windows/amd64:10.0.20348", "windows", "amd64", null, "10.0.20348.2", 0)]
    [InlineData("windows/amd64:10.0.20348.1", "windows", "amd64", null, null, 0)]
    [InlineData("windows/amd64:10.0.20348.1", "windows", "amd64", null, "10.0.17763.2", -1)]
    [InlineData("windows/amd64:10.0.20348.1", "windows", "amd64", null, "10.0", -1)]
    [InlineData("linux/amd64:5.4", "linux", "amd64", null, "6.1", 0)]
    public void Matching_ranks_what_serves(string wanted, string os, string architecture, string? variant, string? version, int rank)
    {
        Platform offered = Platform.FromDocument(os, architecture, variant, version, null);
        Assert.Equal(rank < 0 ? null : rank, Platform.Parse(wanted).Rank(offered));
        Assert.Equal(rank >= 0, Platform.Parse(wanted).Matches(offered));
    }

    [Fact]
    public void An_image_that_asks_for_features_comes_after_those_that_do_not()
    {
        Platform wanted = Platform.Parse("linux/amd64/v3");
        int plain = wanted.Rank(Platform.FromDocument("linux", "amd64", null, null, null))!.Value;
        int special = wanted.Rank(Platform.FromDocument("linux", "amd64", "v3", null, ["erofs"]))!.Value;
        Assert.True(plain < special);
        Assert.Equal(0, Platform.Parse("linux(+erofs)/amd64").Rank(Platform.FromDocument("linux", "amd64", null, null, ["erofs"])));
    }

    [Fact]
    public void A_document_platform_prints_as_it_is_written()
    {
        Assert.Equal("Linux/X86_64/V1:5", Platform.FromDocument("Linux", "X86_64", "V1", "5", null).ToString());
        Assert.Equal("linux", Platform.FromDocument("linux", null, null, null, null).ToString());
        Assert.Equal("amd64", Platform.FromDocument(null, "amd64", null, null, null).ToString());
        Assert.NotEqual(Platform.FromDocument("a/b", "c", null, null, null), Platform.FromDocument("a", "b", "c", null, null));
    }
}
