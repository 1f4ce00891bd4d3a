using System.Diagnostics;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

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

    /// <summary>Opens content whose bytes are told of as they pass, and those that are there at once.</summary>
    internal ContentOpener Report(Descriptor blob, ContentOpener open) => async (prefix, token) =>
    {
        Stream content = await open(prefix, token).ConfigureAwait(false);
        IPartProgress? part = progress.StartPart(DisplayText.ShortDigest(blob.Digest), blob.Size);
        progress.Advance(prefix?.Length ?? 0);
        part?.Advance(prefix?.Length ?? 0);
        return new ReportingStream(content, progress, part);
    };

    /// <summary>The same for content that can only be opened from its first byte.</summary>
    internal ContentOpener Report(Descriptor blob, Func<CancellationToken, Task<Stream>> open) =>
        Report(blob, (prefix, token) => VerifiedStream.BehindAsync(open, blob, prefix, token));

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
