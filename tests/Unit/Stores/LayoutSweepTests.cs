using OciTools.Operations;
using OciTools.Operations.Clearing;
using OciTools.Stores.Files;
using OciTools.Stores.Layout;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Expanding;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>Clearing takes what nothing needs, and never more.</summary>
public sealed class LayoutSweepTests : IDisposable
{
    private const string Binary = "application/octet-stream";

    private readonly TempFolder _folder = new();
    private readonly TestLayout _layout;

    public LayoutSweepTests() => _layout = new TestLayout(Path.Join(_folder.Path, "layout"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_something_refers_to_stays_and_all_else_goes()
    {
        List<Digest> kept = [];
        List<Digest> gone = [];
        (Digest image, Digest config, Digest layer) = _layout.AddImage("named");
        _layout.AddEntry(image, MediaTypes.OciManifest, "named");
        kept.AddRange([image, config, layer]);

        // an index in an index, with a child that is not there, and with something that is no manifest
        (Digest child, Digest childConfig, Digest childLayer) = _layout.AddImage("child");
        Digest inside = _layout.AddBlob("bytes of an index");
        string absent = $$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Digest.Compute([9])}}","size":1}""";
        Digest nested = _layout.AddIndex(_layout.Describe(child, MediaTypes.OciManifest), absent, _layout.Describe(inside, Binary));
        Digest top = _layout.AddIndex(_layout.Describe(nested, MediaTypes.OciIndex));
        _layout.AddEntry(top, MediaTypes.OciIndex);
        kept.AddRange([top, nested, child, childConfig, childLayer, inside]);

        // a signature that has an entry, and the image that it signs
        (Digest signed, Digest signedConfig, Digest signedLayer) = _layout.AddImage("signed");
        (Digest signature, Digest empty, Digest content) = _layout.AddImage("signature", $",\"subject\":{_layout.Describe(signed, MediaTypes.OciManifest)}");
        _layout.AddEntry(signature, MediaTypes.OciManifest);
        kept.AddRange([signed, signedConfig, signedLayer, signature, empty, content]);

        // kinds that are not known here: whatever looks like a digest in them counts, also behind an escape
        Digest part = _layout.AddBlob("a part of an artifact");
        Digest escaped = _layout.AddBlob("another part", "sha512");
        Digest artifact = _layout.AddBlob($$"""{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[{"digest":"{{part}}"},"{{escaped.ToString().Replace(":", "\\u003a", StringComparison.Ordinal)}}"]}""");
        _layout.AddEntry(artifact, "application/vnd.oci.artifact.manifest.v1+json");
        Digest bytes = _layout.AddBlob([0, 1, 2, 255, 254]);
        _layout.AddEntry(bytes, Binary);
        kept.AddRange([artifact, part, escaped, bytes]);

        (Digest old, Digest oldConfig, Digest oldLayer) = _layout.AddImage("unnamed");
        gone.AddRange([old, oldConfig, oldLayer, _layout.AddBlob("lost"), _layout.AddBlob("lost too", "sha512"), _layout.AddIndex(_layout.Describe(image, MediaTypes.OciManifest))]);
        string foreign = Path.Join(_layout.Path, "blobs", "sha256", "notes.txt");
        File.WriteAllText(foreign, "mine");
        string link = _layout.PathOf(Digest.Compute([77]));
        File.CreateSymbolicLink(link, foreign);

        IReadOnlyList<RemovedImage> removed = await ClearAsync();
        Assert.All(kept, digest => Assert.True(_layout.Has(digest), digest.ToString()));
        Assert.Equal(gone.Select(digest => digest.ToString()).Order(), removed.Select(item => item.Digest!).Order());
        Assert.All(gone, digest => Assert.False(_layout.Has(digest)));
        Assert.All(removed, item => Assert.Equal(RemovedKind.Blob, item.Kind));
        Assert.Equal("mine", File.ReadAllText(foreign));
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.Empty(await ClearAsync());
    }

