using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>A registry that redirects to a storage whose addresses are good for a second: a transfer that breaks off asks the registry for another one.</summary>
public sealed class SignedRedirectTests
{
    private const int Size = 14_000_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task An_address_of_the_storage_is_used_once() => PullAsync(cuts: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public Task An_address_of_the_storage_is_used_once_however_often_it_breaks_off() => PullAsync(cuts: 10);

    private static async Task PullAsync(int cuts)
    {
        Figure figure = new("C6, cuts of a download whose address is good for a second");
        byte[] blob = new byte[Size];
        new Random(6).NextBytes(blob);
        List<(string Address, long Until)> given = [];
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        await using NginxServer storage = await NginxServer.StartAsync(folder =>
        {
            File.WriteAllBytes(Path.Join(folder, "blob"), blob);
            return $$"""
                root {{folder}};
                secure_link $arg_md5,$arg_expires;
                secure_link_md5 "$secure_link_expires$uri fixture";
                if ($secure_link = "") { return 403; }
                if ($secure_link = "0") { return 410; }
                """;
        });
        await using CuttingRelay relay = new(storage.Port) { CutsEvery = Size / (cuts + 1), BeforeCut = () => UntilAsync(given[^1].Until) };
        registry.OnRequest = RegistrySession.Bearer(registry, _ =>
        {
            if (relay.Cuts == cuts) relay.CutAfter(null);
            long until = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1;
            string address = $"blob?md5={Sign(until)}&expires={until}";
            given.Add((address, until));
            return Fault.Redirect($"http://{relay.Host}/{address}");
        });
        relay.CutAfter(Size / (cuts + 1));

        await using Stream stream = await new RegistrySession(time: TimeProvider.System).Open(registry.Host, RegistrySession.AsAlice).OpenBlobAsync(RegistrySession.At(registry), RegistrySession.DescriptorOf(blob), Stop);
        using MemoryStream read = new();
        await stream.CopyToAsync(read, Stop);
        Assert.Equal(blob, read.ToArray());
        Assert.Equal(cuts, relay.Cuts);

        string[][] requests = await storage.RequestsAsync(cuts + 1);
        Assert.Equal(cuts + 1, requests.Length);
        Assert.Equal("200", requests[0][2]);
        using HttpClient http = new();
        for (int i = 1; i <= cuts; i++)
        {
            // it was a new one, it gave the rest, it came without credentials; and the one before would not have done
            using HttpResponseMessage late = await http.GetAsync(new Uri($"http://{storage.Host}/{given[i - 1].Address}"), Stop);
            bool isNew = requests[i][1] == "/" + given[i].Address && given[i].Address != given[i - 1].Address;
            figure.Check($"cut {i}", isNew && requests[i][2] == "206" && requests[i][3] == "-" && late.StatusCode == HttpStatusCode.Gone, $"{string.Join(' ', requests[i])}, the old one: {late.StatusCode}");
        }

        Assert.Equal(cuts + 1, given.Count);
        Assert.Equal("-", requests[0][3]);
        figure.Report(cuts);
    }

    private static async Task UntilAsync(long second)
    {
        TimeSpan wait = DateTimeOffset.FromUnixTimeSeconds(second + 1) - DateTimeOffset.UtcNow;
        if (wait > TimeSpan.Zero) await Task.Delay(wait + TimeSpan.FromMilliseconds(20), Stop);
    }

#pragma warning disable CA5351 // what nginx computes
    private static string Sign(long until) =>
        Convert.ToBase64String(MD5.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{until}/blob fixture")))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
#pragma warning restore CA5351
}
