using System.Management.Automation;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Gets the config of an image: how it is run, its root file system, its id.</summary>
[Cmdlet(VerbsCommon.Get, "ImageConfig", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageConfig))]
public sealed class GetImageConfigCommand : PlatformImageCommand
{
    private protected override async Task WorkAsync(ImageInspector inspector, ImageLocation image, PipelineItem item, CancellationToken cancellationToken) =>
        item.Send(new PipelineMessage.Output(await inspector.ConfigAsync(image, WantedPlatform, cancellationToken).ConfigureAwait(false)));
}
