using OciTools.Operations;

namespace OciTools.UnitTests.FileTrees;

/// <summary>Stops an operation when it has read so many bytes.</summary>
internal sealed class StoppingProgress(CancellationTokenSource stop, long after) : ITransferProgress
{
    private long _count;

    public void Expect(long bytes)
    {
    }

    public void Advance(long bytes)
    {
        if (Interlocked.Add(ref _count, bytes) >= after) stop.Cancel();
    }
}
