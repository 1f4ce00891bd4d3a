using System.Management.Automation;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations.Layers;

namespace OciTools.Commands;

/// <summary>Gets the sizes of the layers of an image.</summary>
[Cmdlet(VerbsCommon.Get, "LayerSize", DefaultParameterSetName = "Image")]
[OutputType(typeof(LayerSize))]
public sealed class GetLayerSizeCommand : PlatformImageCommand
{
    private LayerSizing? _sizing;

    /// <summary>The layers, by index or digest; all by default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The layers: the index from the bottom, starting with 0, a digest or a diff id; all by default.")]
    [AllowNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(LayerCompleter))]
    public string[]? Layer { get; set; }

    /// <summary>Reads the layers for the exact size of their tars.</summary>
    [Parameter(HelpMessage = "Reads each layer to its end and proves it, for the exact size of its tar. Not together with -Estimate.")]
    public SwitchParameter Uncompressed { get; set; }

    /// <summary>Guesses the size of the tars from a few bytes.</summary>
    [Parameter(HelpMessage = "Guesses the size of each tar from an annotation or from a few bytes of the layer. Not together with -Uncompressed.")]
    public SwitchParameter Estimate { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Uncompressed.IsPresent && Estimate.IsPresent)
            FailAll(ErrorCatalogue.ParameterConflict.Error("-Uncompressed reads the layers for their exact size, and -Estimate guesses it from a few bytes: only one of them can be meant."), nameof(Estimate));
        LayerSizing.Method method = Uncompressed.IsPresent ? LayerSizing.Method.Read : Estimate.IsPresent ? LayerSizing.Method.Estimated : LayerSizing.Method.Known;
        _sizing = new LayerSizing(AdaptersContext.Inflate, MaximumSize, method);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _sizing?.Dispose();
    }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, Func<LayerSelection> selection, LayerSizing sizing) = (WantedPlatform, SelectionOf(Layer, nameof(Layer)), _sizing!);
        return async (inspector, image, item, token) =>
        {
            using ProgressReport progress = new(item, $"Reading the layers of {image}");
            IReadOnlyList<Task<LayerSize>> sizes = await sizing.StartAsync(inspector, image, platform, selection(), progress, token).ConfigureAwait(false);
            await item.SendEachAsync(sizes, token).ConfigureAwait(false);
        };
    }
}
