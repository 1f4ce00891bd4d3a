using System.Numerics;
using System.Text;
using OciTools.Layers;
using OciTools.Stores;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>
/// Archives that try to reach files outside, to be two things at once, or to exhaust the reader. Held means: refused with a typed error,
/// or read as what an honest archive of the same image gives; a canary file outside the archive never comes out.
/// </summary>
public sealed class HostileArchiveTests(ITestOutputHelper output) : IDisposable
{
    private const string Canary = "the canary outside the archive";

    private static readonly ImageBytes s_image = new();

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Hostile_archives_are_refused_or_harmless()
    {
        string canary = _folder.Write("canary", Encoding.UTF8.GetBytes(Canary));
        int tried = 0, held = 0;
        foreach ((string name, byte[] tar, string[] errorIds) in Cases(canary))
        {
            tried++;
            string path = _folder.Write("in/archive.tar", tar);
            string result = await UseAsync(path).WaitAsync(TimeSpan.FromSeconds(20), Token);
            Assert.True(errorIds.Contains(result), $"{name}: {result} instead of {string.Join(" or ", errorIds)}");
            held++;
        }

        output.WriteLine($"hostile archives: tried {tried}, held {held}");
        Assert.True(tried >= 60);
        Assert.Equal(["archive.tar"], Directory.GetFileSystemEntries(Path.Join(_folder.Path, "in")).Select(Path.GetFileName));
        Assert.Equal(Canary, await File.ReadAllTextAsync(canary, Token));
    }

