using System.Management.Automation;
using OciTools.Operations;
using OciTools.Operations.Listing;

namespace OciTools.Commands;

/// <summary>Lists the images of the local engine, of a layout or of an archive.</summary>
[Cmdlet(VerbsCommon.Get, "Image", DefaultParameterSetName = EngineSet)]
[OutputType(typeof(LocalImage))]
public sealed class GetImageCommand : PlaceCommand
{
    private const string EngineSet = "Engine";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private List<WildcardPattern>? _patterns;

    /// <summary>Names, with or without a tag; wildcards are taken.</summary>
    [Parameter(Position = 0, ParameterSetName = EngineSet, HelpMessage = "Names of images, with or without a tag; wildcards are taken.")]
    [Parameter(Position = 0, ParameterSetName = PathSet, HelpMessage = "Names of images, with or without a tag; wildcards are taken.")]
    [Parameter(Position = 0, ParameterSetName = LiteralPathSet, HelpMessage = "Names of images, with or without a tag; wildcards are taken.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Layouts and archives; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "OCI layouts and archives of this computer; wildcards are expanded.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Layouts and archives, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, HelpMessage = "OCI layouts and archives of this computer, taken as they are written.")]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Only images of the engine without a name.</summary>
    [Parameter(ParameterSetName = EngineSet, HelpMessage = "Only images of the engine that have no name any more.")]
    public SwitchParameter Dangling { get; set; }

    /// <summary>Asks the registry of each name whether its tag still points at the image.</summary>
    [Parameter(HelpMessage = "Asks the registry of each name, with one HEAD, whether its tag still points at the image.")]
    public SwitchParameter Detailed { get; set; }

    // only the images listed tell which registry is the first, the one that the credential is for: then one place comes after the other
    private protected override int InputsAtOnce => Detailed.IsPresent && Credential is not null ? 1 : base.InputsAtOnce;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _patterns = PatternsOf(Name);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case PathSet:
                foreach (string pattern in Path) List(pattern, () => ExpandPath(pattern).Select(ImageLocation.FromPath));
                break;
            case LiteralPathSet:
                foreach (string path in LiteralPath) List(path, () => [ImageLocation.FromPath(ResolvePath(path))]);
                break;
            default:
                string[] paths = [.. (Name ?? []).Where(IsPath)];
                foreach (string path in paths)
                    Run(path, (_, _) => throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(path)}' is no name that an image of the engine has.", null, "Get-Image -LiteralPath lists the images of a layout or an archive."));
                if (paths.Length > 0) break;
                List("docker-daemon:", () => [ImageLocation.Engine]);
                break;
        }
    }

    private void List(string target, Func<IEnumerable<ImageLocation>> parse)
    {
        List<WildcardPattern>? patterns = _patterns;
        bool detailed = Detailed.IsPresent;
        bool dangling = Dangling.IsPresent;
        ImagePlaces opened = Places;
        bool isVerbose = IsVerbose;
        foreach (ImageLocation place in LocationsOf(target, parse))
        {
            Run(target, async (item, token) =>
            {
                LocalImages images = new(opened, new ItemLog(item, isVerbose));
                IAsyncEnumerable<LocalImage> rows = images.ListAsync(place, token).Where(row => (!dangling || row.Repository is null) && Fits(row, patterns));
                await foreach (LocalImage row in (detailed ? images.CompareAllAsync(rows, ThrottleLimit, token) : rows).ConfigureAwait(false))
                    item.Send(new PipelineMessage.Output(row));
            });
        }
    }

    private static bool IsPath(string name) => ImageLocation.TryParse(name, out ImageLocation? place) && place.Path is not null;

    private static bool Fits(LocalImage image, List<WildcardPattern>? patterns)
    {
        if (patterns is null) return true;
        if (image.Repository is null) return patterns.Exists(p => p.IsMatch(image.ImageId ?? "") || p.IsMatch(image.Tag ?? ""));
        string full = $"{image.Repository}:{image.Tag}";
        return patterns.Exists(p => p.IsMatch(image.Repository) || p.IsMatch(full) || p.IsMatch($"docker.io/library/{full}") || p.IsMatch($"docker.io/{full}"));
    }
}
