using System.Management.Automation;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Copies images between places, byte for byte.</summary>
[Cmdlet(VerbsCommon.Copy, "Image", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(CopiedImage))]
public sealed class CopyImageCommand : PlatformImageCommand
{
    private ImageCopy? _copy;

    /// <summary>The name that the image gets.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The name that the image gets: registry/repository:tag, or oci:DIR:NAME, a layout directory that is made where it is missing.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Takes a name that stands for another image.</summary>
    [Parameter(HelpMessage = "Takes the name of the destination also where it stands for another image.")]
    public SwitchParameter Force { get; set; }

    private protected override bool Asks => true;

    private protected override ImageWork CreateWork()
    {
        ImageCopy copy = _copy ??= new ImageCopy(Places);
        (Platform? platform, bool replace, string text) = (WantedPlatform, Force.IsPresent, Destination);
        Func<ImageLocation> parse = LaterLocation(text);
        return async (inspector, image, item, token) =>
        {
            CopyPlan plan = await copy.PlanAsync(inspector, image, parse(), platform, replace, token).ConfigureAwait(false);
            bool isApproved = await item.AskAsync(plan.Describe(), "Copy image", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            if (!isApproved) return;
            using ProgressReport progress = new(item, $"Copying {plan.Image}");
            item.Send(new PipelineMessage.Output(await ImageCopy.RunAsync(plan, progress, token).ConfigureAwait(false)));
        };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _copy?.Dispose();
    }

    // a bad destination is an error of its input; its path is resolved while the pipeline thread is here
    private Func<ImageLocation> LaterLocation(string text)
    {
        try
        {
            ImageLocation location = ParseLocation(text);
            return () => location;
        }
        catch (OciException e)
        {
            return () => throw e;
        }
    }
}
