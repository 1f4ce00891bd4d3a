using System.Text;
using OciTools.Operations;
using OciTools.Operations.Testing;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>Whatever is wrong with a layout, testing its images finds it, and nothing else.</summary>
public sealed class LayoutDamageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Every_damage_is_found_and_no_healthy_layout_is_blamed() => DamageAsync(154, 50);

    [Fact]
    [Trait("Category", "Slow")]
    public Task Every_one_of_many_damages_is_found_and_no_healthy_layout_is_blamed() => DamageAsync(500, 200);

    private async Task DamageAsync(int damaged, int whole)
    {
        Figure damages = new("D8, damaged layouts");
        Figure healthy = new("D8, healthy layouts");
        Random random = new(8);
        (string Name, Action<string, Random> Do)[] kinds =
        [
            ("missing", (path, _) => File.Delete(path)),
            ("empty", (path, _) => File.WriteAllBytes(path, [])),
            ("cut short", (path, random) => File.WriteAllBytes(path, File.ReadAllBytes(path)[..^random.Next(1, 20)])),
            ("longer", (path, random) => File.AppendAllText(path, new string('x', random.Next(1, 20)))),
            ("one bit flipped", Flip),
            ("zeros of the same size", (path, _) => File.WriteAllBytes(path, new byte[new FileInfo(path).Length])),
            ("another file of the same size", (path, random) => { byte[] bytes = new byte[new FileInfo(path).Length]; random.NextBytes(bytes); File.WriteAllBytes(path, bytes); }),
            ("a link to the right bytes", Link),
            ("a directory", (path, _) => { File.Delete(path); Directory.CreateDirectory(path); }),
            ("another blob", (path, _) => File.Copy(Directory.EnumerateFiles(Path.GetDirectoryName(path)!).First(other => other != path), path, overwrite: true)),
        ];
        for (int i = 0; i < damaged; i++)
        {
            (TestLayout layout, string[] blobs) = NewLayout(i, random);
            if (i < whole) healthy.Check($"{i}", await PassesAsync(layout), "it was blamed");
            string name;
            if (i % 11 == 10)
            {
                name = DamageIndex(layout, random, i);
            }
            else
            {
                (name, Action<string, Random> damage) = kinds[i % kinds.Length];
                string blob = blobs[random.Next(blobs.Length)];
                name = $"{name}, {Path.GetFileName(blob)}";
                damage(blob, random);
            }

            damages.Check($"{i}, {name}", !await PassesAsync(layout), "it was not found");
            Directory.Delete(layout.Path, recursive: true);
        }

        healthy.Report(whole);
        damages.Report(damaged);
    }

    // the names are what the user knows of his layout; each has to stand for the image that it stood for
    private static async Task<bool> PassesAsync(TestLayout layout)
    {
        await using ImagePlaces places = new(new StoreOpener(() => throw new InvalidOperationException("a layout needs no adapters"), new RegistryAccess()));
        using ImageTest test = new(TestZstd.Inflate, null, isFast: false);
        foreach (string name in new[] { "one", "both" })
        {
            try
            {
                ImageTestResult result = await test.RunAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse($"oci:{layout.Path}:{name}"), null, NoProgress.Instance, Stop);
                if (!result.Passed) return false;
            }
            catch (OciException)
            {
                return false;
            }
        }

        return true;
    }

    private (TestLayout Layout, string[] Blobs) NewLayout(int number, Random random)
    {
        TestLayout layout = new(Path.Join(_folder.Path, $"{number}"));
        Digest one = AddImage(layout, "amd64", random);
        Digest two = AddImage(layout, "arm64", random);
        layout.AddEntry(one, MediaTypes.OciManifest, "one");
        layout.AddEntry(layout.AddIndex(
            layout.Describe(one, MediaTypes.OciManifest, ""","platform":{"os":"linux","architecture":"amd64"}"""), layout.Describe(two, MediaTypes.OciManifest, ""","platform":{"os":"linux","architecture":"arm64"}""")),
            MediaTypes.OciIndex, "both");
        return (layout, Directory.GetFiles(layout.Path + "/blobs/sha256"));
    }

    private static Digest AddImage(TestLayout layout, string architecture, Random random)
    {
        byte[] content = new byte[random.Next(1, 3000)];
        random.NextBytes(content);
        Digest layer = layout.AddBlob(new TarBytes().File($"etc/{architecture}", content).End());
        Digest config = layout.AddBlob($$"""{"architecture":"{{architecture}}","os":"linux","rootfs":{"type":"layers","diff_ids":["{{layer}}"]} }""");
        return layout.AddBlob(layout.Manifest(config, [layer]));
    }

    private static string DamageIndex(TestLayout layout, Random random, int number)
    {
        byte[] index = File.ReadAllBytes(layout.IndexPath);
        switch (number / 11 % 7)
        {
            case 0:
                File.Delete(layout.IndexPath);
                return "no index";
            case 1:
                File.WriteAllBytes(layout.IndexPath, index[..random.Next(index.Length)]);
                return "an index cut short";
            case 2:
                File.WriteAllBytes(layout.IndexPath, new byte[index.Length]);
                return "an index of zeros";
            case 3:
                File.WriteAllText(layout.IndexPath, Encoding.UTF8.GetString(index).Replace("\"manifests\"", "\"Manifests\"", StringComparison.Ordinal));
                return "an index whose entries have another key";
            case 4:
                string text = Encoding.UTF8.GetString(index);
                int at = text.IndexOf("sha256:", StringComparison.Ordinal) + 7 + random.Next(64);
                File.WriteAllText(layout.IndexPath, text[..at] + (text[at] == 'a' ? 'b' : 'a') + text[(at + 1)..]);
                return "an index with another digest";
            case 5:
                File.Delete(layout.Path + "/oci-layout");
                return "no version";
            default:
                File.WriteAllText(layout.IndexPath, Encoding.UTF8.GetString(index).Replace("\"one\"", "\"two\"", StringComparison.Ordinal));
                return "an entry that has another name";
        }
    }

    private static void Flip(string path, Random random)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        File.WriteAllBytes(path, bytes);
    }

    private static void Link(string path, Random random)
    {
        File.Move(path, path + ".elsewhere");
        File.CreateSymbolicLink(path, path + ".elsewhere");
    }
}
