using System.Management.Automation;
using System.Text;
using OciTools.Loading;
using OciTools.Operations.Files;

namespace OciTools.Commands;

/// <summary>Gets the content of files inside an image, as <c>Get-Content</c> would give it.</summary>
[Cmdlet(VerbsCommon.Get, "ImageContent", DefaultParameterSetName = "Image")]
[OutputType(typeof(string), typeof(byte), typeof(byte[]))]
public sealed class GetImageContentCommand : PlatformImageCommand
{
    private FileContents? _contents;
    private string? _outPath;
    private bool _isOutFileTaken;

    /// <summary>The paths inside the image.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The path of the file inside the image, such as /etc/os-release; links are followed. With * or ? (within a segment) or ** all regular files that fit.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] FilePath { get; set; } = [];

    /// <summary>Paths inside the image, taken as they are written.</summary>
    [Parameter(HelpMessage = "Paths inside the image, taken as they are written.")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralFilePath { get; set; } = [];

    /// <summary>Gives the content as one string, or with -AsByteStream as one array.</summary>
    [Parameter(HelpMessage = "Gives the content of a file as one string, not as lines; with -AsByteStream as one array of bytes.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Gives bytes, not text.</summary>
    [Parameter(HelpMessage = "Gives bytes, not text.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>The encoding of the text.</summary>
    [Parameter(HelpMessage = "The encoding of the text where no byte order mark tells it; UTF-8 by default. Names as Get-Content takes them, or a code page.")]
    [EncodingName]
    [ValidateNotNull]
    public Encoding Encoding { get; set; } = Encoding.UTF8;

    /// <summary>Writes the bytes to this file.</summary>
    [Parameter(HelpMessage = "Writes the bytes to this file; for one file of one image.")]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter(HelpMessage = "Replaces an existing file.")]
    public SwitchParameter Force { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have; lifts the limits on entries and paths too. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _contents = new FileContents(AdaptersContext.Inflate, MaximumSize);
        if (OutFile is not null) _outPath = OrFailAll(() => ResolvePath(OutFile), OutFile);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _contents?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private protected override ImageWork CreateWork()
    {
        (string Path, bool IsLiteral)[] paths = [.. FilePath.Select(path => (path, false)), .. LiteralFilePath.Select(path => (path, true))];
        bool isTooMany = OutFile is not null && (_isOutFileTaken || paths.Length > 1);
        _isOutFileTaken = true;
        (Platform? platform, string? outPath, bool force, FileContents contents) = (WantedPlatform, _outPath, Force.IsPresent, _contents!);
        ContentForm form = new(AsByteStream.IsPresent, Raw.IsPresent, Encoding);
        return async (inspector, image, item, token) =>
        {
            if (paths.Length == 0)
                throw ErrorCatalogue.InvalidFilePath.Error($"No path inside {DisplayText.Excerpt(image.ToString())} was given.", recommendation: "Name the file: Get-ImageContent IMAGE /etc/os-release.");
            if (isTooMany) throw TakesOne(outPath, paths[0].Path, image);
            using ProgressReport progress = new(item, $"Reading the layers of {image}");
            foreach ((string path, bool isLiteral) in paths)
            {
                OpenedFiles opened = await contents.OpenAsync(inspector, image, platform, path, isLiteral, progress, token).ConfigureAwait(false);
                await using (opened.ConfigureAwait(false))
                {
                    if (outPath is not null && opened.Files.Count > 1) throw TakesOne(outPath, path, image);
                    foreach (FileContent file in opened.Files)
                    {
                        if (outPath is not null) await file.SaveAsync(outPath, force, token).ConfigureAwait(false);
                        else await form.SendAsync(file, item, token).ConfigureAwait(false);
                    }
                }
            }
        };
    }

    private static OciException TakesOne(string? outPath, string path, ImageLocation image) => ErrorCatalogue.FileExists.Error(
        $"'{DisplayText.Excerpt(outPath)}' takes one file; '{DisplayText.Excerpt(path)}' of {DisplayText.Excerpt(image.ToString())} was not written.",
        recommendation: "Give one image and one path with -OutFile, or use ForEach-Object with a file name for each.");
}
