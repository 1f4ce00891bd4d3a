using System.Management.Automation;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Gets the layers of an image, the lowest first.</summary>
[Cmdlet(VerbsCommon.Get, "ImageLayer", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageLayer))]
public sealed class GetImageLayerCommand : PlatformImageCommand
{
    private protected override async Task WorkAsync(ImageInspector inspector, ImageLocation image, PipelineItem item, CancellationToken cancellationToken)
    {
        foreach (ImageLayer layer in await inspector.LayersAsync(image, WantedPlatform, cancellationToken).ConfigureAwait(false))
            item.Send(new PipelineMessage.Output(layer));
    }
}
