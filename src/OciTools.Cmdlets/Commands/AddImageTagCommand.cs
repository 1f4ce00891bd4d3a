using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations;
using OciTools.Operations.Copying;

namespace OciTools.Commands;

/// <summary>Gives images more tags.</summary>
[Cmdlet(VerbsCommon.Add, "ImageTag", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImageTag))]
public sealed class AddImageTagCommand : ImageCommand
{
    /// <summary>The tags.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The tags that the image gets beside those that it has; in a layout the ref names.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string[] Tag { get; set; } = [];

    /// <summary>Takes a tag that stands for another image.</summary>
    [Parameter(HelpMessage = "Takes a tag without a question also where it stands for another image.")]
    public SwitchParameter Force { get; set; }

    private protected override bool Asks => true;

    private protected override ImageWork CreateWork()
    {
        (string[] tags, bool replace, ImagePlaces places) = (Tag, Force.IsPresent, Places);
        return async (inspector, image, item, token) =>
        {
            IReadOnlyList<ImageTagging.Plan> plans = await new ImageTagging(places).PlanAsync(image, tags, replace, token).ConfigureAwait(false);
            List<ImageTagging.Plan> approved = [];
            foreach (ImageTagging.Plan plan in plans)
                if (await item.AskAsync(plan.Describe(), "Add image tag", token).ConfigureAwait(false) && await AgreeAsync(item, plan.Conflicts, "Add image tag", token).ConfigureAwait(false)) approved.Add(plan);
            item.IsPastQuestions = true;
            foreach (ImageTagging.Plan plan in approved) item.Send(new PipelineMessage.Output(await ImageTagging.RunAsync(plan, token).ConfigureAwait(false)));
        };
    }
}
