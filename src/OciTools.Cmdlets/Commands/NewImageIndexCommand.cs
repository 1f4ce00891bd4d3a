using System.Collections;
using System.Globalization;
using System.Management.Automation;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations.Copying;

namespace OciTools.Commands;

/// <summary>Puts one image for several platforms together out of several images.</summary>
[Cmdlet(VerbsCommon.New, "ImageIndex", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(ImageIndex))]
public sealed class NewImageIndexCommand : ImageCommand
{
    private readonly List<ImageLocation> _images = [];
    private ImageCopy? _copy;

    /// <summary>The name of the index.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The name of the index: registry/repository:tag, or oci:DIR:NAME, a layout directory that is made where it is missing.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string Destination { get; set; } = "";

    /// <summary>Annotations of the index.</summary>
    [Parameter(HelpMessage = "Annotations of the index, as a hashtable: @{ 'org.opencontainers.image.version' = '1.4.2' }.")]
    [ValidateNotNull]
    public IDictionary? Annotation { get; set; }

    /// <summary>Takes a name that stands for another image.</summary>
    [Parameter(HelpMessage = "Takes the name of the destination without a question also where it stands for another image.")]
    public SwitchParameter Force { get; set; }

    private protected override bool Asks => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // an index that lacks one of the images is none that was asked for
        foreach (ImageInput input in Inputs()) _images.AddRange(OrFailAll(() => input.Parse().ToArray(), input.Text));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_images.Count > 0) RunEach(new ImageInput(Destination, () => [Checked(ParseLocation(Destination))]));
        base.EndProcessing();
    }

    // a credential is for the first image, which the destination is not
    private ImageLocation Checked(ImageLocation destination)
    {
        foreach (ImageLocation image in _images) Places.Check(image);
        return destination;
    }

    private protected override ImageWork CreateWork()
    {
        IndexAssembly assembly = new(Places, _copy ??= new ImageCopy(Places, stream => AdaptersContext.Adapters.Inflate(stream)));
        (List<ImageLocation> images, bool replace, IReadOnlyDictionary<string, string> annotations) = (_images, Force.IsPresent, Annotations());
        return async (inspector, destination, item, token) =>
        {
            IndexAssembly.Plan plan = await assembly.PlanAsync(inspector, images, destination, annotations, replace, token).ConfigureAwait(false);
            bool isApproved = await item.AskAsync(plan.Describe(), "Create image index", token).ConfigureAwait(false)
                && await AgreeAsync(item, plan.Conflicts, "Create image index", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            if (!isApproved) return;
            using ProgressReport progress = new(item, $"Creating {destination}");
            item.Send(new PipelineMessage.Output(await IndexAssembly.RunAsync(plan, progress, token).ConfigureAwait(false)));
        };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _copy?.Dispose();
    }

    private Dictionary<string, string> Annotations()
    {
        Dictionary<string, string> annotations = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Annotation ?? new Hashtable()) annotations[Text(entry.Key)] = Text(entry.Value);
        return annotations;
    }

    // the value itself where PowerShell has wrapped it
    private static string Text(object? value) => Convert.ToString(value is PSObject wrapped ? wrapped.BaseObject : value, CultureInfo.InvariantCulture) ?? "";
}
