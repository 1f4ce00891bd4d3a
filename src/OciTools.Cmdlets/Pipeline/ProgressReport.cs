using System.Diagnostics;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>
/// Progress of one input in bytes, with its parts below it: nothing in the first second, then at most five updates a second and two of
/// each part, completed at the end.
/// </summary>
internal sealed class ProgressReport(PipelineItem item, string title) : ITransferProgress, IDisposable
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);
    private static int s_lastActivity = 0x0C1;

    private readonly int _activity = Interlocked.Increment(ref s_lastActivity);
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _lock = new();
    private long _total;
    private long _done;
    private long _lastShown;
    private bool _wasShown;

    public void Expect(long bytes) => Interlocked.Add(ref _total, bytes);

    public void Advance(long bytes)
    {
        lock (_lock)
        {
            _done += bytes;
            if (Stopwatch.GetElapsedTime(_start) < s_quiet || Stopwatch.GetElapsedTime(_lastShown) < s_interval) return;
            _lastShown = Stopwatch.GetTimestamp();
            _wasShown = true;
            int percent = _total > 0 ? (int)Math.Min(100, _done * 100 / _total) : -1;
            string status = _total > 0 ? $"{_done >> 20} of {_total >> 20} MiB" : $"{_done >> 20} MiB";
            item.Send(new PipelineMessage.Progress(_activity, title, status, percent, Completed: false));
        }
    }

    public IPartProgress StartPart(string title, long size) => new Part(item, _activity, title, size);

    /// <summary>Completes the progress.</summary>
    public void Dispose()
    {
        lock (_lock)
            if (_wasShown) item.Send(new PipelineMessage.Progress(_activity, title, "Done", 100, Completed: true));
    }

    private sealed class Part(PipelineItem item, int parent, string title, long size) : IPartProgress
    {
        private static readonly TimeSpan s_partInterval = TimeSpan.FromMilliseconds(500);

        private readonly int _activity = Interlocked.Increment(ref s_lastActivity);
        private readonly long _start = Stopwatch.GetTimestamp();
        private long _done;
        private long _lastShown;
        private bool _wasShown;

        public void Advance(long bytes)
        {
            _done += bytes;
            if (Stopwatch.GetElapsedTime(_start) < s_quiet || Stopwatch.GetElapsedTime(_lastShown) < s_partInterval) return;
            _lastShown = Stopwatch.GetTimestamp();
            _wasShown = true;
            item.Send(new PipelineMessage.Progress(_activity, title, $"{_done >> 20} of {size >> 20} MiB", size > 0 ? (int)Math.Min(100, _done * 100 / size) : -1, Completed: false, parent));
        }

        public void Dispose()
        {
            if (_wasShown) item.Send(new PipelineMessage.Progress(_activity, title, "Done", 100, Completed: true, parent));
            _wasShown = false;
        }
    }
}
