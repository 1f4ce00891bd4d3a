using System.Management.Automation;
using OciTools.Operations.Removing;

namespace OciTools.Commands;

/// <summary>Removes tags, manifests and images.</summary>
[Cmdlet(VerbsCommon.Remove, "Image", DefaultParameterSetName = "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RemovedImage))]
public sealed class RemoveImageCommand : ImageCommand
{
    private readonly List<RemovalName> _names = [];

    /// <summary>Agrees to what would be lost.</summary>
    [Parameter(HelpMessage = "Agrees to what would be lost or hurt although it was not named; in an engine, removes an image of stopped containers too.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Never replaces a tag.</summary>
    [Parameter(HelpMessage = "Never puts another manifest under a tag so that the tag can be removed alone, where the registry removes no tags by themselves.")]
    public SwitchParameter NoReplace { get; set; }

    private protected override bool Asks => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // all names of a place are planned together, so nothing starts before the last one is here
        foreach ((string text, Func<IEnumerable<ImageLocation>> parse) in Inputs())
        {
            try
            {
                _names.AddRange(parse().Select(location => new RemovalName(text, CheckedPlace(location))));
            }
            catch (OciException e)
            {
                Fail(e, text);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        ImageRemoval removal = new(Places, Force.IsPresent, NoReplace.IsPresent);
        foreach (IReadOnlyList<RemovalName> names in ImageRemoval.Group(_names))
            Run(names[0].Text, (item, token) => removal.RunAsync(names, new Dialog(item), token), asks: true);
        base.EndProcessing();
    }

    private protected override ImageWork CreateWork() => throw new NotSupportedException("All images are removed together.");

    private sealed class Dialog(PipelineItem item) : IRemovalDialog
    {
        public Task<bool> AskAsync(string target, bool isRemote, CancellationToken cancellationToken) =>
            item.AskAsync(target, "Remove image", cancellationToken, isRemote ? QuestionKind.Action : QuestionKind.LocalAction);

        public Task<bool> AskAboutLossAsync(string question, CancellationToken cancellationToken) =>
            item.AskAsync(question, "Remove image", cancellationToken, QuestionKind.Consequence);

        public void IsDecided() => item.IsPastQuestions = true;

        public void Removed(RemovedImage removed) => item.Send(new PipelineMessage.Output(removed));

        public void Failed(Exception failure, string name) => item.Send(new PipelineMessage.Failure(failure, name));
    }
}
