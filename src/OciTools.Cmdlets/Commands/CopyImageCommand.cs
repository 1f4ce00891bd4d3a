using System.Management.Automation;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Operations.Copying;

namespace OciTools.Commands;

/// <summary>Copies images between places, byte for byte where both keep manifests.</summary>
[Cmdlet(VerbsCommon.Copy, "Image", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(CopiedImage))]
public sealed class CopyImageCommand : TwoSidedCommand
{
    private ImageCopy? _copy;

    /// <summary>The name that the image gets.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The name that the image gets: registry/repository:tag, docker-daemon:NAME:TAG, oci:DIR:NAME, oci-archive:FILE:NAME or docker-archive:FILE:NAME:TAG.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string Destination { get; set; } = "";

    /// <summary>Takes a name that stands for another image, and replaces an archive.</summary>
    [Parameter(HelpMessage = "Takes the name of the destination without a question also where it stands for another image, and replaces an archive that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Takes along what refers to the image.</summary>
    [Parameter(HelpMessage = "Takes signatures, SBOMs and attestations along, and what refers to those.")]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <summary>Lets an engine pull the image itself.</summary>
    [Parameter(HelpMessage = "Lets the engine pull the image from the registry itself, so that it keeps the registry's digest.")]
    public SwitchParameter UseEngine { get; set; }

    /// <summary>Leaves alone what exists.</summary>
    [Parameter(HelpMessage = "Leaves a name alone that exists at the destination, whatever image it stands for; that is no error.")]
    public SwitchParameter NoClobber { get; set; }

    private protected override bool Asks => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Force.IsPresent && NoClobber.IsPresent)
            FailAll(ErrorCatalogue.ParameterConflict.Error("-Force takes a name that exists, and -NoClobber leaves it alone: only one of them can be meant."), nameof(NoClobber));
    }

    private protected override ImageWork CreateWork()
    {
        (ImagePlaces places, bool keeps, bool isVerbose, string name) = (Places, NoClobber.IsPresent, IsVerbose, Destination);
        ImageCopy copy = _copy ??= new ImageCopy(places, stream => AdaptersContext.Adapters.Inflate(stream));
        CopyOptions options = new()
        {
            Platform = WantedPlatform, Replace = Force.IsPresent, UseEngine = UseEngine.IsPresent, IncludeReferrers = IncludeReferrers.IsPresent, ListsMissing = IsWhatIf,
        };
        Func<ImageLocation> parse = LaterLocation(Destination);
        return async (inspector, image, item, token) =>
        {
            ImageLocation destination = parse();
            if (keeps && await DestinationCheck.IsTakenAsync(places, destination, token).ConfigureAwait(false))
            {
                new ItemLog(item, isVerbose).Verbose($"{destination} exists, and is left alone");
                return;
            }

            CopyPlan plan = await copy.PlanAsync(inspector, image, destination, options, token).ConfigureAwait(false);
            bool isApproved = await item.AskAsync(plan.Describe(), "Copy image", token).ConfigureAwait(false) && await AgreeAsync(item, plan.Conflicts, "Copy image", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            if (!isApproved) return;
            using ProgressReport progress = new(item, $"Copying {plan.Image}");
            item.Send(new PipelineMessage.Output(await ImageCopy.RunAsync(plan, progress, token).ConfigureAwait(false)));
            KnownNames.Use(name);
        };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _copy?.Dispose();
    }
}
