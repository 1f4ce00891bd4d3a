using System.Text;
using OciTools.UnitTests.Images;

namespace OciTools.UnitTests.Fuzz;

/// <summary>Changes valid input by chance, with a fixed seed: whatever comes out, only errors of the catalogue may.</summary>
public sealed class DocumentFuzzTests(ITestOutputHelper output)
{
    private const int Cases = 6000;

    public static TheoryData<string> Kinds() => ["manifest", "index", "config", "reference", "location", "digest", "platform"];

    [Theory, MemberData(nameof(Kinds))]
    public void Only_errors_of_the_catalogue_come_out(string kind)
    {
        Random random = new(20_2611 + kind.Length * 31 + kind[0]);
        int held = 0, taken = 0;
        for (int i = 0; i < Cases; i++)
        {
            byte[] bytes = Mutation.Text(random, Documents.Bytes(Seed(kind, random)));
            string text = Encoding.UTF8.GetString(bytes);
            try
            {
                Use(kind, bytes, text);
                taken++;
                held++;
            }
            catch (OciException e) when (e.Message.Length < 4000 && !e.Message.Any(char.IsControl))
            {
                held++;
            }
            catch (Exception e)
            {
                output.WriteLine($"{e.GetType().Name}: {DisplayText.Excerpt(e.Message)} for {Convert.ToBase64String(bytes)}");
            }
        }

        output.WriteLine($"{kind}: tried {Cases}, held {held} ({taken} taken, {Cases - taken} refused)");
        Assert.Equal(Cases, held);
        Assert.InRange(taken, 1, Cases - 1);
    }

    private static void Use(string kind, byte[] bytes, string text)
    {
        switch (kind)
        {
            case "manifest" or "index":
                ManifestDocument document = ManifestDocument.Parse(bytes, "x");
                Assert.Equal(bytes, document.GetBytes());
                if (document is ImageIndex index) Assert.NotNull(index.Platforms);
                break;
            case "config":
                ImageConfig config = ImageConfig.Parse(bytes, "x");
                Assert.NotNull(config.Platform);
                Assert.NotNull(config.GetDiffIds());
                break;
            case "reference":
                ImageReference reference = ImageReference.Parse(text);
                Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
                break;
            case "location":
                ImageLocation location = ImageLocation.Parse(text);
                Assert.Equal(location, ImageLocation.Parse(location.ToString()));
                break;
            case "digest":
                Assert.Equal(text, Digest.Parse(text).ToString());
                break;
            default:
                Platform platform = Platform.Parse(text);
                Platform again = Platform.Parse(platform.ToString());
                Assert.Equal(platform.ToString(), again.ToString());
                break;
        }
    }

    private static string Seed(string kind, Random random) => kind switch
    {
        "manifest" => Documents.Manifest,
        "index" => Documents.Index,
        "config" => Documents.Config,
        "reference" => Pick(random, "nginx", "ghcr.io/org/app:1.2", "[::1]:5000/a/b:c@" + Documents.D1, "localhost/a_b__c--d", "docker.io/library/x@" + Documents.D2),
        "location" => Pick(random, "oci:dir:tag", "oci-archive:./x.tar@" + Documents.D1, "docker-archive:C:\\x.tar:a/b:1", "docker-daemon:" + Documents.D1, "./x:@3", "\\\\?\\C:\\d:t", "docker://a/b", "~/x"),
        "digest" => Pick(random, Documents.D1, "sha512:" + new string('a', 128)),
        _ => Pick(random, "linux/arm64/v8", "windows/amd64:10.0.20348.1", "windows(10.0.17763+win32k)/amd64", "arm", "linux"),
    };

    private static string Pick(Random random, params string[] texts) => texts[random.Next(texts.Length)];
}
