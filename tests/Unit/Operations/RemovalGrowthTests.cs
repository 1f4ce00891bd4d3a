using System.Globalization;
using System.Text;
using OciTools.Operations.Removing;
using OciTools.Stores;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>What it costs to plan the removal of every other tag of a repository, in time that grows with the tags.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class RemovalGrowthTests
{
    private const int Times = 2;

    [Fact]
    public async Task Time_to_plan_a_removal_grows_with_the_tags_and_not_faster()
    {
        double few = double.MaxValue;
        double many = double.MaxValue;
        for (int i = 0; i < Times; i++)
        {
            few = Math.Min(few, await MeasureAsync(400));
            many = Math.Min(many, await MeasureAsync(3200));
        }

        string found = $"{few:0.0} ms for 400 images, {many:0.0} ms for 3200";
        TestContext.Current.TestOutputHelper?.WriteLine(found);
        // 8 times the tags; with the square of them it would be 64 times the time
        Assert.True(many < few * 8 * 4, found);
    }

    [Fact]
    public async Task Each_index_goes_before_what_it_holds_however_deep()
    {
        Repository repository = new();
        string image = repository.AddImage("a-image");
        string inner = repository.AddIndex("b-inner", image);
        string middle = repository.AddIndex("c-middle", inner);
        repository.AddIndex("d-outer", middle);
        IReadOnlyList<RemovalUnit> units = await PlanAsync(repository, ["a-image", "b-inner", "c-middle", "d-outer"]);
        Assert.Equal(["d-outer", "c-middle", "b-inner", "a-image"], units.Select(unit => unit.Names[0].Location.Reference!.Tag));
    }

    // the time of the processor: the machine may have other work
    private static async Task<double> MeasureAsync(int images)
    {
        Repository repository = new();
        List<string> names = [];
        for (int i = 0; i < images; i++)
        {
            string tag = string.Create(CultureInfo.InvariantCulture, $"t{i}");
            string digest = repository.AddImage(tag);
            if (i % 4 == 0) repository.AddIndex("i" + tag, digest);
            if (i % 2 == 0) names.Add(tag);
            if (i % 4 == 0) names.Add("i" + tag);
        }

        GC.Collect();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        IReadOnlyList<RemovalUnit> units = await PlanAsync(repository, names);
        double time = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        Assert.Equal(names.Count, units.Count);
        return time;
    }

    private static Task<IReadOnlyList<RemovalUnit>> PlanAsync(Repository repository, IReadOnlyList<string> tags)
    {
        ImageLocation[] locations = [.. tags.Select(tag => ImageLocation.Parse("example.com/app:" + tag))];
        RegistryRemoval removal = new(repository, locations[0], noReplace: false);
        return removal.PlanAsync([.. locations.Select(location => new RemovalName(location.ToString(), location))], new TestDialog(), TestContext.Current.CancellationToken);
    }

    private sealed class Repository : WrittenTarget, IImageRemover
    {
        private readonly Dictionary<string, string> _tags = [];
        private readonly Dictionary<string, ManifestDocument> _manifests = [];

        internal string AddImage(string tag) =>
            Add(tag, $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[],"annotations":{"tag":"{{tag}}"} }""");

        internal string AddIndex(string tag, string child) =>
            Add(tag, $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{_manifests[child].MediaType}}","digest":"{{child}}","size":{{_manifests[child].Size}}}]}""");

        public override Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<string> ListTagsAsync(ImageLocation repository, CancellationToken cancellationToken) => _tags.Keys.ToAsyncEnumerable();

        public Task<RemovalAnswer> RemoveAsync(ImageLocation location, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task UnlistAsync(ImageLocation repository, Digest subject, IEnumerable<Digest> artifacts, CancellationToken cancellationToken) => throw new NotSupportedException();

        Task<StoredImage> IImageStore.ResolveAsync(ImageLocation location, CancellationToken cancellationToken) => Task.FromResult(new StoredImage(location, Find(location).ToDescriptor()));

        Task<ManifestDocument> IImageStore.ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken) => Task.FromResult(Find(location));

        ImageLocation IImageStore.Child(ImageLocation location, Digest digest) => ImageLocation.FromReference(location.Reference!.WithDigest(digest));

        private ManifestDocument Find(ImageLocation location) => _manifests[location.Reference!.Digest?.ToString() ?? _tags[location.Reference.Tag!]];

        private string Add(string tag, string json)
        {
            ManifestDocument document = ManifestDocument.Parse(Encoding.UTF8.GetBytes(json), "example.com/app:" + tag);
            _manifests[document.Digest] = document;
            return _tags[tag] = document.Digest;
        }
    }
}
