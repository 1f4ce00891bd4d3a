using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace OciTools.Completion;

/// <summary>Completes tags of the repository of -Image, where they were listed in this process.</summary>
public sealed class TagCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidate.Fit(Find(fakeBoundParameters), wordToComplete);

    private static IEnumerable<Candidate> Find(IDictionary bound)
    {
        foreach (string image in Candidate.ImagesOf(bound))
        {
            if (!ImageReference.TryParse(image, out ImageReference? reference)) continue;
            foreach (string tag in KnownNames.TagsOf(reference.Name)) yield return new Candidate(tag, $"a tag of {reference.Name}");
        }
    }
}
