using System.Text;
using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>What refers to an image is taken along, however it is tied together.</summary>
public sealed class ReferrerCopyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registry_that_lists_referrers_by_itself_gets_them_and_no_tag()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(target) { ListsReferrers = true };
        (Digest image, _, _) = source.AddImage("app", "1.0", [1]);
        Digest signature = Attach(source, image, "a signature");
        Digest second = Attach(source, signature, "a signature of it");
        CopiedImage copied = await CopyAsync(source, target);
        Assert.Equal(2, copied.Referrers);
        Assert.All([signature, second], digest => Assert.True(target.Content.ContainsKey($"/v2/app/manifests/{digest}")));
        Assert.DoesNotContain(uploads.Writes, write => write.Contains("/manifests/sha256-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tags_of_cosign_that_lead_in_a_circle_are_each_copied_once()
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(target);
        (Digest image, _, _) = source.AddImage("app", "1.0", [1]);
        (Digest other, _, _) = source.AddImage("app", null, [2]);
        byte[] first = source.Content[$"/v2/app/manifests/{image}"];
        byte[] second = source.Content[$"/v2/app/manifests/{other}"];
        source.AddManifest("app", $"sha256-{image.Hex}.sig", second, MediaTypes.OciManifest);
        source.AddManifest("app", $"sha256-{other.Hex}.sig", first, MediaTypes.OciManifest);
        source.AddManifest("app", $"sha256-{other.Hex}.att", second, MediaTypes.OciManifest);
        Assert.Equal(2, (await CopyAsync(source, target)).Referrers);
        Assert.Equal(["PUT /v2/app/manifests/1.0", $"PUT /v2/app/manifests/sha256-{image.Hex}.sig", $"PUT /v2/app/manifests/sha256-{other.Hex}.sig"],
            uploads.Writes.Where(write => write.Contains("/manifests/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).OrderBy(write => write.Contains("sha256-" + other.Hex, StringComparison.Ordinal)));
        Assert.Equal(second, target.Content[$"/v2/app/manifests/sha256-{image.Hex}.sig"]);
        Assert.Equal(first, target.Content[$"/v2/app/manifests/sha256-{other.Hex}.sig"]);
    }

    [Theory]
    [InlineData(Limits.ReferrerDepth, true)]
    [InlineData(Limits.ReferrerDepth + 1, false)]
    public async Task What_refers_to_a_referrer_is_followed_so_far_and_no_further(int depth, bool isCopied)
    {
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        _ = new FakeUploads(target) { ListsReferrers = true };
        (Digest subject, _, _) = source.AddImage("app", "1.0", [1]);
        for (int i = 0; i < depth; i++) subject = Attach(source, subject, $"number {i}");
        if (isCopied)
        {
            Assert.Equal(depth, (await CopyAsync(source, target)).Referrers);
        }
        else
        {
            Assert.Equal("EndlessList", (await Assert.ThrowsAsync<RefusedException>(() => CopyAsync(source, target))).ErrorId);
            Assert.DoesNotContain(target.Requests, request => request.Method is "PUT" or "POST");
        }
    }

    private static Digest Attach(FakeRegistry registry, Digest subject, string name)
    {
        Digest empty = registry.AddBlob("app", "{}"u8.ToArray());
        int size = registry.Content[$"/v2/app/manifests/{subject}"].Length;
        string blob = $$"""{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{empty}}","size":2}""";
        string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/vnd.example","config":{{blob}},"layers":[{{blob}}],"subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":{{size}} },"annotations":{"name":"{{name}}"} }""";
        Digest digest = registry.AddManifest("app", null, json, MediaTypes.OciManifest);
        string list = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{digest}}","size":{{Encoding.UTF8.GetByteCount(json)}}}]}""";
        registry.AddManifest("app", $"sha256-{subject.Hex}", list, MediaTypes.OciIndex);
        return digest;
    }

    private static async Task<CopiedImage> CopyAsync(FakeRegistry source, FakeRegistry target)
    {
        await using ImagePlaces places = Copies.Places();
        using ImageCopy copy = new(places, TestZstd.Inflate);
        CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"{source.Host}/app:1.0"), ImageLocation.Parse($"{target.Host}/app:1.0"), new CopyOptions { IncludeReferrers = true }, Stop);
        return await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
    }
}
