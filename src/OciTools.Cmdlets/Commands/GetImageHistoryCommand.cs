using System.Management.Automation;

namespace OciTools.Commands;

/// <summary>Gets the history of an image, the newest row first, joined with the layers.</summary>
[Cmdlet(VerbsCommon.Get, "ImageHistory", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageHistoryEntry))]
public sealed class GetImageHistoryCommand : PlatformImageCommand
{
    private protected override ImageWork CreateWork()
    {
        Platform? platform = WantedPlatform;
        return async (inspector, image, item, token) =>
        {
            foreach (ImageHistoryEntry row in await inspector.HistoryAsync(image, platform, token).ConfigureAwait(false)) item.Send(new PipelineMessage.Output(row));
        };
    }
}
