using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace OciTools.Completion;

/// <summary>Completes the indexes of the layers of -Image, where they were listed in this process.</summary>
public sealed class LayerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidate.Fit(Candidate.ImagesOf(fakeBoundParameters).SelectMany(Find), wordToComplete);

    private static IEnumerable<Candidate> Find(string image)
    {
        string name = ImageReference.TryParse(image, out ImageReference? reference) ? reference.ToString() : image;
        return KnownNames.LayersOf(name).Select(layer => new Candidate(layer.Layer.ToString(CultureInfo.InvariantCulture), layer.About));
    }
}
