using System.Management.Automation;
using OciTools.Operations.Listing;

namespace OciTools.Commands;

/// <summary>Lists what refers to an image: signatures, SBOMs, attestations.</summary>
[Cmdlet(VerbsCommon.Get, "ImageReferrer", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageReferrer))]
public sealed class GetImageReferrerCommand : PlatformImageCommand
{
    private List<WildcardPattern>? _patterns;

    /// <summary>Types of artifacts; wildcards are taken.</summary>
    [Parameter(Position = 1, HelpMessage = "Only artifacts of these types; wildcards are taken, upper and lower case are the same: *spdx*, application/vnd.dev.cosign.*.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? ArtifactType { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _patterns = PatternsOf(ArtifactType);
    }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, List<WildcardPattern>? patterns) = (WantedPlatform, _patterns);

        // a registry can look for one type only
        string? exact = ArtifactType is [var only] && !WildcardPattern.ContainsWildcardCharacters(only) ? only : null;
        return async (inspector, image, item, token) =>
        {
            await foreach (ImageReferrer found in new ImageReferrers(inspector).ListAsync(image, platform, exact, token).ConfigureAwait(false))
            {
                if (patterns?.Exists(pattern => pattern.IsMatch(found.ArtifactType ?? "")) != false)
                    await item.SendAsync(new PipelineMessage.Output(found), token).ConfigureAwait(false);
            }
        };
    }
}
