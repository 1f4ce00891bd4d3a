using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class ResumeTests(ITestOutputHelper output)
{
    private static readonly byte[] s_blob = [.. Enumerable.Range(0, 1_500_000).Select(i => (byte)((i * 2654435761L) >> 13))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<byte[]> ReadAsync(RegistryStore store, FakeRegistry registry)
    {
        await using Stream stream = await store.OpenBlobAsync(RegistrySession.At(registry), RegistrySession.DescriptorOf(s_blob), Stop);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Stop);
        return bytes.ToArray();
    }

    private static long From(ReceivedRequest request) =>
        request.Header("Range") is { } range ? long.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture) : 0;

    [Fact]
    public async Task A_blob_cut_at_any_offset_arrives_whole_and_little_is_fetched_twice()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        RegistryStore store = new RegistrySession().Open(registry.Host);
        int tried = 0, held = 0;
        long fetched = 0;
        for (int i = 0; i < 60; i++)
        {
            long cut = i == 0 ? 0 : i == 59 ? s_blob.Length - 1 : i * 25_357L;
            int before = registry.Requests.Count;
            registry.OnRequest = request => request.Number == before + 1 ? new Fault { CutAt = cut } : null;
            tried++;
            byte[] read = await ReadAsync(store, registry);
            if (s_blob.AsSpan().SequenceEqual(read)) held++;
            fetched += cut + registry.Requests.Skip(before + 1).Sum(r => s_blob.Length - From(r));
        }

        double ratio = fetched / (double)(tried * (long)s_blob.Length);
        output.WriteLine($"blobs cut once: tried {tried}, held {held}, {ratio:0.000} times the bytes fetched");
        Assert.Equal(tried, held);
        Assert.InRange(ratio, 0.99, 1.05);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(416)]
    [InlineData(200)]
    public async Task Where_no_part_is_given_the_whole_is_asked_for_once_more(int status)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = request => request.Header("Range") is not null
            ? status == 200 ? new Fault { Status = 200, Body = _ => s_blob, Headers = new Dictionary<string, string?> { ["Content-Range"] = null } } : new Fault { Status = status }
            : request.Number == 1 ? new Fault { CutAt = 700_000 } : null;
        Assert.Equal(s_blob, await ReadAsync(new RegistrySession().Open(registry.Host), registry));
    }

    [Theory]
    [InlineData("bytes 0-1499999/1500000")]
    [InlineData("bytes 700001-1499999/1500000")]
    [InlineData("bytes 1-2/3")]
    [InlineData("nonsense")]
    public async Task Another_part_than_was_asked_for_is_not_taken(string contentRange)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = request => request.Header("Range") is not null ? Fault.WithHeaders(("Content-Range", contentRange))
            : request.Number == 1 ? new Fault { CutAt = 700_000 } : null;
        Assert.Equal(s_blob, await ReadAsync(new RegistrySession().Open(registry.Host), registry));
    }

    [Fact]
    public async Task Each_try_asks_the_registry_for_a_fresh_redirect()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        await using FakeRegistry storage = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        int links = 0;
        registry.OnRequest = RegistrySession.Bearer(registry, _ => Fault.Redirect($"{storage.Address}v2/app/blobs/{++links}"));
        storage.OnRequest = request => request.Path.EndsWith($"/{links}", StringComparison.Ordinal) ? links < 4 ? new Fault { CutAt = 300_000 } : null : new Fault { Status = 403 };
        for (int i = 1; i <= 4; i++) storage.Add($"/v2/app/blobs/{i}", s_blob);
        Assert.Equal(s_blob, await ReadAsync(new RegistrySession().Open(registry.Host, RegistrySession.AsAlice), registry));
        Assert.Equal(4, links);
        Assert.False(RegistrySession.HoldsSecret(storage));
    }

    [Fact]
    public async Task A_blob_that_never_gets_on_ends_with_an_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = _ => new Fault { CutAt = 0 };
        RegistryAccess quick = RegistrySession.Access with { Pace = new BodyPace { Time = new JumpingTime(DateTimeOffset.UtcNow), IdleTimeout = Timeout.InfiniteTimeSpan } };
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => ReadAsync(new RegistrySession().Open(registry.Host, quick), registry));
        Assert.Equal("ConnectionFailed", error.ErrorId);
        Assert.Contains(registry.Address.ToString().TrimEnd('/'), error.Message, StringComparison.Ordinal);
        Assert.InRange(registry.Requests.Count, 2, 40);
    }

    [Fact]
    public async Task A_stall_ends_within_the_idle_timeout()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.AddImage("app", "latest", [1]);
        RegistryAccess access = RegistrySession.Access with { Pace = new BodyPace { IdleTimeout = TimeSpan.FromMilliseconds(100) } };
        RegistryStore store = new RegistrySession().Open(registry.Host, access);
        int tried = 0, held = 0;
        for (int i = 0; i < 30; i++)
        {
            long at = i < 10 ? i * 12 : i * 50_000L;
            registry.OnRequest = _ => new Fault { StallAt = at };
            long start = TimeProvider.System.GetTimestamp();
            Exception? error = await Record.ExceptionAsync(() => i < 10 ? store.ReadManifestAsync(RegistrySession.At(registry), Stop) : ReadAsync(store, registry));
            TimeSpan elapsed = TimeProvider.System.GetElapsedTime(start);
            tried++;
            if (error is OciException { ErrorId: "TimedOut" } && elapsed < TimeSpan.FromSeconds(10)) held++;
            else output.WriteLine($"stall at {at}: {elapsed.TotalMilliseconds} ms, {error}");
        }

        output.WriteLine($"stalls: tried {tried}, held {held}");
        Assert.Equal(tried, held);
    }

    [Fact]
    public async Task Bytes_that_drip_in_end_by_the_least_rate()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = _ => new Fault { Drip = TimeSpan.FromMilliseconds(20) };
        RegistryAccess access = RegistrySession.Access with { Pace = new BodyPace { Window = TimeSpan.FromSeconds(1), WindowBytes = 1024 } };
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => ReadAsync(new RegistrySession().Open(registry.Host, access), registry));
        Assert.Equal("TimedOut", error.ErrorId);
        Assert.Contains("too slowly", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_a_stalled_read_at_once()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = _ => new Fault { StallAt = 1000 };
        using CancellationTokenSource cancel = new();
        await using Stream stream = await new RegistrySession().Open(registry.Host).OpenBlobAsync(RegistrySession.At(registry), RegistrySession.DescriptorOf(s_blob), Stop);
        Task copy = stream.CopyToAsync(Stream.Null, cancel.Token);
        cancel.CancelAfter(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy.WaitAsync(TimeSpan.FromSeconds(10), Stop));
    }
}
