using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace OciTools.Commands;

/// <summary>The base of all cmdlets: runs work beside the pipeline thread, writes on it, and stops with it.</summary>
public abstract class PumpCommand : PSCmdlet, IDisposable
{
    private readonly Writer _writer;
    private OrderedPump? _pump;

    private protected PumpCommand() => _writer = new Writer(this);

    /// <summary>How many inputs are worked on at once.</summary>
    [Parameter(HelpMessage = "How many images are worked on at once; with 1 the results of an input are written before the next is read.")]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 8;

    private protected bool IsVerbose { get; private set; }

    private protected bool IsDebug { get; private set; }

    /// <summary>Whether the command only says what it would do.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? bound) && bound is SwitchParameter isOn
        ? isOn.IsPresent
        : LanguagePrimitives.IsTrue(SessionState?.PSVariable.GetValue("WhatIfPreference"));

    /// <summary>Hands over a message that belongs to no input; callable from any thread once work runs.</summary>
    private protected void Post(PipelineMessage message) => _pump?.Post(message);

    /// <summary>How many inputs this command works on at once.</summary>
    private protected virtual int InputsAtOnce => ThrottleLimit;

    private OrderedPump Pump => _pump ??= new OrderedPump(_writer, InputsAtOnce);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        IsVerbose = IsWanted("Verbose", "VerbosePreference");
        IsDebug = IsWanted("Debug", "DebugPreference");
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Guarded(() => Pump.Finish());

    /// <inheritdoc/>
    protected override void StopProcessing() => _pump?.Cancel();

    /// <summary>Cancels what still runs. A downstream stop calls this and nothing else.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Cancels what still runs.</summary>
    /// <param name="disposing">Whether called from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing) _pump?.Dispose();
    }

    /// <summary>Starts the work of one input and writes what is ready.</summary>
    private protected void Run(object target, Func<PipelineItem, CancellationToken, Task> work, bool asks = false) =>
        Guarded(() => Pump.Run(target, asks, work));

    /// <summary>The places that an input stands for; none where it stands for nothing, and then its error comes in its turn among the results.</summary>
    /// <param name="target">The input.</param>
    /// <param name="parse">Makes places of it, or throws.</param>
    /// <param name="reject">Gives what the input gets beside its error; null for nothing.</param>
    private protected ImageLocation[] LocationsOf(string target, Func<IEnumerable<ImageLocation>> parse, Action<PipelineItem>? reject = null)
    {
        ImageLocation[] found = [];
        Prepare(target, () => found = [.. parse()], reject);
        return found;
    }

    /// <summary>Does what the work on an input needs while the pipeline thread is here; where that fails, its error comes in its turn among the results.</summary>
    /// <param name="target">The input.</param>
    /// <param name="prepare">What is done, or throws.</param>
    /// <param name="reject">Gives what the input gets beside its error; null for nothing.</param>
    /// <returns>Whether the work can begin.</returns>
    private protected bool Prepare(string target, Action prepare, Action<PipelineItem>? reject = null)
    {
        try
        {
            prepare();
            return true;
        }
        catch (OciException e)
        {
            Run(target, (item, _) =>
            {
                reject?.Invoke(item);
                throw e;
            });
            return false;
        }
    }

    private protected void Fail(Exception exception, object target) => WriteError(RecordOf(exception, target));

    [DoesNotReturn]
    private protected void FailAll(Exception exception, object target)
    {
        ThrowTerminatingError(RecordOf(exception, target));
        throw exception; // the line above never returns; the reference assembly does not say so
    }

    /// <summary>The patterns that a parameter of the whole command gives; null for none.</summary>
    private protected List<WildcardPattern>? PatternsOf(string[]? texts) => texts is not { Length: > 0 } ? null : [.. texts.Select(text => OrFailAll(() => NamePattern.Parse(text), text))];

    /// <summary>What a parameter of the whole command means; the command ends where it means nothing.</summary>
    private protected T OrFailAll<T>(Func<T> read, object target)
    {
        try
        {
            return read();
        }
        catch (OciException e)
        {
            FailAll(e, target);
            throw; // the line above never returns
        }
    }

    private ErrorRecord RecordOf(Exception exception, object target) => ErrorRecords.From(exception, target, path => ProviderPaths.IsImageFile(SessionState, path));

    private void Guarded(Action action)
    {
        bool done = false;
        try
        {
            action();
            done = true;
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            if (!done) _pump?.Cancel();
        }
    }

    private bool IsWanted(string parameter, string preference)
    {
        if (MyInvocation?.BoundParameters.TryGetValue(parameter, out object? bound) == true && bound is SwitchParameter isOn) return isOn.IsPresent;
        return SessionState?.PSVariable.GetValue(preference) is { } value && value.ToString() is not ("SilentlyContinue" or "Ignore");
    }

    // ShouldProcess goes by the impact of the whole command
    private bool IsAskedAtMediumImpact()
    {
        if (MyInvocation.BoundParameters.TryGetValue("Confirm", out object? confirm)) return confirm is SwitchParameter { IsPresent: true } || IsWhatIf;
        return IsWhatIf || (LanguagePrimitives.TryConvertTo(SessionState.PSVariable.GetValue("ConfirmPreference"), out ConfirmImpact preference) && preference is ConfirmImpact.Low or ConfirmImpact.Medium);
    }

    private sealed class Writer(PumpCommand command) : IPipelineWriter
    {
        // hold for all that this command asks about what goes with what it does
        private bool _yesToAll;
        private bool _noToAll;

        public void Write(PipelineMessage message)
        {
            switch (message)
            {
                case PipelineMessage.Output output:
                    command.WriteObject(output.Value, output.IsMany);
                    break;
                case PipelineMessage.Failure failure:
                    command.Fail(failure.Exception, failure.Target);
                    break;
                case PipelineMessage.Warning warning:
                    command.WriteWarning(DisplayText.Clean(warning.Text));
                    break;
                case PipelineMessage.Verbose verbose:
                    command.WriteVerbose(DisplayText.Clean(verbose.Text));
                    break;
                case PipelineMessage.Debug debug:
                    command.WriteDebug(DisplayText.Clean(debug.Text));
                    break;
                case PipelineMessage.Progress progress:
                    command.WriteProgress(new ProgressRecord(progress.Activity, DisplayText.Excerpt(progress.Title), progress.Status)
                    {
                        PercentComplete = progress.Percent,
                        ParentActivityId = progress.Parent,
                        RecordType = progress.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
                    });
                    break;
            }
        }

        public bool Ask(PipelineQuestion question)
        {
            try
            {
                return question.Kind switch
                {
                    QuestionKind.Consequence => command.ShouldContinue(question.Target, question.Action, ref _yesToAll, ref _noToAll),
                    QuestionKind.LocalAction when !command.IsAskedAtMediumImpact() => true,
                    _ => command.ShouldProcess(question.Target, question.Action),
                };
            }
            catch (Exception e) when (e is PSInvalidOperationException or HostException or NullReferenceException)
            {
                // -NonInteractive, a job, a host without a user; PowerShell's own host finds no answer where its input has ended
                throw ErrorCatalogue.ConfirmationNeeded.Error($"{question.Action}: nobody can be asked here about {DisplayText.Clean(question.Target)}", e);
            }
        }
    }
}
