using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations.Testing;

namespace OciTools.Commands;

/// <summary>Tests whether images are whole and what they say they are.</summary>
[Cmdlet(VerbsDiagnostic.Test, "Image", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageTestResult), typeof(bool))]
public sealed class TestImageCommand : PlatformImageCommand
{
    private ImageTest? _test;

    /// <summary>Asks for presence and size only.</summary>
    [Parameter(HelpMessage = "Asks the place for presence and size of each blob only, and reads none.")]
    public SwitchParameter Fast { get; set; }

    /// <summary>Gives true or false, not an object.</summary>
    [Parameter(HelpMessage = "Gives $true or $false, for conditions; an object would count as true even where the test failed.")]
    public SwitchParameter Quiet { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _test = new ImageTest(AdaptersContext.Inflate, MaximumSize, Fast.IsPresent);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _test?.Dispose();
    }

    private protected override void Reject(PipelineItem item)
    {
        if (Quiet.IsPresent) item.Send(new PipelineMessage.Output(false));
    }

    private protected override ImageWork CreateWork()
    {
        (Platform? platform, bool quiet, ImageTest test) = (WantedPlatform, Quiet.IsPresent, _test!);
        return async (inspector, image, item, token) =>
        {
            using ProgressReport progress = new(item, $"Testing {image}");
            try
            {
                ImageTestResult result = await test.RunAsync(inspector, image, platform, progress, token).ConfigureAwait(false);
                item.Send(new PipelineMessage.Output(quiet ? result.Passed : result));
            }
            catch (Exception) when (quiet && !token.IsCancellationRequested)
            {
                // could not be tested: false for the condition, and the error beside it
                item.Send(new PipelineMessage.Output(false));
                throw;
            }
        };
    }
}
