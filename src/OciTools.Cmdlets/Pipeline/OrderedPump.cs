using System.Collections.Concurrent;

namespace OciTools.Commands;

/// <summary>
/// Runs the work of many inputs at once and writes their results in the order of the inputs. Started work is bounded by the throttle,
/// finished work that waits for its turn by a window. All methods are called on the pipeline thread.
/// </summary>
internal sealed class OrderedPump : IDisposable
{
    private const int WindowPerSlot = 16;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly IPipelineWriter _writer;
    private readonly int _throttle;
    private readonly Queue<PipelineItem> _items = new();
    private readonly ConcurrentQueue<PipelineMessage> _loose = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _cancellation = new();
    private readonly GarbagePace _garbage = new();
    private int _unfinished;
    private int _isSignalled;

    internal OrderedPump(IPipelineWriter writer, int throttle)
    {
        _writer = writer;
        _throttle = throttle;
    }

    internal CancellationToken Token => _cancellation.Token;

    /// <summary>Starts the work of one input, then writes what is ready; blocks while the throttle is reached.</summary>
    internal void Run(object target, bool asks, Func<PipelineItem, CancellationToken, Task> work)
    {
        PipelineItem item = new(target, Signal, asks);
        _items.Enqueue(item);
        Interlocked.Increment(ref _unfinished);
        item.Work = Task.Run(() => GuardedAsync(item, work), CancellationToken.None);
        _ = item.Work.ContinueWith(_ => Signal(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Drain(() => Volatile.Read(ref _unfinished) < _throttle && _items.Count < _throttle * WindowPerSlot && (_throttle > 1 || _items.Count == 0));
    }

    /// <summary>Hands over a message that belongs to no input, such as a request on a shared connection; callable from any thread.</summary>
    internal void Post(PipelineMessage message)
    {
        _loose.Enqueue(message);
        Signal();
    }

    /// <summary>Writes everything that is left.</summary>
    internal void Finish() => Drain(() => _items.Count == 0);

    /// <summary>Stops all work; callable from any thread.</summary>
    internal void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // the pipeline ended while the stop was on its way
        }
    }

    public void Dispose()
    {
        Cancel();
        Task[] left = [.. _items.Select(item => item.Work)];
        // requests end with the token; the wait only keeps a task from outliving the command
        Task.WhenAll(left).Wait(s_patience);
        _items.Clear();
        _cancellation.Dispose();
    }

    private void Drain(Func<bool> isEnough)
    {
        while (true)
        {
            WriteReady();
            // work that was stopped looks finished, but its results are missing
            Token.ThrowIfCancellationRequested();
            if (isEnough()) return;
            _wake.Wait(Token);
            Volatile.Write(ref _isSignalled, 0);
        }
    }

    private void WriteReady()
    {
        while (_loose.TryDequeue(out PipelineMessage? loose)) _writer.Write(loose);
        AnswerQuestions();
        while (_items.TryPeek(out PipelineItem? head))
        {
            bool finished = head.Work.IsCompleted;
            while (head.TryTake(out PipelineMessage message))
            {
                _writer.Write(message);
                _garbage.Look();
            }

            if (!finished) return;
            _items.Dequeue();
            head.Work.GetAwaiter().GetResult();
        }
    }

    // in the order of the input: an item is asked about only when all before it were
    private void AnswerQuestions()
    {
        foreach (PipelineItem item in _items)
        {
            while (item.TryTakeQuestion(out PipelineQuestion question)) Answer(question);
            if (!item.IsPastQuestions && !item.Work.IsCompleted) return;
        }
    }

    // where nobody can be asked, the work that asks has the error
    private void Answer(PipelineQuestion question)
    {
        try
        {
            question.Answer.TrySetResult(_writer.Ask(question));
        }
        catch (OciException e)
        {
            question.Answer.TrySetException(e);
        }
    }

    private async Task GuardedAsync(PipelineItem item, Func<PipelineItem, CancellationToken, Task> work)
    {
        try
        {
            await work(item, Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            // stopped by the user: nothing to report
        }
#pragma warning disable CA1031 // becomes the error record of this input; the others go on
        catch (Exception e)
#pragma warning restore CA1031
        {
            item.Send(new PipelineMessage.Failure(e, item.Target));
        }
        finally
        {
            Interlocked.Decrement(ref _unfinished);
        }
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref _isSignalled, 1) == 0) _wake.Release();
    }
}
