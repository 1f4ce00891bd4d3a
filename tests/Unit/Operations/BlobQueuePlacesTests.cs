using OciTools.Operations.Copying;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>How many blobs travel at once.</summary>
public sealed class BlobQueuePlacesTests
{
    private const int Large = 8 << 20;

    private static readonly TimeSpan s_enough = TimeSpan.FromSeconds(20);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Small_blobs_pass_while_as_many_large_ones_travel_as_may()
    {
        using HoldingTarget target = new();
        using BlobQueue queue = new();
        Task<bool>[] large = [.. Enumerable.Range(0, 7).Select(i => PutAsync(queue, target, Blob(i, Large)))];
        await target.ReachAsync(4, Stop);
        Assert.True(await PutAsync(queue, target, Blob(100, 10)).WaitAsync(s_enough, Stop));
        Assert.Equal(4, target.Travelling);
        Assert.DoesNotContain(large, task => task.IsCompleted);
        target.Release.Release(7);
        await Task.WhenAll(large).WaitAsync(s_enough, Stop);
        Assert.Equal(4, target.MostAtOnce);
    }

    private static Task<bool> PutAsync(BlobQueue queue, HoldingTarget target, Descriptor blob) =>
        queue.PutAsync(target, ImageLocation.Parse("registry.example.com/app:x"), blob, null, (_, _) => Task.FromResult(Stream.Null), Stop);

    private static Descriptor Blob(int number, long size) => new(MediaTypes.OciLayer, Digest.Compute([(byte)number]), size);

    /// <summary>A registry that has nothing, and where large content stays on its way until it is let through.</summary>
    private sealed class HoldingTarget : WrittenTarget, IDisposable
    {
        private int _travelling;
        private int _most;

        internal SemaphoreSlim Release { get; } = new(0);

        internal int Travelling => _travelling;

        internal int MostAtOnce => _most;

        internal async Task ReachAsync(int count, CancellationToken cancellationToken)
        {
            using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(s_enough);
            while (Volatile.Read(ref _travelling) < count) await Task.Delay(5, late.Token);
        }

        public override Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) => Task.FromResult(false);

        public override async Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
        {
            if (descriptor.Size < Large) return false;
            int now = Interlocked.Increment(ref _travelling);
            lock (Release) _most = Math.Max(_most, now);
            await Release.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref _travelling);
            return false;
        }

        public void Dispose() => Release.Dispose();
    }
}
