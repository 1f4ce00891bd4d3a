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

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, Func<LayerSelection> selection) = (WantedPlatform, SelectionOf(Layer, nameof(Layer)));
        return async (inspector, image, item, token) =>
        {
            foreach (LayerSize size in await inspector.LayerSizesAsync(image, platform, selection(), token).ConfigureAwait(false)) item.Send(new PipelineMessage.Output(size));
        };
    }
}
