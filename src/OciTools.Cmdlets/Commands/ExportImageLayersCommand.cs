using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Writes the layers of an image as verified files.</summary>
[Cmdlet(VerbsData.Export, "ImageLayers", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[Alias("Export-ImageLayer")]
[OutputType(typeof(ExportedLayer))]
public sealed class ExportImageLayersCommand : PlatformImageCommand
{
    private LayerExport? _export;

    /// <summary>The folder that the files are written to; made where it is missing.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The folder that the files are written to; it is made where it is missing.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>The layers, by index or digest; all by default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The layers: the index from the bottom, starting with 0, a digest or a diff id; all by default.")]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? Layer { get; set; }

    /// <summary>Writes plain tars, each proved by its diff id.</summary>
    [Parameter(HelpMessage = "Writes plain tars, each proved by its diff id, not the blobs as they are stored.")]
    public SwitchParameter Uncompressed { get; set; }

    /// <summary>Replaces existing files.</summary>
    [Parameter(HelpMessage = "Replaces existing files.")]
    public SwitchParameter Force { get; set; }

    private protected override bool Asks => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            _export = new LayerExport(ResolvePath(Destination), Uncompressed.IsPresent, Force.IsPresent, AdaptersContext.Inflate);
        }
        catch (OciException e)
        {
            FailAll(e, Destination);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _export?.Dispose();
    }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, Func<LayerSelection> selection, LayerExport export) = (WantedPlatform, SelectionOf(Layer, nameof(Layer)), _export!);
        return async (inspector, image, item, token) =>
        {
            LayerExport.Plan plan = await export.PlanAsync(inspector, image, platform, selection(), token).ConfigureAwait(false);
            bool[] approved = new bool[plan.Files.Count];
            for (int i = 0; i < approved.Length; i++)
                approved[i] = await item.AskAsync(plan.Files[i].Describe(), "Export layer", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            ProgressReport progress = new(item, $"Exporting layers of {plan.Image}");
            IReadOnlyList<Task<ExportedLayer>> writing = [];
            try
            {
                writing = export.StartWriting(plan, approved, progress, token);
                foreach (Task<ExportedLayer> layer in writing)
                {
                    try
                    {
                        item.Send(new PipelineMessage.Output(await layer.ConfigureAwait(false)));
                    }
#pragma warning disable CA1031 // becomes the error record of this layer; the others go on
                    catch (Exception e) when (!token.IsCancellationRequested)
#pragma warning restore CA1031
                    {
                        item.Send(new PipelineMessage.Failure(e, item.Target));
                    }
                }
            }
            finally
            {
                // none outlives the command
                await ((Task)Task.WhenAll(writing)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                progress.Complete();
            }
        };
    }
}
