using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations.Listing;

namespace OciTools.Commands;

/// <summary>Lists the tags of a repository.</summary>
[Cmdlet(VerbsCommon.Get, "ImageTag", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageTag))]
public sealed class GetImageTagCommand : PlatformImageCommand
{
    private List<WildcardPattern>? _patterns;
    private SemaphoreSlim? _gate;

    /// <summary>Tags; wildcards are taken.</summary>
    [Parameter(Position = 1, HelpMessage = "Only these tags; wildcards are taken, upper and lower case are the same.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TagCompleter))]
    public string[]? Tag { get; set; }

    /// <summary>Adds digest and platforms, and image id, size and date of one platform.</summary>
    [Parameter(HelpMessage = "Adds the digest and the platforms of each tag, and image id, size and date of one platform, with at most three requests per tag. -Platform implies it.")]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _patterns = PatternsOf(Tag);
        _gate = new SemaphoreSlim(ThrottleLimit);
    }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, List<WildcardPattern>? patterns, SemaphoreSlim gate, int atOnce) = (WantedPlatform, _patterns, _gate!, ThrottleLimit);
        bool isDetailed = Detailed.IsPresent || platform is not null;
        return async (inspector, image, item, token) =>
        {
            ImageTags tags = new(inspector);
            IAsyncEnumerable<ImageTag> rows = tags.ListAsync(image, token);
            if (image.Transport == ImageTransport.Registry) rows = rows.Select(row => Remember(image.Reference!, row));
            if (patterns is not null) rows = rows.Where(row => patterns.Exists(pattern => pattern.IsMatch(row.Tag)));
            if (isDetailed) rows = tags.DescribeAsync(rows, platform, atOnce, gate, (row, failure) => item.Send(new PipelineMessage.Failure(failure, row.Image)), token);
            await foreach (ImageTag row in rows.ConfigureAwait(false)) await item.SendAsync(new PipelineMessage.Output(row), token).ConfigureAwait(false);
        };
    }

    // also those that do not fit -Tag: the registry was asked for all of them
    private static ImageTag Remember(ImageReference repository, ImageTag row)
    {
        KnownNames.AddTag(repository.Name, row.Tag);
        return row;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _gate?.Dispose();
    }
}
