using System.Management.Automation;

namespace OciTools.Commands;

/// <summary>Gets the digest that the name of an image stands for.</summary>
[Cmdlet(VerbsCommon.Get, "ImageDigest", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageDigest))]
public sealed class GetImageDigestCommand : PlatformImageCommand
{
    /// <summary>Adds the image id, and one digest per platform of an index.</summary>
    [Parameter(HelpMessage = "Adds the image id, and the digest of every platform of an index.")]
    public SwitchParameter Detailed { get; set; }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, bool detailed) = (WantedPlatform, Detailed.IsPresent);
        return async (inspector, image, item, token) =>
        {
            await foreach (ImageDigest digest in inspector.DigestsAsync(image, platform, detailed, token).ConfigureAwait(false))
                item.Send(new PipelineMessage.Output(digest));
        };
    }
}
