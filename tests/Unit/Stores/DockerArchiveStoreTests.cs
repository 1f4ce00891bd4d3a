using System.Text;
using OciTools.Layers;
using OciTools.Stores;
using OciTools.Stores.DockerArchive;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

public sealed class DockerArchiveStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forms => ["docker20", "podman", "crane", "docker25", "docker25-index"];

    public static TheoryData<string> Compressions => ["none", "gzip", "zstd"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Archives_of_each_writer_give_config_layers_and_image_id(string form)
    {
        ImageBytes image = new();
        string path = Save(Form(form, image));
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        foreach (string name in new[] { "", ":app:v1", ":docker.io/library/app:v1", ":@0", "@" + image.ConfigDigest })
        {
            UnpackedImage unpacked = await store.InspectAsync(Name(path, name), Token);
            Assert.Equal(Name(path, ":app:v1"), unpacked.Location);
            Assert.Equal(image.ConfigDigest, unpacked.Config.ImageId);
            Assert.Equal(image.Config, unpacked.Config.GetBytes());
            Assert.Equal(image.DiffIds, unpacked.Layers.Select(l => l.DiffId.ToString()));
            Assert.Equal(image.Tars.Select(t => (long?)t.Length), unpacked.Layers.Select(l => l.StoredSize));
            Assert.Equal(image.Tars[1], await ReadLayerAsync(store, Name(path, name), 1));
            Assert.Equal(image.Tars[1][510..514], await store.ReadUnverifiedLayerPartAsync(Name(path, name), 1, 510, 4, Token));
        }

        StoredImage found = await store.ResolveAsync(Name(path, ""), Token);
        Assert.Equal(("docker.io/library/app", "v1"), (found.Repository, found.Tag));
        if (!form.StartsWith("docker25", StringComparison.Ordinal))
        {
            Assert.Null(found.Manifest);
            Assert.Equal("NoManifest", (await Assert.ThrowsAsync<NotFoundException>(() => store.ReadManifestAsync(Name(path, ""), Token))).ErrorId);
            return;
        }

        Assert.Equal(image.ManifestDigest, found.Manifest!.Digest);
        ImageManifest manifest = (ImageManifest)await store.ReadManifestAsync(Name(path, ":app:v1"), Token);
        Assert.Equal(image.Manifest, manifest.GetBytes());
        Assert.Equal(manifest.GetBytes(), (await store.ReadManifestAsync(store.Child(Name(path, ""), manifest.GetDigest()), Token)).GetBytes());
        await using Stream blob = await store.OpenBlobAsync(Name(path, ""), manifest.Layers[0], Token);
        MemoryStream bytes = new();
        await blob.CopyToAsync(bytes, Token);
        Assert.Equal(image.Tars[0], bytes.ToArray());
    }

    [Fact]
    public async Task A_config_that_is_not_what_its_name_states_is_told_with_both_digests()
    {
        ImageBytes image = new();
        string stated = new('a', 64);
        string path = Save(new TarBytes().File(stated + ".json", image.Config).File("manifest.json", $$"""[{"Config":"{{stated}}.json","Layers":[]}]""").End());
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => store.InspectAsync(Name(path, ""), Token));
        Assert.Equal(("sha256:" + stated, image.ConfigDigest), (error.Expected, error.Actual));
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public async Task Compressed_archives_give_the_same_through_one_pass_or_two(string compression)
    {
        ImageBytes image = new();
        string plain = Save(Form("docker20", image));
        string path = plain;
        if (compression != "none") path = _folder.Write("compressed", Tool.Run(compression, ["-c", plain]));
        LeftSpools spools = new();
        await using (DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token))
        {
            Assert.Equal(image.ConfigDigest, (await store.InspectAsync(Name(path, ":app:v1"), Token)).Config.ImageId);
            byte[][] layers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => ReadLayerAsync(store, Name(path, ""), i % 2))));
            Assert.All(layers.Index(), l => Assert.Equal(image.Tars[l.Index % 2], l.Item));
            Assert.Equal(image.ConfigDigest, (await store.InspectAsync(Name(path, ":app:v1"), Token)).Config.ImageId);
        }

        await using (DockerArchiveStore layersFirst = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token))
        {
            Assert.Equal(image.Tars[0], await ReadLayerAsync(layersFirst, Name(path, ""), 0));
            Assert.Equal(image.ConfigDigest, (await layersFirst.InspectAsync(Name(path, ""), Token)).Config.ImageId);
        }

        await spools.CheckAsync();
    }

    [Fact]
    public async Task Several_images_are_listed_by_each_of_their_names()
    {
        ImageBytes one = new("one"), two = new("two");
        string path = Save(Classic(
            (one, ["app:v1", "localhost:5000/app:v1"]), (two, []), (two, ["two"])));
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        List<StoredImage> images = await store.ListAsync(Token).ToListAsync(Token);
        Assert.Equal([Name(path, ":app:v1"), Name(path, ":localhost:5000/app:v1"), Name(path, ":@1"), Name(path, ":two")], images.Select(i => i.Location));
        Assert.Equal(["docker.io/library/app", "localhost:5000/app", null, "docker.io/library/two"], images.Select(i => i.Repository));
        Assert.Equal(["v1", "v1", null, "latest"], images.Select(i => i.Tag));
        foreach (StoredImage image in images)
            Assert.Equal(image.Location, (await store.ResolveAsync(ImageLocation.Parse(image.ToString()), Token)).Location);
        Assert.Equal(two.ConfigDigest, (await store.InspectAsync(Name(path, ":two:latest"), Token)).Config.ImageId);

        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name(path, ""), Token));
        Assert.Equal("AmbiguousImage", error.ErrorId);
        Assert.Contains("@0 = app:v1 or localhost:5000/app:v1, @1, @2 = two", error.Message, StringComparison.Ordinal);
        Assert.Equal("ImageNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name(path, ":app:v2"), Token))).ErrorId);
        Assert.Equal("ImageNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name(path, ":@3"), Token))).ErrorId);
        Assert.Equal("ImageNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name(path, "@" + Digest.Compute([1])), Token))).ErrorId);
        Assert.Equal("LayerNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => store.OpenUnverifiedLayerAsync(Name(path, ":@0"), 2, Token))).ErrorId);
    }

    [Fact]
    public async Task A_name_of_two_images_is_ambiguous()
    {
        string path = Save(Classic((new ImageBytes("one"), ["app:v1"]), (new ImageBytes("two"), ["docker.io/library/app:v1"])));
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        Assert.Equal("AmbiguousImage", (await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name(path, ":app:v1"), Token))).ErrorId);
        Assert.Equal([Name(path, ":@0"), Name(path, ":@1")], (await store.ListAsync(Token).ToListAsync(Token)).Select(i => i.Location));
    }

    [Fact]
    public async Task A_layer_that_is_a_link_to_another_entry_is_followed()
    {
        ImageBytes image = new();
        byte[] tar = new TarBytes()
            .File("real/layer.tar", image.Tars[0]).Symlink("b/layer.tar", "../real/layer.tar")
            .File("real/two.tar", image.Tars[1]).HardLink("c/layer.tar", "real/two.tar").Symlink("d/layer.tar", "./../c/layer.tar")
            .File("config.json", image.Config)
            .File("manifest.json", """[{"Config":"config.json","RepoTags":null,"Layers":["b/layer.tar","d/layer.tar"]}]""").End();
        string path = _folder.Write("a.tar", tar);
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        UnpackedImage unpacked = await store.InspectAsync(Name(path, ""), Token);
        Assert.Equal(image.Tars.Select(t => (long?)t.Length), unpacked.Layers.Select(l => l.StoredSize));
        for (int i = 0; i < 2; i++)
        {
            await using LayerReader reader = await LayerReader.OpenAsync(await store.OpenUnverifiedLayerAsync(Name(path, ""), i, Token),
                "The layer", null, unpacked.Layers[i].DiffId, TestZstd.Inflate, Token);
            Assert.Equal(image.DiffIds[i], (await reader.DrainAsync(Token)).ToString());
        }
    }

    [Fact]
    public async Task An_export_in_a_stream_keeps_the_name_of_its_owner()
    {
        ImageBytes image = new();
        ImageLocation owner = ImageLocation.Parse("docker-daemon:other:tag");
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(new MemoryStream(Form("docker20", image)), owner, TestZstd.Inflate, Token);
        UnpackedImage unpacked = await store.InspectAsync(owner, Token);
        Assert.Equal((owner, image.ConfigDigest), (unpacked.Location, unpacked.Config.ImageId));
        Assert.Equal(image.Tars[0], await ReadLayerAsync(store, owner, 0));
    }

    [Fact]
    public async Task Archives_of_the_time_before_manifests_are_named_as_such()
    {
        string path = _folder.Write("a.tar", new TarBytes().File("repositories", """{"app":{"v1":"abc"}}""").File("abc/json", "{}").File("abc/layer.tar", "x").End());
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        UnsupportedException error = await Assert.ThrowsAsync<UnsupportedException>(() => store.ResolveAsync(Name(path, ""), Token));
        Assert.Equal("UnsupportedContent", error.ErrorId);
    }

    [Fact]
    public async Task The_last_of_several_entries_with_one_name_holds_for_layers_as_it_does_for_tar()
    {
        ImageBytes image = new();
        byte[] tar = new TarBytes().File("one.tar", "old").File("one.tar", image.Tars[0]).File("two.tar", image.Tars[1])
            .File(image.ConfigDigest[7..] + ".json", "old").File(image.ConfigDigest[7..] + ".json", image.Config)
            .File("manifest.json", $$"""[{"Config":"{{image.ConfigDigest[7..]}}.json","Layers":["one.tar","two.tar"]}]""").End();
        string path = _folder.Write("a.tar", tar);
        await using DockerArchiveStore store = await DockerArchiveStore.OpenAsync(path, TestZstd.Inflate, Token);
        await store.InspectAsync(Name(path, ""), Token);
        Assert.Equal(image.Tars[0], await ReadLayerAsync(store, Name(path, ""), 0));
    }

    private static async Task<byte[]> ReadLayerAsync(DockerArchiveStore store, ImageLocation location, int layer)
    {
        await using Stream stream = await store.OpenUnverifiedLayerAsync(location, layer, Token);
        MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }

    private static ImageLocation Name(string path, string name) => ImageLocation.Parse("docker-archive:" + path + name);

    private string Save(byte[] tar) => _folder.Write("a.tar", tar);

    private static byte[] Classic(params (ImageBytes Image, string[] Tags)[] images)
    {
        TarBytes tar = new();
        List<string> items = [];
        HashSet<string> written = [];
        foreach ((ImageBytes image, string[] tags) in images)
        {
            if (written.Add(image.ConfigDigest))
            {
                for (int i = 0; i < 2; i++) tar.Directory(image.DiffIds[i][7..] + "/").File(image.DiffIds[i][7..] + "/layer.tar", image.Tars[i]);
                tar.File(image.ConfigDigest[7..] + ".json", image.Config);
            }

            items.Add($$"""{"Config":"{{image.ConfigDigest[7..]}}.json","RepoTags":[{{string.Join(',', tags.Select(t => $"\"{t}\""))}}],"Layers":[{{string.Join(',', image.DiffIds.Select(d => $"\"{d[7..]}/layer.tar\""))}}]}""");
        }

        return tar.File("manifest.json", "[" + string.Join(',', items) + "]").End();
    }

    private static byte[] Form(string form, ImageBytes image)
    {
        (string config, Func<string, string> layer) = form switch
        {
            "docker20" => ($"{image.ConfigDigest[7..]}.json", d => d[7..] + "/layer.tar"),
            "podman" => ($"{image.ConfigDigest[7..]}.json", d => d[7..] + ".tar"),
            "crane" => (image.ConfigDigest, d => d[7..] + ".tar.gz"),
            _ => ("blobs/" + image.ConfigDigest.Replace(':', '/'), new Func<string, string>(d => "blobs/" + d.Replace(':', '/'))),
        };
        TarBytes tar = new();
        for (int i = 0; i < 2; i++) tar.File(layer(image.DiffIds[i]), image.Tars[i]);
        tar.File(config, image.Config);
        if (form.StartsWith("docker25", StringComparison.Ordinal))
        {
            // an index below the index, which also names a platform that was not saved
            byte[] nested = ImageBytes.Index(new ImageBytes("absent").DescribeManifest(), image.DescribeManifest());
            bool isNested = form == "docker25-index";
            if (isNested) tar.File("blobs/" + Tool.Sha256(nested).Replace(':', '/'), nested);
            tar.File("blobs/" + image.ManifestDigest.Replace(':', '/'), image.Manifest).File("oci-layout", ImageBytes.Version)
                .File("index.json", ImageBytes.Index(isNested ? ImageBytes.Describe(nested, MediaTypes.OciIndex) : image.DescribeManifest()));
        }

        return tar.File("manifest.json", Encoding.UTF8.GetBytes(
            $$"""[{"Config":"{{config}}","RepoTags":["app:v1"],"Layers":["{{layer(image.DiffIds[0])}}","{{layer(image.DiffIds[1])}}"]}]""")).End();
    }
}
