using System.Management.Automation;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Gets the history of an image, the newest row first, joined with the layers.</summary>
[Cmdlet(VerbsCommon.Get, "ImageHistory", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageHistoryEntry))]
public sealed class GetImageHistoryCommand : PlatformImageCommand
{
    private protected override async Task WorkAsync(ImageInspector inspector, ImageLocation image, PipelineItem item, CancellationToken cancellationToken)
    {
        foreach (ImageHistoryEntry row in await inspector.HistoryAsync(image, WantedPlatform, cancellationToken).ConfigureAwait(false))
            item.Send(new PipelineMessage.Output(row));
    }
}
