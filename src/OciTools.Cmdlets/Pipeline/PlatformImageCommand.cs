using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations.Layers;

namespace OciTools.Commands;

/// <summary>The base of image cmdlets that select a platform.</summary>
public abstract class PlatformImageCommand : ImageCommand
{
    private protected PlatformImageCommand()
    {
    }

    /// <summary>The platform to select from an index.</summary>
    [Parameter(HelpMessage = "The platform to select from an index: linux/arm64/v8, windows/amd64:10.0.20348.1.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    private protected Platform? WantedPlatform { get; private set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Platform is not null) WantedPlatform = OrFailAll(() => OciTools.Platform.Parse(Platform), Platform);
    }

    /// <summary>
    /// The layers that are named, to be read by the work, so that a bad name is an error of its input alone. An object from the pipeline
    /// whose Layer is null means none, not all.
    /// </summary>
    private protected Func<LayerSelection> SelectionOf(string[]? layers, string parameter)
    {
        bool isNone = layers is null && MyInvocation.BoundParameters.ContainsKey(parameter);
        return () => isNone ? LayerSelection.None : LayerSelection.Parse(layers);
    }
}
