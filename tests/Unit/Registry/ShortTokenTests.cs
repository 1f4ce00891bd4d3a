using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Transfers that last much longer than a token: each request has one that is good, and nothing is sent again.</summary>
public sealed class ShortTokenTests(ITestOutputHelper output)
{
    private const int Life = 2;
    private const int Piece = 4 << 20;
    private const int Layer = 2 << 20;
    private const int Rate = 4_300_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task Transfers_outlive_their_tokens() => TransferAsync(size: 3 * Piece, renewals: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public Task Transfers_of_200_MiB_outlive_their_tokens_by_far() => TransferAsync(size: 200 << 20, renewals: 20);

    private async Task TransferAsync(int size, int renewals)
    {
        Figure figure = new($"C5, transfers of {size >> 20} MiB with tokens that are good for {Life} seconds");
        byte[] blob = new byte[size];
        new Random(5).NextBytes(blob);
        using TempFolder folder = new();
        string image = new LayoutImage(folder, "", blob.Chunk(Layer)).Name;

        // what is pulled was put there without any token
        await using RealRegistry registry = await RealRegistry.StartAsync();
        await using TokenServer tokens = await TokenServer.StartAsync(Life);
        Descriptor whole = RegistrySession.DescriptorOf(blob);
        await registry.AddBlobAsync("pulled-whole", blob);
        await Copies.CopyAsync(image, $"{registry.Host}/pulled-layers:x", Access(tokens));
        await registry.KillAsync();
        await registry.StartAgainAsync(tokens.Settings);

        // as many a registry has it before it: what is larger than so many bytes in one request is refused
        await using NginxServer nginx = await NginxServer.StartAsync(_ => $$"""
            client_max_body_size {{Piece}};
            location / { proxy_pass http://{{registry.Host}}; proxy_set_header Host $http_host; proxy_request_buffering off; proxy_http_version 1.1; }
            """);

        Task<string?> old = OldTokenAsync(registry, tokens);
        Dictionary<string, Task<string?>> running = new()
        {
            ["pushed-pieces"] = RunAsync(nginx.Port, null, async relay =>
            {
                await Store(relay, tokens).PutBlobAsync(ImageLocation.Parse($"{relay.Host}/pushed-pieces:x"), whole, null, _ => Task.FromResult<Stream>(new MemoryStream(blob)), Stop);
                return null;
            }),
            ["pushed-layers"] = RunAsync(registry.Port, null, async relay =>
            {
                CopiedImage copied = await Copies.CopyAsync(image, $"{relay.Host}/pushed-layers:x", Access(tokens));
                return copied.BytesSent < size ? $"{copied.BytesSent} bytes were sent" : null;
            }),
            ["pulled-layers"] = RunAsync(registry.Port, null, async relay =>
            {
                await Copies.CopyAsync($"{relay.Host}/pulled-layers:x", $"oci:{folder.Path}/pulled:x", Access(tokens));
                return Directory.EnumerateFiles($"{folder.Path}/pulled/blobs/sha256").Count() == (size / Layer) + 2 ? null : "not all blobs came";
            }),
            ["pulled-whole"] = RunAsync(registry.Port, Piece, async relay =>
            {
                await using Stream stream = await Store(relay, tokens).OpenBlobAsync(ImageLocation.Parse($"{relay.Host}/pulled-whole:x"), whole, Stop);
                using MemoryStream read = new();
                await stream.CopyToAsync(read, Stop);
                return read.ToArray().AsSpan().SequenceEqual(blob) && relay.Cuts >= (size / Piece) - 1 ? null : $"other bytes came, after {relay.Cuts} cuts";
            }),
        };
        foreach ((string what, Task<string?> task) in running)
        {
            string? wrong = await task;
            int given = tokens.Given(what);
            output.WriteLine($"{what}: {given} tokens");
            figure.Check(what, wrong is null && given > renewals, wrong ?? $"{given} tokens");
        }

        Assert.Null(await old);
        (int count, IReadOnlyList<string> others) = registry.HashStorage();
        Assert.InRange(count, (size / Layer) + 3, int.MaxValue);
        Assert.Empty(others);
        figure.Report(running.Count);

        async Task<string?> RunAsync(int port, long? cutsEvery, Func<CuttingRelay, Task<string?>> transfer)
        {
            await using CuttingRelay relay = new(port) { Rate = Rate, CutsEvery = cutsEvery };
            relay.CutAfter(cutsEvery);
            try
            {
                // one piece at most is sent again; heads, each with a token, are small
                return await transfer(relay) ?? (relay.Up + relay.Down > size + Piece + (size / 64) ? $"{relay.Up} bytes went up and {relay.Down} down" : null);
            }
            catch (OciException e)
            {
                return $"{e.Message} ({relay.Up} bytes up, {relay.Down} down)";
            }
        }
    }

    // that the registry refuses a token after its life is what all of this is about
    private static async Task<string?> OldTokenAsync(RealRegistry registry, TokenServer tokens)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens.Token("repository:pulled-whole:pull"));
        Uri address = new(registry.Address, "/v2/pulled-whole/tags/list");
        using HttpResponseMessage now = await http.GetAsync(address, Stop);
        await Task.Delay(TimeSpan.FromSeconds(Life + 1.2), Stop);
        using HttpResponseMessage later = await http.GetAsync(address, Stop);
        return now.StatusCode != HttpStatusCode.Unauthorized && later.StatusCode == HttpStatusCode.Unauthorized ? null : $"{now.StatusCode}, then {later.StatusCode}";
    }

    private static RegistryAccess Access(TokenServer tokens) => RegistrySession.AsAlice with { TrustedRealms = [tokens.Host] };

    private static RegistryStore Store(CuttingRelay relay, TokenServer tokens) => new RegistrySession(time: TimeProvider.System).Open(relay.Host, Access(tokens));
}
