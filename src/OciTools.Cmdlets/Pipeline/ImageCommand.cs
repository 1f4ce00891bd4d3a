using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations;
using OciTools.Operations.Copying;

namespace OciTools.Commands;

/// <summary>The base of cmdlets that take images from anywhere, by name or as files, many at a time.</summary>
public abstract class ImageCommand : PlaceCommand
{
    private const string ImageSet = "Image";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private protected ImageCommand()
    {
    }

    /// <summary>The images.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet,
        HelpMessage = "The image: a registry name, docker-daemon:NAME, oci:DIR:REF, oci-archive:FILE, docker-archive:FILE, or a path that starts with ./, ../, / or ~/.")]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>Files and directories of this computer that hold images; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "Files and directories of this computer that hold images; wildcards are expanded.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files and directories of this computer that hold images, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, HelpMessage = "Files and directories of this computer that hold images, taken as they are written.")]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ImageInput input in Inputs()) RunEach(input);
    }

    /// <summary>What the user or the pipeline has given now.</summary>
    private protected IEnumerable<ImageInput> Inputs() => ParameterSetName switch
    {
        PathSet => Path.Select(pattern => new ImageInput(pattern, () => ExpandPath(pattern).Select(ImageLocation.FromPath))),
        LiteralPathSet => LiteralPath.Select(path => new ImageInput(path, () => [ImageLocation.FromPath(ResolvePath(path))])),
        _ => Image.Select(image => new ImageInput(image, () => [ParseLocation(image)])),
    };

    /// <summary>
    /// The work for one image: one operation whose results are sent on. It is made on the pipeline thread and must not look at parameters
    /// later, since the next input changes those that are bound from the pipeline.
    /// </summary>
    private protected abstract ImageWork CreateWork();

    /// <summary>Says what a cmdlet gives beside the error for an input that names no image.</summary>
    private protected virtual void Reject(PipelineItem item)
    {
    }

    /// <summary>Whether the work asks the user before it acts.</summary>
    private protected virtual bool Asks => false;

    /// <summary>Asks whether names may be taken from what they stand for. Where nobody can be asked, that they are taken is an error.</summary>
    private protected static async Task<bool> AgreeAsync(PipelineItem item, IReadOnlyList<NameConflict> conflicts, string action, CancellationToken cancellationToken)
    {
        foreach (NameConflict conflict in conflicts)
        {
            try
            {
                if (!await item.AskAsync(conflict.Question, action, cancellationToken, QuestionKind.Consequence).ConfigureAwait(false)) return false;
            }
            catch (RefusedException e) when (e.ErrorId == ErrorCatalogue.ConfirmationNeeded.Id)
            {
                throw conflict.ToError();
            }

            conflict.Agree();
        }

        return true;
    }

    /// <summary>The same, where the credential may go there; checked before any work starts, and in the order of the input.</summary>
    private protected ImageLocation CheckedPlace(ImageLocation location)
    {
        Places.Check(location);
        return location;
    }

    /// <summary>Starts the work for each image that an input stands for.</summary>
    private protected void RunEach(ImageInput input)
    {
        (string target, Func<IEnumerable<ImageLocation>> parse) = input;
        foreach (ImageLocation location in LocationsOf(target, () => parse().Select(CheckedPlace), Reject))
        {
            ImagePlaces places = Places;
            bool isVerbose = IsVerbose;
            ImageWork work = CreateWork();
            bool isName = ParameterSetName == ImageSet;
            Run(target, async (item, token) =>
            {
                await work(new ImageInspector(places, new ItemLog(item, isVerbose)), location, item, token).ConfigureAwait(false);
                if (isName) KnownNames.Use(target);
            }, Asks);
        }
    }
}

/// <summary>What a user gives to name images.</summary>
/// <param name="Text">The text as it was given.</param>
/// <param name="Parse">Makes images of it, or throws.</param>
internal readonly record struct ImageInput(string Text, Func<IEnumerable<ImageLocation>> Parse);
