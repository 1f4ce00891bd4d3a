using OciTools.Stores;
using OciTools.Stores.Layout;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

public sealed class OciLayoutStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Places => ["oci", "tar", "gzip", "zstd"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Places))]
    public async Task An_image_is_found_by_name_digest_position_and_alone(string place)
    {
        ImageBytes image = new(compress: TestGzip.Compress);
        await using OciLayoutStore store = await OpenAsync(place, ImageBytes.Index(image.DescribeManifest(ImageBytes.RefName("v1"))), image);
        foreach (string name in new[] { "", ":v1", ":@0", "@" + image.ManifestDigest })
        {
            StoredImage found = await store.ResolveAsync(Name(place, name), Token);
            Assert.Equal(Name(place, ":v1"), found.Location);
            Assert.Equal(image.ManifestDigest, found.Manifest!.Digest);
            Assert.Equal(("v1", null), (found.Tag, found.Repository));
        }

        ImageManifest manifest = Assert.IsType<ImageManifest>(await store.ReadManifestAsync(Name(place, ":v1"), Token));
        Assert.Equal(image.Manifest, manifest.GetBytes());
        Assert.Equal(Name(place, ":v1").ToString(), manifest.Image);
        Assert.Equal(image.Config, await ReadAsync(store, place, manifest.Config));
        Assert.Equal(image.StoredLayers[1], await ReadAsync(store, place, manifest.Layers[1]));
    }

    [Fact]
    public async Task An_index_that_is_replaced_while_it_is_read_is_the_one_or_the_other()
    {
        TestLayout layout = new(Path.Join(_folder.Path, "replaced"));
        layout.AddEntry(layout.AddImage("first").Manifest, MediaTypes.OciManifest, "first");
        byte[] one = File.ReadAllBytes(layout.IndexPath);
        layout.AddEntry(layout.AddImage("second").Manifest, MediaTypes.OciManifest, "second");
        byte[] two = File.ReadAllBytes(layout.IndexPath);
        using CancellationTokenSource done = new();
        Task replacing = Task.Run(() =>
        {
            for (int i = 0; !done.IsCancellationRequested; i++)
            {
                File.WriteAllBytes(layout.Path + "/next", i % 2 == 0 ? one : two);
                File.Move(layout.Path + "/next", layout.IndexPath, overwrite: true);
            }
        }, Token);
        for (int i = 0; i < 2000; i++)
        {
            await using OciLayoutStore store = await OciLayoutStore.OpenAsync(layout.Path, ImageTransport.Oci, TestZstd.Inflate, Token);
            Assert.NotNull((await store.ResolveAsync(ImageLocation.Parse($"oci:{layout.Path}:first"), Token)).Manifest);
        }

        await done.CancelAsync();
        await replacing;
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task The_size_and_some_bytes_of_a_blob_are_had_without_reading_it(string place)
    {
        ImageBytes image = new(compress: TestGzip.Compress);
        await using OciLayoutStore store = await OpenAsync(place, ImageBytes.Index(image.DescribeManifest()), image);
        ImageManifest manifest = (ImageManifest)await store.ReadManifestAsync(Name(place, ""), Token);
        byte[] layer = image.StoredLayers[1];
        Assert.Equal(layer.Length, await store.FindBlobAsync(Name(place, ""), manifest.Layers[1], Token));
        Assert.Equal(layer[..10], await store.ReadUnverifiedPartAsync(Name(place, ""), manifest.Layers[1], 0, 10, Token));
        Assert.Equal(layer[^4..], await store.ReadUnverifiedPartAsync(Name(place, ""), manifest.Layers[1], layer.Length - 4, 4, Token));
        Assert.Equal(layer[^2..], await store.ReadUnverifiedPartAsync(Name(place, ""), manifest.Layers[1], layer.Length - 2, 10, Token));
        Assert.Empty((await store.ReadUnverifiedPartAsync(Name(place, ""), manifest.Layers[1], layer.Length, 4, Token))!);

        Descriptor absent = new(MediaTypes.OciLayer, Digest.Compute([1]), 1);
        Assert.Null(await store.FindBlobAsync(Name(place, ""), absent, Token));
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ReadUnverifiedPartAsync(Name(place, ""), absent, 0, 1, Token));
        Assert.Equal("BlobNotFound", error.ErrorId);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_child_of_an_index_is_found_by_its_digest(string place)
    {
        ImageBytes amd64 = new(), arm64 = new(architecture: "arm64");
        byte[] index = ImageBytes.Index(amd64.DescribeManifest(), arm64.DescribeManifest());
        byte[] top = ImageBytes.Index(ImageBytes.Describe(index, MediaTypes.OciIndex, ImageBytes.RefName("both")));
        await using OciLayoutStore store = await OpenAsync(place, top, [amd64, arm64], [index]);

        ManifestDocument document = await store.ReadManifestAsync(Name(place, ":both"), Token);
        Digest child = Assert.IsType<ImageIndex>(document).Manifests[1].GetDigest();
        ImageLocation location = store.Child(Name(place, ":both"), child);
        Assert.Equal(Name(place, "@" + arm64.ManifestDigest), location);
        Assert.Equal(arm64.Manifest, (await store.ReadManifestAsync(location, Token)).GetBytes());
        StoredImage resolved = await store.ResolveAsync(location, Token);
        Assert.Equal((arm64.Manifest.Length, MediaTypes.OciManifest), (resolved.Manifest!.Size, resolved.Manifest.MediaType));
    }

    [Fact]
    public async Task Several_images_need_a_name_and_the_error_lists_them()
    {
        ImageBytes one = new("one"), two = new("two");
        await using OciLayoutStore store = await OpenAsync("oci",
            ImageBytes.Index(one.DescribeManifest(ImageBytes.RefName("a")), two.DescribeManifest(ImageBytes.RefName("b"))), one, two);
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name("oci", ""), Token));
        Assert.Equal("AmbiguousImage", error.ErrorId);
        Assert.Contains("@0 = a, @1 = b", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_is_cut_and_cleaned()
    {
        ImageBytes image = new();
        string[] entries = [.. Enumerable.Range(0, 50).Select(i => image.DescribeManifest(ImageBytes.RefName($"n{i}\\u001b[31m")))];
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(entries), image);
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name("oci", ""), Token));
        Assert.Contains("and 30 more", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
        Assert.DoesNotContain("n20", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ref_name_that_stands_twice_is_ambiguous_unless_the_digest_is_the_same()
    {
        ImageBytes one = new("one"), two = new("two");
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(
            one.DescribeManifest(ImageBytes.RefName("a")), two.DescribeManifest(ImageBytes.RefName("a")),
            one.DescribeManifest(ImageBytes.RefName("b")), one.DescribeManifest(ImageBytes.RefName("b"))), one, two);
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name("oci", ":a"), Token));
        Assert.Equal("AmbiguousImage", error.ErrorId);
        StoredImage same = await store.ResolveAsync(Name("oci", ":b"), Token);
        Assert.Equal(one.ManifestDigest, same.Manifest!.Digest);
        Assert.Equal(Name("oci", ":@2"), same.Location);
    }

    [Fact]
    public async Task The_canonical_name_is_the_unique_ref_name_or_the_digest_or_the_position()
    {
        ImageBytes one = new("one"), two = new("two"), three = new("three");
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(
            one.DescribeManifest(ImageBytes.RefName("a")), two.DescribeManifest(), three.DescribeManifest(), three.DescribeManifest(ImageBytes.RefName("@x"))), one, two, three);
        List<StoredImage> images = await store.ListAsync(Token).ToListAsync(Token);
        Assert.Equal([Name("oci", ":a"), Name("oci", "@" + two.ManifestDigest), Name("oci", ":@2"), Name("oci", ":@3")], images.Select(i => i.Location));
        foreach (StoredImage image in images)
            Assert.Equal(image.Manifest!.Digest, (await store.ResolveAsync(ImageLocation.Parse(image.Location.ToString()), Token)).Manifest!.Digest);
    }

    [Theory]
    [InlineData("docker.io/library/nginx:1.27", true)]
    [InlineData("nginx:1.27", true)]
    [InlineData("library/nginx:1.27", true)]
    [InlineData("nginx", false)]
    [InlineData("docker.io/library/nginx", false)]
    [InlineData("1.27", true)]
    public async Task A_name_is_matched_with_the_ref_name_and_then_with_the_name_of_containerd(string name, bool isFound)
    {
        ImageBytes image = new(), other = new("other");
        string annotations = "\"io.containerd.image.name\":\"docker.io/library/nginx:1.27\"," + ImageBytes.RefName("1.27");
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest(annotations), other.DescribeManifest()), image, other);
        if (!isFound)
        {
            NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name("oci", ":" + name), Token));
            Assert.Equal("ImageNotFound", error.ErrorId);
            return;
        }

        StoredImage found = await store.ResolveAsync(Name("oci", ":" + name), Token);
        Assert.Equal((image.ManifestDigest, "docker.io/library/nginx", "1.27"), (found.Manifest!.Digest, found.Repository, found.Tag));
    }

    [Theory]
    [InlineData("localhost:5000/app:v2", "localhost:5000/app", "v2")]
    [InlineData("busybox:1.36", "docker.io/library/busybox", "1.36")]
    [InlineData("latest", null, "latest")]
    [InlineData("Some Thing", null, "Some Thing")]
    public async Task A_ref_name_that_is_a_whole_reference_gives_repository_and_tag(string refName, string? repository, string tag)
    {
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest(ImageBytes.RefName(refName))), image);
        StoredImage found = Assert.Single(await store.ListAsync(Token).ToListAsync(Token));
        Assert.Equal((repository, tag), (found.Repository, found.Tag));
        Assert.Equal(found.Location, (await store.ResolveAsync(Name("oci", ":" + refName), Token)).Location);
    }

    [Fact]
    public async Task A_missing_blob_is_named()
    {
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest()), image);
        ManifestDocument manifest = await store.ReadManifestAsync(Name("oci", ""), Token);
        Descriptor layer = ((ImageManifest)manifest).Layers[0];
        File.Delete(Path.Join(_folder.Path, "oci", "blobs", "sha256", layer.GetDigest().Hex));
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => store.OpenBlobAsync(Name("oci", ""), layer, Token));
        Assert.Equal("BlobNotFound", error.ErrorId);
        Assert.Contains(layer.Digest, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Changed_bytes_of_a_manifest_and_a_layer_are_found(string place)
    {
        ImageBytes image = new();
        image.Manifest[^2] ^= 1;
        await using (OciLayoutStore store = await OpenAsync(place, ImageBytes.Index(new ImageBytes().DescribeManifest()), [], [], image.Blobs.Select(b => b.Bytes == image.Manifest ? ("blobs/" + new ImageBytes().ManifestDigest.Replace(':', '/'), b.Bytes) : b)))
            Assert.Equal("DigestMismatch", (await Assert.ThrowsAsync<IntegrityException>(() => store.ReadManifestAsync(Name(place, ""), Token))).ErrorId);

        image = new();
        byte[] changed = [.. image.Tars[0]];
        changed[600] ^= 1;
        string path = "blobs/" + image.DiffIds[0].Replace(':', '/');
        await using OciLayoutStore second = await OpenAsync(place + "2", ImageBytes.Index(image.DescribeManifest()), [], [], image.Blobs.Select(b => b.Path == path ? (path, changed) : b));
        ImageManifest manifest = (ImageManifest)await second.ReadManifestAsync(Name(place + "2", ""), Token);
        Assert.Equal("DigestMismatch", (await Assert.ThrowsAsync<IntegrityException>(() => ReadAsync(second, place, manifest.Layers[0]))).ErrorId);
    }

    [Fact]
    public async Task A_blob_of_another_size_is_refused_before_it_is_opened()
    {
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest()), image);
        ImageManifest manifest = (ImageManifest)await store.ReadManifestAsync(Name("oci", ""), Token);
        await File.AppendAllTextAsync(Path.Join(_folder.Path, "oci", "blobs", "sha256", manifest.Layers[0].GetDigest().Hex), "x", Token);
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => store.OpenBlobAsync(Name("oci", ""), manifest.Layers[0], Token));
        Assert.Equal("SizeMismatch", error.ErrorId);
    }

    [Theory]
    [InlineData("index.json")]
    [InlineData("oci-layout")]
    [InlineData("blobs")]
    [InlineData("blobs/sha256")]
    [InlineData("blob")]
    public async Task A_link_anywhere_in_a_layout_is_refused(string what)
    {
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest()), image);
        string path = Path.Join(_folder.Path, "oci", what == "blob" ? "blobs/" + image.ManifestDigest.Replace(':', '/') : what);
        string moved = Path.Join(_folder.Path, "moved");
        if (Directory.Exists(path))
        {
            Directory.Move(path, moved);
            Directory.CreateSymbolicLink(path, moved);
        }
        else
        {
            File.Move(path, moved);
            File.CreateSymbolicLink(path, moved);
        }

        MalformedException error = await Assert.ThrowsAsync<MalformedException>(() => store.ReadManifestAsync(Name("oci", ""), Token));
        Assert.Equal("MalformedContent", error.ErrorId);
        Assert.Contains("link", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_pipe_in_place_of_a_document_does_not_hang()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no such files.");
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest()), image);
        foreach (string what in new[] { "blobs/" + image.ManifestDigest.Replace(':', '/'), "index.json" })
        {
            string path = Path.Join(_folder.Path, "oci", what);
            File.Delete(path);
            Tool.Run("mkfifo", [path]);
            await Assert.ThrowsAnyAsync<OciException>(() => Task.Run(async () =>
            {
                await using OciLayoutStore fresh = await OciLayoutStore.OpenAsync(Path.Join(_folder.Path, "oci"), ImageTransport.Oci, TestZstd.Inflate, Token);
                await fresh.ReadManifestAsync(Name("oci", ""), Token);
            }, Token).WaitAsync(TimeSpan.FromSeconds(20), Token));
        }
    }

    [Theory]
    [InlineData("oci-layout", null, "UnsupportedPlace")]
    [InlineData("oci-layout", "{}", "MalformedDocument")]
    [InlineData("oci-layout", "", "MalformedDocument")]
    [InlineData("oci-layout", """{"imageLayoutVersion":"2.0.0"}""", "UnsupportedContent")]
    [InlineData("oci-layout", """{"ImageLayoutVersion":"1.0.0"}""", "AmbiguousDocument")]
    [InlineData("oci-layout", """{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}""", "AmbiguousDocument")]
    [InlineData("index.json", null, "MalformedContent")]
    [InlineData("index.json", "", "MalformedDocument")]
    [InlineData("index.json", "[]", "MalformedDocument")]
    [InlineData("index.json", """{"schemaVersion":2}""", "UnsupportedContent")]
    [InlineData("index.json", """{"schemaVersion":2,"manifests":[],"layers":[]}""", "AmbiguousDocument")]
    [InlineData("index.json", """{"schemaVersion":2,"Manifests":[],"manifests":[]}""", "AmbiguousDocument")]
    [InlineData("index.json", """{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:../../../../etc/passwd","size":1}]}""", "MalformedDocument")]
    [InlineData("index.json", """{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":-1}]}""", "MalformedDocument")]
    [InlineData("index.json", """{"schemaVersion":2,"manifests":[]}""", "ImageNotFound")]
    public async Task Documents_of_the_layout_are_read_strictly(string file, string? text, string errorId)
    {
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest()), image);
        string path = Path.Join(_folder.Path, "oci", file);
        if (text is null) File.Delete(path);
        else await File.WriteAllTextAsync(path, text, Token);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.ResolveAsync(Name("oci", ""), Token));
        Assert.Equal(errorId, error.ErrorId);
    }

    [Fact]
    public async Task What_is_not_there_is_said_so()
    {
        ImageBytes image = new();
        await using OciLayoutStore store = await OpenAsync("oci", ImageBytes.Index(image.DescribeManifest()), image);
        foreach (string name in new[] { ":other", ":@1", "@" + Digest.Compute([9]) })
            Assert.Equal("ImageNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => store.ResolveAsync(Name("oci", name), Token))).ErrorId);
        Assert.Equal("PathNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => OciLayoutStore.OpenAsync(_folder.Path + "/none", ImageTransport.Oci, TestZstd.Inflate, Token))).ErrorId);
        Assert.Equal("PathNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => OciLayoutStore.OpenAsync(_folder.Path + "/none", ImageTransport.OciArchive, TestZstd.Inflate, Token))).ErrorId);
        Assert.Equal("UnsupportedPlace", (await Assert.ThrowsAsync<UnsupportedException>(() => OciLayoutStore.OpenAsync(_folder.Path, ImageTransport.OciArchive, TestZstd.Inflate, Token))).ErrorId);
        Assert.Equal("UnsupportedPlace", (await Assert.ThrowsAsync<UnsupportedException>(() => OciLayoutStore.OpenAsync(Path.Join(_folder.Path, "oci/index.json"), ImageTransport.Oci, TestZstd.Inflate, Token))).ErrorId);
    }

    [Fact]
    public async Task A_compressed_archive_leaves_no_temporary_file()
    {
        ImageBytes image = new();
        LeftSpools spools = new();
        await using (OciLayoutStore store = await OpenAsync("gzip", ImageBytes.Index(image.DescribeManifest()), image))
        {
            ImageManifest manifest = (ImageManifest)await store.ReadManifestAsync(Name("gzip", ""), Token);
            byte[][] layers = await Task.WhenAll(manifest.Layers.Select(l => ReadAsync(store, "gzip", l)));
            Assert.Equal(image.StoredLayers, layers);
        }

        await spools.CheckAsync();
    }

    private static async Task<byte[]> ReadAsync(OciLayoutStore store, string place, Descriptor descriptor)
    {
        await using Stream stream = await store.OpenBlobAsync(ImageLocation.FromPath(place), descriptor, Token);
        MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }

    private ImageLocation Name(string place, string name) =>
        ImageLocation.Parse((place.StartsWith("oci", StringComparison.Ordinal) ? "oci:" : "oci-archive:") + Path.Join(_folder.Path, place) + name);

    private Task<OciLayoutStore> OpenAsync(string place, byte[] index, params ImageBytes[] images) => OpenAsync(place, index, images, []);

    private Task<OciLayoutStore> OpenAsync(string place, byte[] index, ImageBytes[] images, byte[][] documents, IEnumerable<(string Path, byte[] Bytes)>? more = null)
    {
        string root = Path.Join(_folder.Path, "oci" + place);
        List<(string Path, byte[] Bytes)> files = [("oci-layout", ImageBytes.Version), ("index.json", index), .. images.SelectMany(i => i.Blobs), .. more ?? []];
        foreach (byte[] document in documents) files.Add(("blobs/" + Tool.Sha256(document).Replace(':', '/'), document));
        bool isDirectory = place.StartsWith("oci", StringComparison.Ordinal);
        if (isDirectory) root = Path.Join(_folder.Path, place);
        foreach ((string path, byte[] bytes) in files) _folder.Write(Path.Join(Path.GetFileName(root), path), bytes);
        if (isDirectory) return OciLayoutStore.OpenAsync(root, ImageTransport.Oci, TestZstd.Inflate, Token);

        string archive = Path.Join(_folder.Path, place);
        string[] compression = place.StartsWith("gzip", StringComparison.Ordinal) ? ["--gzip"] : place.StartsWith("zstd", StringComparison.Ordinal) ? ["--zstd"] : [];
        Tool.Run("tar", ["-C", root, .. compression, "-cf", archive, "."]);
        return OciLayoutStore.OpenAsync(archive, ImageTransport.OciArchive, TestZstd.Inflate, Token);
    }
}
