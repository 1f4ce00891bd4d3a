using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Operations.Files;

namespace OciTools.Commands;

/// <summary>Writes the root file system of an image into a directory.</summary>
[Cmdlet(VerbsData.Expand, "Image", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ExpandedImage))]
public sealed class ExpandImageCommand : PlatformImageCommand
{
    private readonly List<string> _patterns = [];
    private string _destination = "";
    private ImageInput? _input;
    private bool _isTaken;

    /// <summary>The directory; made where it is missing.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The directory that the files are written to. It is made; what is there must be empty, or made by Expand-Image and replaced with -Force.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Patterns of paths inside the image; all files by default.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Patterns of paths inside the image: * and ? stay within a segment, ** crosses; a directory brings all below it. All files by default.")]
    [AllowNull]
    [AllowEmptyCollection]
    [SupportsWildcards]
    public string[]? FilePath { get; set; }

    /// <summary>Paths inside the image, taken as they are written.</summary>
    [Parameter(HelpMessage = "Paths inside the image, taken as they are written; a directory brings all below it.")]
    [ValidateNotNullOrEmpty]
    public string[]? LiteralFilePath { get; set; }

    /// <summary>Leaves owners out.</summary>
    [Parameter(HelpMessage = "Leaves the owners out: the files belong to you. It is always so where you are not root.")]
    public SwitchParameter NoOwner { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have; lifts the limits on entries and paths too. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <summary>Replaces a directory that this cmdlet made.</summary>
    [Parameter(HelpMessage = "Replaces a directory that Expand-Image made; no other.")]
    public SwitchParameter Force { get; set; }

    private protected override bool Asks => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _destination = OrFailAll(() => ResolvePath(Destination), Destination);
    }

    // The pipeline may bring one image in many objects, each with a path of its own, as Get-ImageFile does.
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ImageInput input in Inputs())
        {
            _input ??= input;
            if (_input.Value.Text != input.Text) Fail(OneImageOnly(input.Text), input.Text);
            else _patterns.AddRange(FilePath ?? []);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_input is { } input) RunEach(input);
        base.EndProcessing();
    }

    private protected override ImageWork CreateWork()
    {
        bool isSecond = _isTaken;
        _isTaken = true;
        ExpansionChoices choices = new(_destination, _patterns, LiteralFilePath ?? [], Force.IsPresent, NoOwner.IsPresent);
        (Platform? platform, long? most) = (WantedPlatform, MaximumSize);
        return async (inspector, image, item, token) =>
        {
            if (isSecond) throw OneImageOnly(image.ToString());
            ImageExpansion.Plan plan = await ImageExpansion.PlanAsync(inspector, image, platform, choices, token).ConfigureAwait(false);
            bool isApproved = await item.AskAsync(plan.Describe(), "Expand image", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            if (!isApproved) return;
            using ProgressReport progress = new(item, $"Expanding {plan.Image}");
            ImageExpansion expansion = new(new LayerReading(AdaptersContext.Inflate, most, progress));
            item.Send(new PipelineMessage.Output(await expansion.RunAsync(plan, token).ConfigureAwait(false)));
        };
    }

    private OciException OneImageOnly(string image) => ErrorCatalogue.FileExists.Error(
        $"'{DisplayText.Excerpt(_destination)}' takes one image; {DisplayText.Excerpt(image)} was not expanded.",
        recommendation: "Use ForEach-Object with a directory for each image.");
}
