using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>A blob of a real registry whose connection is cut, anywhere in the headers or the body, arrives whole, and little of it is fetched twice.</summary>
public sealed class CutTransferTests
{
    private const int Size = 64 << 20;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_blob_that_is_cut_goes_on_where_it_was() => PullAsync(cuts: 3);

    [Fact]
    [Trait("Category", "Slow")]
    public Task A_large_blob_that_is_cut_goes_on_where_it_was() => PullAsync(cuts: 200);

    private static async Task PullAsync(int cuts)
    {
        Figure figure = new($"C1, pulls of {Size >> 20} MiB that are cut once");
        byte[] blob = new byte[Size];
        new Random(1).NextBytes(blob);
        await using RealRegistry registry = await RealRegistry.StartAsync();
        await using CuttingRelay relay = new(registry.Port);
        Descriptor descriptor = new("application/octet-stream", await registry.AddBlobAsync("app", blob), Size);
        RegistryStore store = new RegistrySession(time: TimeProvider.System).Open(relay.Host);
        ImageLocation location = ImageLocation.Parse($"{relay.Host}/app:x");
        Assert.Null(await DifferenceAsync(store, location, descriptor, blob));
        long before = relay.Down;
        Assert.InRange(before, Size, Size + 4096);
        long head = before - Size;

        // in the headers, in the first and in the last bytes, in the status line, and evenly between
        long[] offsets = [150, head + 1, before / 3, before - 1, 0, 7, head - 1, .. Enumerable.Range(1, cuts).Select(i => (before * i / (cuts + 1)) - 13)];
        for (int i = 0; i < cuts; i++)
        {
            long at = offsets[i];
            relay.Resets = i % 2 == 1;
            int done = relay.Cuts;
            relay.CutAfter(at);
            string? wrong;
            try
            {
                wrong = await DifferenceAsync(store, location, descriptor, blob);
            }
            catch (OciException e)
            {
                wrong = e.Message;
            }

            figure.Check($"at byte {at} of the answer", wrong is null && relay.Cuts == done + 1, wrong ?? $"{relay.Cuts - done} cuts");
        }

        double ratio = (relay.Down - before) / ((double)Size * cuts);
        Console.WriteLine($"{ratio:0.0000} times the bytes were fetched");
        figure.Report(cuts);
        Assert.InRange(ratio, 1.0, 1.05);
    }

    private static async Task<string?> DifferenceAsync(RegistryStore store, ImageLocation location, Descriptor descriptor, byte[] expected)
    {
        await using Stream stream = await store.OpenBlobAsync(location, descriptor, Stop);
        byte[] block = new byte[256 * 1024];
        int offset = 0;
        int count;
        while ((count = await stream.ReadAsync(block, Stop)) > 0)
        {
            if (offset + count > expected.Length || !expected.AsSpan(offset, count).SequenceEqual(block.AsSpan(0, count))) return $"other bytes from {offset} on";
            offset += count;
        }

        return offset == expected.Length ? null : $"ends after {offset} bytes";
    }
}
