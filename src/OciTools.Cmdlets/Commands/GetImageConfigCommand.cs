using System.Management.Automation;

namespace OciTools.Commands;

/// <summary>Gets the config of an image: how it is run, its root file system, its id.</summary>
[Cmdlet(VerbsCommon.Get, "ImageConfig", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageConfig))]
public sealed class GetImageConfigCommand : PlatformImageCommand
{
    private protected override ImageWork CreateWork()
    {
        Platform? platform = WantedPlatform;
        return async (inspector, image, item, token) => item.Send(new PipelineMessage.Output(await inspector.ConfigAsync(image, platform, token).ConfigureAwait(false)));
    }
}
