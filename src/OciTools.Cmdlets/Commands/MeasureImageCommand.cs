using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations.Layers;

namespace OciTools.Commands;

/// <summary>Measures what images take together, and what each alone would free.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Image", DefaultParameterSetName = "Image")]
[OutputType(typeof(ImageMeasurement))]
public sealed class MeasureImageCommand : ImageCommand
{
    private ImageMeasuring? _measuring;
    private int _count;

    /// <summary>Measures the bytes of tars.</summary>
    [Parameter(HelpMessage = "Measures layers by the bytes of their tars, which are read for it, not as they are stored.")]
    public SwitchParameter Uncompressed { get; set; }

    /// <summary>The most bytes of tar that a layer may have.</summary>
    [Parameter(HelpMessage = "The most bytes of tar that a layer may have. By default a compressed layer over 1 GiB and 200 times its size is refused.")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _measuring = new ImageMeasuring(AdaptersContext.Inflate, MaximumSize, Uncompressed.IsPresent);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        foreach (ImageMeasurement measurement in _measuring!.Measure()) WriteObject(measurement);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _measuring?.Dispose();
    }

    private protected override ImageWork CreateWork()
    {
        (ImageMeasuring measuring, int order) = (_measuring!, _count++);
        return async (inspector, image, item, token) =>
        {
            using ProgressReport progress = new(item, $"Measuring {image}");
            await measuring.AddAsync(inspector, image, order, progress, token).ConfigureAwait(false);
        };
    }
}
