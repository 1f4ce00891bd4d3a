using System.Management.Automation;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Operations.Files;
using OciTools.Operations.Layers;

namespace OciTools.Commands;

/// <summary>Writes the layers of an image as verified files.</summary>
[Cmdlet(VerbsData.Export, "ImageLayers", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[Alias("Export-ImageLayer")]
[OutputType(typeof(ExportedLayer))]
public sealed class ExportImageLayersCommand : PlatformImageCommand
{
    private LayerExport? _export;
    private string _destination = "";

    /// <summary>The directory that the files are written to; made where it is missing.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The directory that the files are written to; it is made where it is missing.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>The layers, by index or digest; all by default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The layers: the index from the bottom, starting with 0, a digest or a diff id; all by default.")]
    [AllowNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(LayerCompleter))]
    public string[]? Layer { get; set; }

    /// <summary>Writes plain tars, each proved by its diff id.</summary>
    [Parameter(HelpMessage = "Writes plain tars, each proved by its diff id, not the blobs as they are stored.")]
    public SwitchParameter Uncompressed { get; set; }

    /// <summary>Writes one tar of the merged root file system.</summary>
    [Parameter(HelpMessage = "Writes one tar of the merged root file system, not a file for each layer; -Destination may then be a file.")]
    public SwitchParameter Flatten { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have; lifts the limits on entries and paths too. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <summary>Replaces existing files.</summary>
    [Parameter(HelpMessage = "Replaces existing files.")]
    public SwitchParameter Force { get; set; }

    private protected override bool Asks => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _destination = OrFailAll(() => ResolvePath(Destination), Destination);
        if (Flatten.IsPresent && (Layer is not null || Uncompressed.IsPresent))
            FailAll(ErrorCatalogue.ParameterConflict.Error("-Flatten merges all layers into one plain tar, so it goes with neither -Layer nor -Uncompressed."), nameof(Flatten));
        _export = new LayerExport(_destination, Uncompressed.IsPresent, Force.IsPresent, AdaptersContext.Inflate, MaximumSize);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _export?.Dispose();
    }

    private protected override ImageWork CreateWork() => Flatten.IsPresent ? FlattenWork() : LayersWork();

    private ImageWork FlattenWork()
    {
        (Platform? platform, bool force, long? most, string destination) = (WantedPlatform, Force.IsPresent, MaximumSize, _destination);
        bool isFolder = Destination.EndsWith('/') || Destination.EndsWith(System.IO.Path.DirectorySeparatorChar);
        return async (inspector, image, item, token) =>
        {
            ImageFlattening.Plan plan = await ImageFlattening.PlanAsync(inspector, image, platform, destination, isFolder, token).ConfigureAwait(false);
            bool isApproved = await item.AskAsync(plan.Describe(), "Export root file system", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            if (!isApproved) return;
            using ProgressReport progress = new(item, $"Flattening {plan.Image}");
            ImageFlattening flattening = new(new LayerReading(AdaptersContext.Inflate, most, progress));
            item.Send(new PipelineMessage.Output(await flattening.WriteAsync(plan, force, token).ConfigureAwait(false)));
        };
    }

    private ImageWork LayersWork()
    {
        (Platform? platform, Func<LayerSelection> selection, LayerExport export) = (WantedPlatform, SelectionOf(Layer, nameof(Layer)), _export!);
        return async (inspector, image, item, token) =>
        {
            LayerExport.Plan plan = await export.PlanAsync(inspector, image, platform, selection(), token).ConfigureAwait(false);
            bool[] approved = new bool[plan.Files.Count];
            for (int i = 0; i < approved.Length; i++)
                approved[i] = await item.AskAsync(plan.Files[i].Describe(), "Export layer", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            using ProgressReport progress = new(item, $"Exporting layers of {plan.Image}");
            await item.SendEachAsync(export.StartWriting(plan, approved, progress, token), token).ConfigureAwait(false);
        };
    }
}
