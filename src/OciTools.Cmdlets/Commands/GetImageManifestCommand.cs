using System.Management.Automation;
using System.Text;
using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>Gets the manifest or index that the name of an image points at.</summary>
[Cmdlet(VerbsCommon.Get, "ImageManifest", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageManifest), typeof(ImageIndex), typeof(string))]
public sealed class GetImageManifestCommand : PlatformImageCommand
{
    private string? _outPath;
    private bool _isOutFileTaken;

    /// <summary>Adds every child of an index.</summary>
    [Parameter(HelpMessage = "Adds the manifest of every child of an index.")]
    public SwitchParameter All { get; set; }

    /// <summary>Gives the exact bytes as text.</summary>
    [Parameter(HelpMessage = "Gives the exact bytes as text, not an object.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Writes the exact bytes to this file.</summary>
    [Parameter(HelpMessage = "Writes the exact bytes to this file; for one image.")]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter(HelpMessage = "Replaces an existing file.")]
    public SwitchParameter Force { get; set; }

    private protected override ImageWork CreateWork()
    {
        // decided in the order of the input, whatever image is found first
        bool isTooMany = OutFile is not null && (_isOutFileTaken || All.IsPresent);
        _isOutFileTaken = true;
        (Platform? platform, bool all, bool raw, bool force, string? outPath) = (WantedPlatform, All.IsPresent, Raw.IsPresent, Force.IsPresent, _outPath);
        return async (inspector, image, item, token) =>
        {
            if (isTooMany)
                throw ErrorCatalogue.FileExists.Error($"'{DisplayText.Excerpt(outPath)}' takes one document; {DisplayText.Excerpt(image.ToString())} was not written.",
                    recommendation: "Give one image and no -All with -OutFile, or use ForEach-Object with a file name for each.");
            await foreach (ManifestDocument document in inspector.ManifestsAsync(image, platform, all, token).ConfigureAwait(false))
            {
                if (outPath is not null) await AtomicFile.WriteAsync(outPath, document.GetBytes(), force, token).ConfigureAwait(false);
                if (raw) item.Send(new PipelineMessage.Output(Encoding.UTF8.GetString(document.GetBytes())));
                else if (outPath is null) item.Send(new PipelineMessage.Output(document));
            }
        };
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (OutFile is not null) _outPath = OrFailAll(() => ResolvePath(OutFile), OutFile);
    }
}
