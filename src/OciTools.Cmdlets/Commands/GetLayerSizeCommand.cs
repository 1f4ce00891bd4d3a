using System.Management.Automation;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Gets the sizes of the layers of an image.</summary>
[Cmdlet(VerbsCommon.Get, "LayerSize", DefaultParameterSetName = "Image")]
[OutputType(typeof(LayerSize))]
public sealed class GetLayerSizeCommand : PlatformImageCommand
{
    /// <summary>The layers, by index or digest; all by default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The layers: the index from the bottom, starting with 0, a digest or a diff id; all by default.")]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? Layer { get; set; }

    private protected override async Task WorkAsync(ImageInspector inspector, ImageLocation image, PipelineItem item, CancellationToken cancellationToken)
    {
        LayerSelection selection = LayerSelection.Parse(Layer);
        foreach (LayerSize size in await inspector.LayerSizesAsync(image, WantedPlatform, selection, cancellationToken).ConfigureAwait(false))
            item.Send(new PipelineMessage.Output(size));
    }
}
