using System.Diagnostics;

namespace OciTools.Completion;

/// <summary>How long somebody who has pressed Tab is kept waiting: a fifth of a second in all, whatever there is to ask.</summary>
internal sealed class Patience
{
    private static readonly TimeSpan s_most = TimeSpan.FromMilliseconds(200);

    private readonly long _start = Stopwatch.GetTimestamp();

    private TimeSpan Left => Stopwatch.GetElapsedTime(_start) is var passed && passed < s_most ? s_most - passed : TimeSpan.Zero;

    /// <summary>Whether half of the time is over: what has a part of its answer by now gives that part.</summary>
    internal bool IsHalfOver => Left < s_most / 2;

    /// <summary>Waits for work that goes on also when nobody waits for it any more.</summary>
    /// <returns>Whether it has ended well.</returns>
    internal bool Wait(Task work) => Task.WaitAny([work], Left) == 0 && work.IsCompletedSuccessfully;

    /// <summary>What work finds in the time that is left, after which it is told to stop; nothing where it takes longer or fails.</summary>
    internal IReadOnlyList<T> Ask<T>(Func<CancellationToken, Task<IReadOnlyList<T>>> work)
    {
        // what is less than a millisecond waits for nothing
        if (Left < TimeSpan.FromMilliseconds(1)) return [];
        using CancellationTokenSource end = new();
        CancellationToken token = end.Token;
        Task<IReadOnlyList<T>> working = Task.Run(() => work(token), CancellationToken.None);
        if (Wait(working)) return working.Result;
        end.Cancel();
        return [];
    }
}
