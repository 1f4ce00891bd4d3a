using System.Text;
using OciTools.Adapters;
using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.Operations.Listing;
using OciTools.Stores;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>A registry with an image of one layer and something that refers to it, and all that OciTools does with a registry, each saying whether it came out right.</summary>
internal sealed class RegistryWorld
{
    private readonly RegistryStore _store;

    internal RegistryWorld(FakeRegistry registry, FakeRegistry storage, string folder, RegistryAccess access, TimeProvider? time = null)
    {
        Registry = registry;
        (Manifest, _, IReadOnlyList<Digest> layers) = registry.AddImage("team/app", "1.0", [1, 2, 3, 4, 5]);
        Layer = new Descriptor(MediaTypes.OciLayer, layers[0], 5);
        byte[] document = registry.Content["/v2/team/app/manifests/1.0"];
        Digest empty = registry.AddBlob("team/app", "{}"u8.ToArray());
        string referrer = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/vnd.example.sbom","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{empty}}","size":2 },"layers":[],"subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Manifest}}","size":{{document.Length}} } }""";
        Referrer = registry.AddManifest("team/app", null, referrer, MediaTypes.OciManifest);
        registry.AddManifest("team/app", Manifest.ToString().Replace(':', '-'), $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Referrer}}","size":{{Encoding.UTF8.GetByteCount(referrer)}},"artifactType":"application/vnd.example.sbom"}]}""", MediaTypes.OciIndex);
        registry.Add("/v2/team/app/tags/list", """{"name":"team/app","tags":["1.0","2.0"]}"""u8.ToArray(), "application/json");
        registry.Add("/v2/_catalog", """{"repositories":["team/app"]}"""u8.ToArray(), "application/json");
        foreach ((string path, byte[] bytes) in registry.Content.Where(c => c.Key.Contains("/blobs/", StringComparison.Ordinal)).ToList()) storage.Add(path, bytes);
        Uploads = new FakeUploads(registry);
        ModuleAdapters adapters = new(time ?? TimeProvider.System, RegistrySession.Empty);
        _store = new RegistrySession(time: time).Open(registry.Host, access);
        Places = new ImagePlaces(new StoreOpener(() => adapters, access));
        Layout = ImageLocation.Parse($"oci:{folder}:x");
    }

    internal FakeRegistry Registry { get; }

    internal FakeUploads Uploads { get; }

    internal IImageStore Store => _store;

    internal ITagStore Tags => _store;

    internal ImagePlaces Places { get; }

    internal Digest Manifest { get; }

    internal Digest Referrer { get; }

    internal Descriptor Layer { get; }

    internal ImageLocation Layout { get; }

    internal ImageLocation At(string name) => ImageLocation.Parse($"{Registry.Host}/{name}");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Makes a layout of the image for a push, and pushes it for what comes after that.</summary>
    internal async Task PreparePushAsync(bool layoutOnly)
    {
        await CopyAsync(this, At("team/app:1.0"), Layout);
        if (!layoutOnly) await CopyAsync(this, Layout, At("team/new:1.0"));
    }

    /// <summary>What an operation comes to: <c>right</c>, <c>wrong</c>, <c>none</c>, the id of an error, or <c>hangs</c>.</summary>
    internal async Task<string> OutcomeAsync(Func<RegistryWorld, Task<string>> run)
    {
        try
        {
            return await run(this).WaitAsync(TimeSpan.FromSeconds(20), Stop);
        }
        catch (OciException e)
        {
            return e.ErrorId;
        }
        catch (TimeoutException)
        {
            return "hangs";
        }
    }

    internal static IEnumerable<(string Name, Func<RegistryWorld, Task<string>> Run)> Operations => All();

    private static IEnumerable<(string Name, Func<RegistryWorld, Task<string>> Run)> All()
    {
        yield return ("resolve", async w => Right((await w.Store.ResolveAsync(w.At("team/app:1.0"), Stop)).Manifest!.Digest == w.Manifest.ToString()));
        yield return ("resolve by digest", async w => Right((await w.Store.ResolveAsync(w.At($"team/app@{w.Manifest}"), Stop)).Manifest!.Digest == w.Manifest.ToString()));
        yield return ("manifest", async w => Right((await w.Store.ReadManifestAsync(w.At("team/app:1.0"), Stop)).Digest == w.Manifest.ToString()));
        yield return ("missing", async w =>
        {
            try
            {
                await w.Store.ResolveAsync(w.At("team/app:missing"), Stop);
                return "found";
            }
            catch (NotFoundException e)
            {
                return Right(e.ErrorId == "ImageNotFound");
            }
        });
        yield return ("config", async w => Right((await new ImageInspector(w.Places, new KeptLog()).ConfigAsync(w.At("team/app:1.0"), null, Stop)).OS == "linux"));
        yield return ("layer", async w =>
        {
            MemoryStream bytes = new();
            await using (Stream stream = await w.Store.OpenBlobAsync(w.At("team/app:1.0"), w.Layer, Stop)) await stream.CopyToAsync(bytes, Stop);
            return Right(bytes.Length == w.Layer.Size);
        });
        yield return ("presence", async w => Right(await w.Store.FindBlobAsync(w.At("team/app:1.0"), w.Layer, Stop) is -1 or 5));
        yield return ("part", async w => Right(await w.Store.ReadUnverifiedPartAsync(w.At("team/app:1.0"), w.Layer, 1, 3, Stop) is not { } part || part.AsSpan().SequenceEqual((byte[])[2, 3, 4])));
        yield return ("tags", async w => Right(await w.Tags.ListTagsAsync(w.At("team/app"), Stop).ToListAsync(Stop) is ["1.0", "2.0"]));
        yield return ("catalogue", async w => Right((await new RegistryCatalog(w.Places, new KeptLog()).ListAsync(w.Registry.Host, Stop).ToListAsync(Stop)).Count == 1));
        yield return ("referrers", async w =>
        {
            List<ImageReferrer> found = await new ImageReferrers(new ImageInspector(w.Places, new KeptLog())).ListAsync(w.At("team/app:1.0"), null, null, Stop).ToListAsync(Stop);
            return found.Count == 0 ? "none" : Right(found is [var one] && one.Digest == w.Referrer.ToString());
        });
        yield return ("pull", async w => Right((await CopyAsync(w, w.At("team/app:1.0"), w.Layout)).SourceDigest == w.Manifest.ToString()));
        yield return ("push", async w => Right((await CopyAsync(w, w.Layout, w.At("team/new:1.0"))).BytesSent > 0 && w.Registry.Content.ContainsKey("/v2/team/new/manifests/1.0")));
        yield return ("again", async w => Right((await CopyAsync(w, w.Layout, w.At("team/new:1.0"))).BytesSent == 0));
        yield return ("mount", async w => Right((await CopyAsync(w, w.At("team/app:1.0"), w.At("team/mounted:1.0"))).DestinationDigest == w.Manifest.ToString()));
        yield return ("tag", async w =>
        {
            IReadOnlyList<ImageTagging.Plan> plans = await new ImageTagging(w.Places).PlanAsync(w.At("team/new:1.0"), ["stable"], false, Stop);
            await ImageTagging.RunAsync(plans[0], Stop);
            return Right(w.Registry.Content.ContainsKey("/v2/team/new/manifests/stable"));
        });
    }

    private static string Right(bool isRight) => isRight ? "right" : "wrong";

    private static async Task<CopiedImage> CopyAsync(RegistryWorld world, ImageLocation from, ImageLocation to)
    {
        using ImageCopy copy = new(world.Places, TestZstd.Inflate);
        return await ImageCopy.RunAsync(await copy.PlanAsync(new ImageInspector(world.Places, new KeptLog()), from, to, new CopyOptions(), Stop), NoProgress.Instance, Stop);
    }
}
