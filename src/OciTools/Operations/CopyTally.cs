using System.Diagnostics;

namespace OciTools.Operations;

/// <summary>Counts what one copy sends and what it finds there.</summary>
/// <param name="progress">Takes the bytes.</param>
internal sealed class CopyTally(ITransferProgress progress)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _sent;
    private long _reused;

    internal long Sent => Interlocked.Read(ref _sent);

    internal long Reused => Interlocked.Read(ref _reused);

    internal TimeSpan Duration => Stopwatch.GetElapsedTime(_start);

    /// <summary>Opens content whose bytes are told of as they pass.</summary>
    internal Func<CancellationToken, Task<Stream>> Report(Descriptor blob, Func<CancellationToken, Task<Stream>> open) => async token =>
    {
        Stream content = await open(token).ConfigureAwait(false);
        return new ReportingStream(content, progress, progress.StartPart(DisplayText.ShortDigest(blob.Digest), blob.Size));
    };

    /// <summary>Counts a blob whose bytes were told of while it was sent, or one that was there.</summary>
    internal void Count(long size, bool isSent)
    {
        if (isSent)
        {
            Interlocked.Add(ref _sent, size);
            return;
        }

        Interlocked.Add(ref _reused, size);
        progress.Advance(size);
    }
}
