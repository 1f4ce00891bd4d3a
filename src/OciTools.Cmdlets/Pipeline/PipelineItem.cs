using System.Collections.Concurrent;

namespace OciTools.Commands;

/// <summary>
/// One input on its way through the pump: its work runs on a task and hands over what is to be written; the pipeline thread alone writes.
/// </summary>
#pragma warning disable CA1001 // a semaphore holds nothing to be disposed of as long as nobody asks for its wait handle
internal sealed class PipelineItem
#pragma warning restore CA1001
{
    // how many results may wait to be written before the work that makes them waits too
    private const int Room = 1024;

    private readonly Action _signal;
    private readonly SemaphoreSlim _room = new(Room);
    private readonly ConcurrentQueue<PipelineMessage> _messages = new();

    // set by the work when it waits for an answer of the user, taken by the pipeline thread
    private volatile PipelineQuestion? _question;
    private volatile bool _isPastQuestions;

    /// <param name="target">What the user gave.</param>
    /// <param name="signal">Tells the pipeline thread that there is something to do; called from any thread.</param>
    /// <param name="asks">Whether the work asks the user.</param>
    internal PipelineItem(object target, Action signal, bool asks = false)
    {
        Target = target;
        _isPastQuestions = !asks;
        _signal = signal;
    }

    /// <summary>What the user gave.</summary>
    internal object Target { get; }

    /// <summary>The work.</summary>
    internal Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Whether the work has passed the point where it asks the user, or never asks. Then those behind it are asked, while it goes on.</summary>
    internal bool IsPastQuestions
    {
        get => _isPastQuestions;
        set
        {
            _isPastQuestions = value;
            _signal();
        }
    }

    internal bool TryTake(out PipelineMessage message)
    {
        bool taken = _messages.TryDequeue(out PipelineMessage? next);
        message = next!;
        if (next is PipelineMessage.Output { IsCounted: true }) _room.Release();
        return taken;
    }

    internal bool TryTakeQuestion(out PipelineQuestion question)
    {
        PipelineQuestion? asked = _question;
        question = asked!;
        if (asked is null) return false;
        _question = null;
        return true;
    }

    internal void Send(PipelineMessage message)
    {
        _messages.Enqueue(message);
        _signal();
    }

    /// <summary>Sends one of many results; waits while too many have not been written yet.</summary>
    internal async Task SendAsync(PipelineMessage.Output output, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        Send(output with { IsCounted = true });
    }

    /// <summary>
    /// Sends the results of tasks in their order. One that fails becomes an error record, and the others go on. Ends when all of them have,
    /// so that none outlives the command.
    /// </summary>
    internal async Task SendEachAsync<T>(IReadOnlyList<Task<T>> tasks, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            foreach (Task<T> task in tasks)
            {
                try
                {
                    Send(new PipelineMessage.Output(await task.ConfigureAwait(false)));
                }
#pragma warning disable CA1031 // becomes the error record of this result
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    Send(new PipelineMessage.Failure(e, Target));
                }
            }
        }
        finally
        {
            await ((Task)Task.WhenAll(tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for the user's answer, given on the pipeline thread in the order of the input; a stop ends the wait.</summary>
    internal Task<bool> AskAsync(string target, string action, CancellationToken cancellationToken, QuestionKind kind = QuestionKind.Action)
    {
        PipelineQuestion question = new(target, action, kind);
        _question = question;
        _signal();
        return question.Answer.Task.WaitAsync(cancellationToken);
    }
}

/// <summary>What a work hands over to be written.</summary>
internal abstract record PipelineMessage
{
    /// <summary>A result.</summary>
    /// <param name="Value">The object.</param>
    /// <param name="IsMany">Whether it is a collection whose elements are written one by one.</param>
    internal sealed record Output(object Value, bool IsMany = false) : PipelineMessage
    {
        /// <summary>Whether the sender waits for room.</summary>
        internal bool IsCounted { get; init; }
    }

    internal sealed record Failure(Exception Exception, object Target) : PipelineMessage;

    internal sealed record Warning(string Text) : PipelineMessage;

    internal sealed record Verbose(string Text) : PipelineMessage;

    internal sealed record Debug(string Text) : PipelineMessage;

    /// <summary>How far something is.</summary>
    /// <param name="Activity">Its number.</param>
    /// <param name="Title">What it is.</param>
    /// <param name="Status">How far, in words.</param>
    /// <param name="Percent">How far in percent; -1 for unknown.</param>
    /// <param name="Completed">Whether it ended.</param>
    /// <param name="Parent">The number of what it is a part of; -1 for nothing.</param>
    internal sealed record Progress(int Activity, string Title, string Status, int Percent, bool Completed, int Parent = -1) : PipelineMessage;
}

/// <summary>A question to the user: may this be done?</summary>
internal sealed record PipelineQuestion(string Target, string Action, QuestionKind Kind)
{
    internal TaskCompletionSource<bool> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>What a question to the user is about.</summary>
internal enum QuestionKind
{
    /// <summary>What the command does; -WhatIf and -Confirm hold for it.</summary>
    Action,

    /// <summary>The same on this computer, where the impact is medium although the command may have a high one elsewhere.</summary>
    LocalAction,

    /// <summary>What goes with it; only -Force stands for the answer.</summary>
    Consequence,
}
