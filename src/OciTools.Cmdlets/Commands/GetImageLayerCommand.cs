using System.Management.Automation;
using OciTools.Completion;

namespace OciTools.Commands;

/// <summary>Gets the layers of an image, the lowest first.</summary>
[Cmdlet(VerbsCommon.Get, "ImageLayer", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageLayer))]
public sealed class GetImageLayerCommand : PlatformImageCommand
{
    private protected override ImageWork CreateWork()
    {
        Platform? platform = WantedPlatform;
        return async (inspector, image, item, token) =>
        {
            string name = image.ToString();
            foreach (ImageLayer layer in await inspector.LayersAsync(image, platform, token).ConfigureAwait(false))
            {
                KnownNames.AddLayer(name, KnownLayer.Of(layer));
                item.Send(new PipelineMessage.Output(layer));
            }
        };
    }
}
