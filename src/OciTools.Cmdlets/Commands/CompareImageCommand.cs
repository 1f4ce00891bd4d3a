using System.Management.Automation;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Operations.Comparing;

namespace OciTools.Commands;

/// <summary>Compares two images: config, history, layers, files.</summary>
[Cmdlet(VerbsData.Compare, "Image")]
[OutputType(typeof(ImageDifference))]
public sealed class CompareImageCommand : PlaceCommand
{
    private Platform? _platform;

    /// <summary>The image to compare with.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The image to compare with, as all cmdlets take one: a registry name, docker-daemon:NAME, oci:DIR:REF, an archive, a path.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string ReferenceImage { get; set; } = "";

    /// <summary>The images to compare.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The image to compare, wherever it lies; what is added or removed is so as seen from the reference image.")]
    [Alias("Image")]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] DifferenceImage { get; set; } = [];

    /// <summary>What is compared.</summary>
    [Parameter(HelpMessage = "What is compared: Config (with the history), Layer, File; all by default. Without File no layer is read.")]
    [ValidateNotNullOrEmpty]
    public ComparedParts[] Show { get; set; } = [ComparedParts.Config, ComparedParts.Layer, ComparedParts.File];

    /// <summary>Whether times count too.</summary>
    [Parameter(HelpMessage = "Counts other times of files, config and history as a difference too.")]
    public SwitchParameter IncludeTime { get; set; }

    /// <summary>The platform to select from an index, for both images.</summary>
    [Parameter(HelpMessage = "The platform to select from an index, for both images: linux/arm64/v8, windows/amd64:10.0.20348.1.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have; lifts the limits on entries and paths too. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Platform is not null) _platform = OrFailAll(() => OciTools.Platform.Parse(Platform), Platform);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        (Platform? platform, bool withTime, long? most, bool isVerbose, ImagePlaces places) = (_platform, IncludeTime.IsPresent, MaximumSize, IsVerbose, Places);
        ComparedParts parts = ComparedParts.None;
        foreach (ComparedParts part in Show) parts |= part;
        foreach (string image in DifferenceImage)
        {
            Func<ImageLocation> reference = LaterLocation(ReferenceImage);
            Func<ImageLocation> difference = LaterLocation(image);
            Run(image, async (item, token) =>
            {
                using ProgressReport progress = new(item, $"Comparing {image}");
                ImageComparison comparison = new(new LayerReading(AdaptersContext.Inflate, most, progress));
                ImageInspector inspector = new(places, new ItemLog(item, isVerbose));
                foreach (ImageDifference found in await comparison.CompareAsync(inspector, reference(), difference(), platform, parts, withTime, token).ConfigureAwait(false))
                    await item.SendAsync(new PipelineMessage.Output(found), token).ConfigureAwait(false);
            });
        }
    }
}
