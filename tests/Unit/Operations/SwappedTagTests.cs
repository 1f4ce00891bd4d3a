using System.Text;
using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>A tag that stands for another image while it is copied gives one of the two, whole, and the result says which.</summary>
public sealed class SwappedTagTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_tag_that_moves_during_a_copy_never_gives_a_mixture() => CopyAsync(times: 40);

    [Fact]
    [Trait("Category", "Slow")]
    public Task A_tag_that_moves_during_a_copy_never_gives_a_mixture_whenever_it_moves() => CopyAsync(times: 200);

    private static async Task CopyAsync(int times)
    {
        Figure figure = new("B7, copies while the tag moves");
        await using FakeRegistry source = await FakeRegistry.StartAsync();
        await using FakeRegistry target = await FakeRegistry.StartAsync();
        _ = new FakeUploads(target);
        Picture[] pictures = [new(source, "one"), new(source, "two")];
        await using ImagePlaces places = Copies.Places();
        int moved = 0;
        for (int i = 0; i < times; i++)
        {
            // before the first request, between any two, and several times
            int left = i % 8;
            int now = i % 2;
            pictures[now].Tag(source);
            source.OnRequest = _ =>
            {
                if (left-- == 0 || (i >= times / 2 && left < 0)) pictures[now ^= 1].Tag(source);
                return null;
            };
            using ImageCopy copy = new(places, TestZstd.Inflate);
            CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"{source.Host}/app:x"), ImageLocation.Parse($"{target.Host}/back{i}:x"), new CopyOptions(), Stop);
            CopiedImage copied = await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
            Picture? got = Array.Find(pictures, picture => picture.Digest == copied.SourceDigest);
            bool isStored = target.Content.TryGetValue($"/v2/back{i}/manifests/x", out byte[]? stored) && Digest.Compute(stored).ToString() == copied.DestinationDigest;
            figure.Check($"copy {i}", got is not null && copied.SourceDigest == copied.DestinationDigest && isStored && got.IsWhole(target, $"back{i}"), $"{copied.SourceDigest}, stored: {isStored}");
            if (got != pictures[i % 2]) moved++;
        }

        figure.Report(times);
        Assert.InRange(moved, times / 10, times * 9 / 10);
    }

    // an index of two images, all of whose parts are its own
    private sealed class Picture
    {
        private readonly List<string> _paths = [];
        private readonly string _json;

        internal Picture(FakeRegistry registry, string name)
        {
            List<string> entries = [];
            foreach (string architecture in new[] { "amd64", "arm64" })
            {
                (Digest manifest, Digest config, IReadOnlyList<Digest> layers) = registry.AddImage("app", null, Encoding.UTF8.GetBytes(name + architecture), Encoding.UTF8.GetBytes(architecture + name));
                _paths.AddRange([$"manifests/{manifest}", $"blobs/{config}", .. layers.Select(layer => $"blobs/{layer}")]);
                entries.Add($$$"""{"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"{{{manifest}}}","size":{{{registry.Content[$"/v2/app/manifests/{manifest}"].Length}}},"platform":{"os":"linux","architecture":"{{{architecture}}}"} }""");
            }

            _json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', entries)}}]}""";
            Digest = OciTools.Digest.Compute(Encoding.UTF8.GetBytes(_json)).ToString();
        }

        internal string Digest { get; }

        internal void Tag(FakeRegistry registry) => registry.AddManifest("app", "x", _json, MediaTypes.OciIndex);

        internal bool IsWhole(FakeRegistry registry, string repository)
        {
            IReadOnlyDictionary<string, byte[]> content = registry.Content;
            return _paths.TrueForAll(path => content.TryGetValue($"/v2/{repository}/{path}", out byte[]? bytes) && OciTools.Digest.Parse(path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..]).Matches(bytes));
        }
    }
}
