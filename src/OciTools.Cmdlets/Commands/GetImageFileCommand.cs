using System.Management.Automation;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Operations.Files;
using OciTools.Operations.Layers;

namespace OciTools.Commands;

/// <summary>Lists the files of an image.</summary>
[Cmdlet(VerbsCommon.Get, "ImageFile", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageFile))]
public sealed class GetImageFileCommand : PlatformImageCommand
{
    /// <summary>Patterns of paths inside the image; all files by default.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Patterns of paths inside the image: * and ? stay within a segment, ** crosses; upper and lower case are different. All files by default.")]
    [AllowNull]
    [AllowEmptyCollection]
    [SupportsWildcards]
    public string[]? FilePath { get; set; }

    /// <summary>Paths inside the image, taken as they are written.</summary>
    [Parameter(HelpMessage = "Paths inside the image, taken as they are written.")]
    [ValidateNotNullOrEmpty]
    public string[]? LiteralFilePath { get; set; }

    /// <summary>The layers whose own entries are listed, whiteouts as such.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Lists the own entries of these layers, whiteouts as such: the index from the bottom, starting with 0, a digest or a diff id.")]
    [AllowNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(LayerCompleter))]
    public string[]? Layer { get; set; }

    /// <summary>Adds what upper layers hide.</summary>
    [Parameter(HelpMessage = "Adds what upper layers hide, behind the files that are there.")]
    public SwitchParameter IncludeHidden { get; set; }

    /// <summary>Adds the digest of each content.</summary>
    [Parameter(HelpMessage = "Adds the sha256 digest of the content of each regular file.")]
    public SwitchParameter Hash { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have; lifts the limits on entries and paths too. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, string[]? patterns, string[]? literals, bool hidden, bool hash, long? most) = (WantedPlatform, FilePath, LiteralFilePath, IncludeHidden.IsPresent, Hash.IsPresent, MaximumSize);
        bool isOfLayer = MyInvocation.BoundParameters.ContainsKey(nameof(Layer));
        Func<LayerSelection> layers = SelectionOf(Layer, nameof(Layer));
        return async (inspector, image, item, token) =>
        {
            using ProgressReport progress = new(item, $"Reading the layers of {image}");
            FileListing listing = new(inspector, new LayerReading(AdaptersContext.Inflate, most, progress));
            FileSelection selection = new(patterns, literals) { Layers = isOfLayer ? layers() : null, IncludeHidden = hidden, WithDigest = hash };
            foreach (ImageFile file in await listing.ListAsync(image, platform, selection, token).ConfigureAwait(false))
                await item.SendAsync(new PipelineMessage.Output(file), token).ConfigureAwait(false);
        };
    }
}