    [Fact]
    public async Task Where_it_cannot_be_told_nothing_goes()
    {
        Figure figure = new("Clearing of layouts that are damaged");
        (string Name, Action<TestLayout> Damage)[] damages =
        [
            ("an entry that leads to nothing", layout => layout.AddEntry($$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Digest.Compute([1])}}","size":1}""")),
            ("an entry of an unknown kind that leads to nothing", layout => layout.AddEntry($$"""{"mediaType":"a/b","digest":"{{Digest.Compute([1])}}","size":1}""")),
            ("a manifest with a flipped bit", layout => Change(layout, MediaTypes.OciManifest, bytes => bytes[^5] ^= 1)),
            ("an unknown document with a flipped bit", layout => Change(layout, "a/b", bytes => bytes[^5] ^= 1)),
            ("a manifest of another size", layout => layout.AddEntry(layout.Describe(layout.AddImage("x").Manifest, MediaTypes.OciManifest).Replace("\"size\":", "\"size\":1", StringComparison.Ordinal))),
            ("a manifest that is no JSON", layout => layout.AddEntry(layout.AddBlob("no json"), MediaTypes.OciManifest)),
            ("a manifest without layers", layout => layout.AddEntry(layout.AddBlob("""{"schemaVersion":2}"""), MediaTypes.OciManifest)),
            ("a manifest that is also an index", layout => layout.AddEntry(layout.AddBlob("""{"schemaVersion":2,"manifests":[],"layers":[]}"""), MediaTypes.OciManifest)),
            ("a damaged child of an index", layout => DamageChild(layout)),
            ("no index", layout => File.Delete(layout.IndexPath)),
            ("an empty index", layout => File.WriteAllText(layout.IndexPath, "")),
            ("an index cut short", layout => File.WriteAllText(layout.IndexPath, File.ReadAllText(layout.IndexPath)[..^10])),
            ("an index with the same key twice", layout => File.WriteAllText(layout.IndexPath, """{"schemaVersion":2,"manifests":[],"manifests":[]}""")),
            ("an index without entries by its key", layout => File.WriteAllText(layout.IndexPath, """{"schemaVersion":2,"Manifests":[]}""")),
            ("no version", layout => File.Delete(layout.Path + "/oci-layout")),
            ("another version", layout => File.WriteAllText(layout.Path + "/oci-layout", """{"imageLayoutVersion":"2.0.0"}""")),
            ("blobs behind a link", layout => LinkBlobs(layout)),
        ];
        foreach ((string name, Action<TestLayout> damage) in damages)
        {
            TestLayout layout = new(Path.Join(_folder.Path, Guid.NewGuid().ToString("n")));
            layout.AddEntry(layout.AddImage("whole").Manifest, MediaTypes.OciManifest, "whole");
            Digest lost = layout.AddBlob("lost");
            damage(layout);
            string before = Listing(layout);
            string? wrong = null;
            try
            {
                await ClearAsync(layout.Path);
                wrong = "it was cleared";
            }
            catch (OciException e)
            {
                if (e.Kind is not (ErrorKind.NotFound or ErrorKind.Malformed or ErrorKind.Integrity or ErrorKind.Unsupported)) wrong = e.ErrorId;
            }

            if (Listing(layout) != before) wrong = $"{wrong}, files are gone";
            figure.Check(name, wrong is null, wrong);
        }

        figure.Report(17);
    }

    [Fact]
    public async Task What_a_running_writer_counts_on_stays_until_it_ends()
    {
        byte[] content = [1, 2, 3];
        Descriptor blob = new(MediaTypes.OciLayer, Digest.Compute(content), content.Length);
        Digest found = _layout.AddBlob("was there before");
        Digest lost = _layout.AddBlob("nobody needs it");
        OciLayoutStore writer = OciLayoutStore.OpenTarget(_layout.Path);
        await using (writer)
        {
            ImageLocation location = ImageLocation.Parse($"oci:{_layout.Path}:x");
            await writer.PutBlobAsync(location, blob, null, _ => Task.FromResult<Stream>(new MemoryStream(content)), Stop);
            Assert.True(await writer.HasBlobAsync(location, new Descriptor(MediaTypes.OciLayer, found, 16), Stop));
            Assert.Equal(lost.ToString(), Assert.Single(await ClearAsync()).Digest);
            Assert.True(_layout.Has(blob.GetDigest()) && _layout.Has(found));
        }

        Assert.Equal(new[] { blob.Digest, found.ToString() }.Order(), (await ClearAsync()).Select(item => item.Digest!).Order());
    }

    [Fact]
    public async Task What_has_changed_since_it_was_found_stays()
    {
        (Digest image, _, _) = _layout.AddImage("named in the meantime");
        Digest rewritten = _layout.AddBlob("written anew in the meantime");
        Digest lost = _layout.AddBlob("lost");
        (ClearingPlan plan, ImagePlaces places) = await PlanAsync(_layout.Path);
        await using (places)
        {
            Assert.Equal(5, plan.Items.Count);
            _layout.AddEntry(image, MediaTypes.OciManifest, "late");
            File.SetLastWriteTimeUtc(_layout.PathOf(rewritten), DateTime.UtcNow.AddSeconds(5));
            List<RemovedImage> removed = [];
            await plan.RunAsync([.. Enumerable.Range(0, 5)], removed.Add, (_, e) => throw e, Stop);
            Assert.Equal(lost.ToString(), Assert.Single(removed).Digest);
        }
    }

    [Fact]
    public async Task What_writers_have_left_goes_and_what_they_write_stays()
    {
        Directory.CreateDirectory(_layout.OwnFolder);
        string hex = new('a', 64);
        string[] left = [$"sha256-{hex}.1.partial", "index.json.2.partial", "3.lease", "oci-layout.4.partial"];
        string[] held = [$"sha256-{hex}.5.partial", "6.lease"];
        string[] others = ["lock", "sweep", "notes.txt"];
        foreach (string name in left.Concat(held).Concat(others)) File.WriteAllText(Path.Join(_layout.OwnFolder, name), name);
        List<IDisposable> locks = [.. held.Select(name => FileLock.TryOpen(Path.Join(_layout.OwnFolder, name))!)];
        Assert.DoesNotContain(null, locks);
        IReadOnlyList<RemovedImage> removed = await ClearAsync();
        Assert.Equal([RemovedKind.PartialBlob, RemovedKind.Leftover, RemovedKind.Leftover, RemovedKind.Leftover], removed.Select(item => item.Kind).Order());
        Assert.Equal(held.Concat(others).Order(), new DirectoryInfo(_layout.OwnFolder).EnumerateFiles().Select(file => file.Name).Order());
        foreach (IDisposable file in locks) file.Dispose();

        // a program that another test starts has all open files for a moment, and with them their locks
        foreach (string name in held)
            while (FileLock.IsHeld(Path.Join(_layout.OwnFolder, name))) await Task.Delay(1, Stop);
        Assert.Equal(2, (await ClearAsync()).Count);
    }

    [Fact]
    public async Task Only_what_is_old_enough_and_fits_goes()
    {
        Digest young = _layout.AddBlob("young");
        Digest old = _layout.AddBlob("old");
        File.SetLastWriteTimeUtc(_layout.PathOf(old), DateTime.UtcNow.AddDays(-2));
        Directory.CreateDirectory(_layout.OwnFolder);
        File.WriteAllText(Path.Join(_layout.OwnFolder, "index.json.1.partial"), "x");
        Assert.Equal(old.ToString(), Assert.Single(await ClearAsync(olderThan: TimeSpan.FromDays(1))).Digest);
        Assert.Equal(RemovedKind.Leftover, Assert.Single(await ClearAsync(filter: ["kind!=Blob"])).Kind);
        Assert.Empty(await ClearAsync(filter: ["kind=PartialBlob"]));
        Assert.Equal(young.ToString(), Assert.Single(await ClearAsync(filter: ["kind=blob", "kind=partialblob"])).Digest);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => ClearAsync(filter: ["label=x"]));
        Assert.Equal("InvalidFilter", error.ErrorId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("kind")]
    [InlineData("kind=")]
    [InlineData("=Blob")]
    [InlineData("kind=Nothing")]
    [InlineData("kind=3")]
    [InlineData("kind=99")]
    [InlineData("kind=+4")]
    [InlineData("kind= 4")]
    [InlineData("kind=Blob,PartialBlob")]
    [InlineData("kind=Image,Blob")]
    [InlineData("size=3")]
    [InlineData("!=x")]
    public void A_condition_that_is_none_is_an_error(string text)
    {
        OciException error = Assert.ThrowsAny<OciException>(() => ClearingFilter.Parse([text]));
        Assert.Equal("InvalidFilter", error.ErrorId);
    }

    private static void Change(TestLayout layout, string mediaType, Action<byte[]> change)
    {
        Digest digest = layout.AddImage("changed").Manifest;
        layout.AddEntry(digest, mediaType);
        byte[] bytes = File.ReadAllBytes(layout.PathOf(digest));
        change(bytes);
        File.WriteAllBytes(layout.PathOf(digest), bytes);
    }

    private static void DamageChild(TestLayout layout)
    {
        Digest child = layout.AddImage("child").Manifest;
        layout.AddEntry(layout.AddIndex(layout.Describe(child, MediaTypes.OciManifest)), MediaTypes.OciIndex);
        byte[] bytes = File.ReadAllBytes(layout.PathOf(child));
        bytes[40] ^= 1;
        File.WriteAllBytes(layout.PathOf(child), bytes);
    }

    private static void LinkBlobs(TestLayout layout)
    {
        Directory.Move(layout.Path + "/blobs", layout.Path + "/elsewhere");
        Directory.CreateSymbolicLink(layout.Path + "/blobs", layout.Path + "/elsewhere");
    }

    private static string Listing(TestLayout layout) => string.Join('\n', Directory.EnumerateFiles(layout.Path, "*", SearchOption.AllDirectories).Order());

    private static async Task<(ClearingPlan Plan, ImagePlaces Places)> PlanAsync(string path, TimeSpan? olderThan = null, string[]? filter = null)
    {
        ImagePlaces places = new(new StoreOpener(() => throw new InvalidOperationException("a layout needs no adapters"), new RegistryAccess()));
        try
        {
            ClearingChoices choices = new(false, olderThan, ClearingFilter.Parse(filter ?? []));
            return (await new StoreClearing(places, new KeptLog()).PlanAsync(ImageLocation.Parse("oci:" + path), choices, Stop), places);
        }
        catch
        {
            await places.DisposeAsync();
            throw;
        }
    }

    [Fact]
    public async Task A_file_that_the_disk_keeps_is_an_error_and_the_others_go()
    {
        Assert.SkipUnless(Expansion.IsRoot, "Only root can make a file that cannot be deleted.");
        Digest[] lost = [.. Enumerable.Range(0, 5).Select(i => _layout.AddBlob($"lost {i}"))];
        string stuck = _layout.PathOf(lost[2]);
        try
        {
            Tool.Run("chattr", ["+i", stuck]);
        }
        catch (InvalidOperationException e)
        {
            Assert.Skip($"The file system knows no immutable files: {e.Message}");
        }

        try
        {
            (ClearingPlan plan, ImagePlaces places) = await PlanAsync(_layout.Path);
            await using (places)
            {
                List<RemovedImage> removed = [];
                List<(RemovedImage Item, OciException Error)> failed = [];
                await plan.RunAsync([.. Enumerable.Range(0, plan.Items.Count)], removed.Add, (item, e) => failed.Add((item, e)), Stop);
                Assert.Equal(lost.Where((_, i) => i != 2).Select(digest => digest.ToString()).Order(), removed.Select(item => item.Digest!).Order());
                (RemovedImage item, OciException error) = Assert.Single(failed);
                Assert.Equal(lost[2].ToString(), item.Digest);
                Assert.Equal("WriteFailed", error.ErrorId);
                Assert.Contains(stuck, error.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            Tool.Run("chattr", ["-i", stuck]);
        }
    }

    private Task<IReadOnlyList<RemovedImage>> ClearAsync(TimeSpan? olderThan = null, string[]? filter = null) => ClearAsync(_layout.Path, olderThan, filter);

    private static async Task<IReadOnlyList<RemovedImage>> ClearAsync(string path, TimeSpan? olderThan = null, string[]? filter = null)
    {
        (ClearingPlan plan, ImagePlaces places) = await PlanAsync(path, olderThan, filter);
        await using (places)
        {
            List<RemovedImage> removed = [];
            await plan.RunAsync([.. Enumerable.Range(0, plan.Items.Count)], removed.Add, (_, e) => throw e, Stop);
            Assert.Equal(plan.Items, removed);
            return removed;
        }
    }
}
