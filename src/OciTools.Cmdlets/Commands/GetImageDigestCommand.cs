using System.Management.Automation;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Gets the digest that the name of an image stands for.</summary>
[Cmdlet(VerbsCommon.Get, "ImageDigest", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageDigest))]
public sealed class GetImageDigestCommand : PlatformImageCommand
{
    /// <summary>Adds the image id, and one digest per platform of an index.</summary>
    [Parameter(HelpMessage = "Adds the image id, and the digest of every platform of an index.")]
    public SwitchParameter Detailed { get; set; }

    private protected override async Task WorkAsync(ImageInspector inspector, ImageLocation image, PipelineItem item, CancellationToken cancellationToken)
    {
        await foreach (ImageDigest digest in inspector.DigestsAsync(image, WantedPlatform, Detailed.IsPresent, cancellationToken).ConfigureAwait(false))
            item.Send(new PipelineMessage.Output(digest));
    }
}
