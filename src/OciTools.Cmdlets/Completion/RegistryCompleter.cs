using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using OciTools.Operations;

namespace OciTools.Completion;

/// <summary>Completes registries: those that a login is known for, and those of names that were used. No helper and no registry is asked.</summary>
public sealed class RegistryCompleter : IArgumentCompleter
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidate.Fit(Find(), wordToComplete);

    private static IEnumerable<Candidate> Find()
    {
        using CancellationTokenSource end = new(s_patience);
        Task<IReadOnlyList<string>> reading = Task.Run(() => RegistryLogins.ListNamesAsync(end.Token));
        if (Task.WaitAny([reading], s_patience) == 0 && reading.IsCompletedSuccessfully)
            foreach (string registry in reading.Result) yield return new Candidate(registry, "there is a login for it");
        foreach (string image in KnownNames.Images)
            if (ImageReference.TryParse(image, out ImageReference? reference)) yield return new Candidate(reference.Registry, "used in this session");
    }
}