    // all that a reading command does: find, list, config, every layer; gives the id of the first error
    private static async Task<string> UseAsync(string path)
    {
        try
        {
            (ImageLocation location, IImageStore opened) = await PathProbe.OpenAsync(ImageLocation.FromPath(path), TestZstd.Inflate, Token);
            await using (opened)
            {
                await opened.ListAsync(Token).ToListAsync(Token);
                StoredImage found = await opened.ResolveAsync(location, Token);
                if (opened is not IUnpackedImageStore store)
                {
                    ImageManifest manifest = (ImageManifest)await opened.ReadManifestAsync(found.Location, Token);
                    foreach (Descriptor blob in (Descriptor[])[manifest.Config, .. manifest.Layers])
                    {
                        await using Stream stream = await opened.OpenBlobAsync(found.Location, blob, Token);
                        await stream.CopyToAsync(Stream.Null, Token);
                    }

                    return "harmless";
                }

                UnpackedImage image = await store.InspectAsync(found.Location, Token);
                Assert.Equal(s_image.ConfigDigest, image.Config.ImageId);
                for (int i = 0; i < image.Layers.Count; i++)
                {
                    await using LayerReader reader = await LayerReader.OpenAsync(
                        await store.OpenUnverifiedLayerAsync(found.Location, i, Token), "The layer", null, image.Layers[i].DiffId, TestZstd.Inflate, Token);
                    await reader.DrainAsync(Token);
                }

                return "harmless";
            }
        }
        catch (OciException e)
        {
            Assert.DoesNotContain(Canary, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', e.Message);
            return e.ErrorId;
        }
    }

    private static IEnumerable<(string Name, byte[] Tar, string[] ErrorIds)> Cases(string canary)
    {
        string config = s_image.ConfigDigest[7..] + ".json";

        // paths in manifest.json
        foreach (string path in new[] { "../canary", "a/../../canary", canary, "//etc/passwd", "..", "../", "a/..", "./../canary", "", ".", "/", "a/../one.tar" })
        {
            yield return ($"layer path '{path}'", Manifest(config, path, "two.tar"), ["MalformedContent"]);
            yield return ($"config path '{path}'", Manifest(path, "one.tar", "two.tar"), ["MalformedContent"]);
        }

        yield return ("layer path with NUL", Manifest(config, "one.tar\\u0000/../x", "two.tar"), ["MalformedContent"]);
        foreach (string path in new[] { @"..\\canary", @"C:\\Windows\\win.ini", "C:/Windows/win.ini", @"\\\\server\\share\\x", "NUL", "file:///etc/passwd", "~/canary", "one.tar:stream", "ONE.TAR", "one.tar " })
            yield return ($"layer path '{path}'", Manifest(config, path, "two.tar"), ["BlobNotFound"]);
        yield return ("layer path through dots", Manifest(config, "./one.tar", "x/..//../two.tar"), ["MalformedContent"]);
        yield return ("layer path with empty segments", Manifest(config, ".//one.tar", "two.tar"), ["harmless"]);

        // links
        foreach (string target in new[] { canary, "../canary", "../../canary", "x/../../canary", "/etc/passwd", "", "absent", "layer", "./layer", "x/../layer" })
        {
            yield return ($"layer is a symlink to '{target}'", Base().Symlink("layer", target).File("manifest.json", Json(config, "layer", "two.tar")).End(), ["MalformedContent"]);
            yield return ($"layer is a hard link to '{target}'", Base().HardLink("layer", target).File("manifest.json", Json(config, "layer", "two.tar")).End(), ["MalformedContent"]);
        }

        yield return ("two links in a circle", Base().Symlink("a", "b").Symlink("b", "a").File("manifest.json", Json(config, "a", "two.tar")).End(), ["MalformedContent"]);
        yield return ("a symlink and a hard link in a circle", Base().Symlink("a", "b").HardLink("b", "a").File("manifest.json", Json(config, "a", "two.tar")).End(), ["MalformedContent"]);
        TarBytes chain = Base();
        for (int i = 0; i < 1000; i++) chain.Symlink($"l{i}", $"l{i + 1}");
        yield return ("a chain of 1000 links", chain.Symlink("l1000", "one.tar").File("manifest.json", Json(config, "l0", "two.tar")).End(), ["MalformedContent"]);
        yield return ("a layer below a link", Base().Symlink("dir", "/etc").File("dir/one.tar", s_image.Tars[0]).File("manifest.json", Json(config, "dir/one.tar", "two.tar")).End(), ["MalformedContent"]);
        yield return ("a layer below a file", Base().File("dir", "x").File("dir/one.tar", s_image.Tars[0]).File("manifest.json", Json(config, "dir/one.tar", "two.tar")).End(), ["MalformedContent"]);
        yield return ("manifest.json is a symlink", Base().File("real", Json(config, "one.tar", "two.tar")).Symlink("manifest.json", "real").End(), ["MalformedContent"]);
        yield return ("manifest.json is a hard link", Base().File("real", Json(config, "one.tar", "two.tar")).HardLink("manifest.json", "real").End(), ["MalformedContent"]);
        yield return ("manifest.json is a directory", Base().Directory("manifest.json/").End(), ["MalformedContent"]);
        yield return ("config is a symlink", Base().Symlink("c.json", config).File("manifest.json", Json("c.json", "one.tar", "two.tar")).End(), ["MalformedContent"]);
        yield return ("layer is a directory", Base().Directory("d/").File("manifest.json", Json(config, "d", "two.tar")).End(), ["MalformedContent"]);
        yield return ("layer is a pipe", Base().Entry("p", [], '6').File("manifest.json", Json(config, "p", "two.tar")).End(), ["MalformedContent"]);
        yield return ("layer is a device", Base().Entry("p", [], '3').File("manifest.json", Json(config, "p", "two.tar")).End(), ["MalformedContent"]);
        yield return ("layer is a sparse file", Base().Entry("p", [], 'S', change: h => "ustar  \0"u8.CopyTo(h.AsSpan(257))).File("manifest.json", Json(config, "p", "two.tar")).End(), ["UnsupportedContent"]);

        // names of entries
        foreach (string name in new[] { "../canary", "a/../../canary", "/etc/passwd", "..", "./..", "a/b/.." })
            yield return ($"an entry named '{name}'", Base().File(name, "x").File("manifest.json", Json(config, "one.tar", "two.tar")).End(), ["MalformedContent"]);
        foreach (string name in new[] { @"..\canary", @"C:\x", "C:x", "CON", "a\u001b[31m", "aux.txt.", "a:b" })
            yield return ($"an entry named '{name}'", Base().File(name, "x").File("manifest.json", Json(config, "one.tar", "two.tar")).End(), ["harmless"]);
        yield return ("an entry that is not UTF-8", Base().Entry("x", [], change: h => h[0] = 0xFF).File("manifest.json", Json(config, "one.tar", "two.tar")).End(), ["harmless"]);

        // contents that contradict each other
        yield return ("too few layers", Manifest(config, "one.tar"), ["MalformedContent"]);
        yield return ("too many layers", Manifest(config, "one.tar", "two.tar", "two.tar"), ["MalformedContent"]);
        yield return ("layers in the wrong order", Manifest(config, "two.tar", "one.tar"), ["DigestMismatch"]);
        yield return ("another config under the name", Base().File(new string('a', 64) + ".json", s_image.Config).File("manifest.json", Json(new string('a', 64) + ".json", "one.tar", "two.tar")).End(), ["DigestMismatch"]);
        yield return ("manifest.json twice", Base().File("manifest.json", Json(config, "one.tar", "two.tar")).File("manifest.json", Json(config, "one.tar", "two.tar")).End(), ["AmbiguousDocument"]);
        yield return ("an unnamed config twice", Base().File("c", s_image.Config).File("c", s_image.Config).File("manifest.json", Json("c", "one.tar", "two.tar")).End(), ["AmbiguousDocument"]);
        yield return ("keys in two cases", Base().File("manifest.json", $$"""[{"config":"x","Config":"{{config}}","Layers":["one.tar","two.tar"]}]""").End(), ["AmbiguousDocument"]);
        yield return ("a key twice", Base().File("manifest.json", $$"""[{"Config":"x","Config":"{{config}}","Layers":["one.tar","two.tar"]}]""").End(), ["AmbiguousDocument"]);
        yield return ("no config", Base().File("manifest.json", """[{"Layers":["one.tar","two.tar"]}]""").End(), ["MalformedDocument"]);
        yield return ("layers are numbers", Base().File("manifest.json", $$"""[{"Config":"{{config}}","Layers":[1,2]}]""").End(), ["MalformedDocument"]);
        yield return ("manifest.json is an object", Base().File("manifest.json", "{}").End(), ["MalformedDocument"]);
        yield return ("manifest.json is empty", Base().File("manifest.json", "").End(), ["MalformedDocument"]);
        yield return ("manifest.json holds no image", Base().File("manifest.json", "[]").End(), ["ImageNotFound"]);
        yield return ("manifest.json is deep", Base().File("manifest.json", new string('[', 100_000)).End(), ["MalformedDocument"]);
        yield return ("manifest.json is huge", Base().File("manifest.json", "[" + new string(' ', Limits.StoreIndex) + "]").End(), ["TooLarge"]);
        yield return ("config is huge", Base().File("c", "{" + new string(' ', Limits.Config) + "}").File("manifest.json", Json("c", "one.tar", "two.tar")).End(), ["TooLarge"]);
        yield return ("tags that are escapes", Base().File("manifest.json", $$"""[{"Config":"{{config}}","RepoTags":["\u001b[2J","../../x","@0"],"Layers":["one.tar","two.tar"]}]""").End(), ["harmless"]);
        yield return ("an inner index that is two things", Base().File("index.json", """{"schemaVersion":2,"manifests":[],"config":{},"layers":[]}""").File("manifest.json", Json(config, "one.tar", "two.tar")).End(), ["AmbiguousDocument"]);
        yield return ("an inner index with a path for a digest", Base().File("index.json", """{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:../../canary","size":1}]}""").File("manifest.json", Json(config, "one.tar", "two.tar")).End(), ["MalformedDocument"]);

        // the tar itself
        byte[] good = Manifest(config, "one.tar", "two.tar");
        yield return ("honest", good, ["harmless"]);
        yield return ("cut in the last header", good[..^1700], ["MalformedContent"]);
        yield return ("no end mark", good[..^1024], ["MalformedContent"]);
        yield return ("half an end mark", good[..^512], ["MalformedContent"]);
        yield return ("bytes after the end", [.. good, 1], ["MalformedContent"]);
        yield return ("another archive after the end", [.. good, .. good], ["MalformedContent"]);
        yield return ("zeros after the end", [.. good, .. new byte[20_480]], ["harmless"]);
        yield return ("2^63 bytes", Base().Entry("manifest.json", [], size: TarBytes.Base256(BigInteger.Pow(2, 63))).End(), ["MalformedContent"]);
        yield return ("2^63-1 bytes", Base().Entry("manifest.json", [], size: TarBytes.Base256(long.MaxValue)).End(), ["MalformedContent"]);
        yield return ("-1 bytes", Base().Entry("manifest.json", [], size: TarBytes.Base256(-1)).End(), ["MalformedContent"]);
        yield return ("-1024 bytes", Base().Entry("manifest.json", [], size: TarBytes.Base256(-1024)).End(), ["MalformedContent"]);
        yield return ("a terabyte that is not there", Base().Entry("manifest.json", [], size: TarBytes.Base256(1L << 40)).End(), ["MalformedContent"]);

        // OCI layouts in a tar
        foreach ((string name, byte[] tar, string[] errorIds) in Layouts(canary)) yield return (name, tar, errorIds);
    }

    private static IEnumerable<(string Name, byte[] Tar, string[] ErrorIds)> Layouts(string canary)
    {
        string blob = "blobs/" + s_image.ManifestDigest.Replace(':', '/');
        byte[] index = ImageBytes.Index(s_image.DescribeManifest());
        TarBytes Start() => new TarBytes().File("oci-layout", ImageBytes.Version);
        TarBytes Blobs(TarBytes tar, string except = "")
        {
            foreach ((string path, byte[] bytes) in s_image.Blobs)
                if (path != except) tar.File(path, bytes);
            return tar;
        }

        yield return ("honest layout", Blobs(Start().File("index.json", index)).End(), ["harmless"]);
        yield return ("index.json is a link", Blobs(Start().File("real", index).Symlink("index.json", "real")).End(), ["MalformedContent"]);
        yield return ("index.json is a link outside", Blobs(Start().Symlink("index.json", canary)).End(), ["MalformedContent"]);
        yield return ("oci-layout is a link", Blobs(new TarBytes().File("real", ImageBytes.Version).Symlink("oci-layout", "real").File("index.json", index)).End(), ["MalformedContent"]);
        yield return ("a blob is a symlink", Blobs(Start().File("index.json", index).File("real", s_image.Manifest).Symlink(blob, "../../real"), blob).End(), ["MalformedContent"]);
        yield return ("a blob is a hard link", Blobs(Start().File("index.json", index).File("real", s_image.Manifest).HardLink(blob, "real"), blob).End(), ["MalformedContent"]);
        yield return ("blobs is a link", Blobs(Start().File("index.json", index).Symlink("blobs", "/etc")).End(), ["MalformedContent"]);
        yield return ("a blob is missing", Blobs(Start().File("index.json", index), blob).End(), ["BlobNotFound"]);
        yield return ("a blob is another", Blobs(Start().File("index.json", index).File(blob, [.. s_image.Manifest[..^1], (byte)' ']), blob).End(), ["DigestMismatch"]);
        yield return ("a blob is longer", Blobs(Start().File("index.json", index).File(blob, [.. s_image.Manifest, (byte)' ']), blob).End(), ["SizeMismatch"]);
        yield return ("index.json twice", Blobs(Start().File("index.json", index).File("index.json", index)).End(), ["AmbiguousDocument"]);
        yield return ("no index.json", Blobs(Start()).End(), ["MalformedContent"]);
        yield return ("a manifest under two types", Blobs(Start().File("index.json", ImageBytes.Index(ImageBytes.Describe(s_image.Manifest, MediaTypes.OciIndex)))).End(), ["AmbiguousDocument"]);
    }

    private static TarBytes Base() => new TarBytes()
        .File("one.tar", s_image.Tars[0]).File("two.tar", s_image.Tars[1]).File(s_image.ConfigDigest[7..] + ".json", s_image.Config);

    private static byte[] Manifest(string config, params string[] layers) => Base().File("manifest.json", Json(config, layers)).End();

    private static string Json(string config, params string[] layers) =>
        $$"""[{"Config":"{{config}}","RepoTags":["app:v1"],"Layers":[{{string.Join(',', layers.Select(l => $"\"{l}\""))}}]}]""";
}
