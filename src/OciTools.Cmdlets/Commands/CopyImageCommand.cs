using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Copies images between places, byte for byte where both keep manifests.</summary>
[Cmdlet(VerbsCommon.Copy, "Image", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(CopiedImage))]
public sealed class CopyImageCommand : PlatformImageCommand
{
    private ImageCopy? _copy;

    /// <summary>The name that the image gets.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The name that the image gets: registry/repository:tag, docker-daemon:NAME:TAG, oci:DIR:NAME, oci-archive:FILE:NAME or docker-archive:FILE:NAME:TAG.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Takes a name that stands for another image, and replaces an archive.</summary>
    [Parameter(HelpMessage = "Takes the name of the destination also where it stands for another image, and replaces an archive that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Lets an engine pull the image itself.</summary>
    [Parameter(HelpMessage = "Lets the engine pull the image from the registry itself, so that it keeps the registry's digest.")]
    public SwitchParameter UseEngine { get; set; }

    private protected override bool Asks => true;

    private protected override ImageWork CreateWork()
    {
        ImageCopy copy = _copy ??= new ImageCopy(Places, stream => AdaptersContext.Adapters.Inflate(stream));
        CopyOptions options = new() { Platform = WantedPlatform, Replace = Force.IsPresent, UseEngine = UseEngine.IsPresent };
        Func<ImageLocation> parse = LaterLocation(Destination);
        return async (inspector, image, item, token) =>
        {
            CopyPlan plan = await copy.PlanAsync(inspector, image, parse(), options, token).ConfigureAwait(false);
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
