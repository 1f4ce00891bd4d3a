using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations;
using OciTools.Operations.Listing;

namespace OciTools.Commands;

/// <summary>Lists the repositories of a registry.</summary>
[Cmdlet(VerbsCommon.Get, "ImageRepository")]
[OutputType(typeof(ImageRepository))]
public sealed class GetImageRepositoryCommand : PlaceCommand
{
    private List<WildcardPattern>? _patterns;

    /// <summary>The registries.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The host of the registry, with its port where it is not the usual one: localhost:5000, registry.example.com.")]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    public string[] Registry { get; set; } = [];

    /// <summary>Repositories; wildcards are taken.</summary>
    [Parameter(Position = 1, HelpMessage = "Only these repositories; wildcards are taken, upper and lower case are the same.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _patterns = PatternsOf(Name);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        (ImagePlaces places, bool isVerbose, List<WildcardPattern>? patterns) = (Places, IsVerbose, _patterns);
        foreach (string registry in Registry)
        {
            if (!Prepare(registry, () => RegistryCatalog.Check(places, registry))) continue;
            Run(registry, async (item, token) =>
            {
                RegistryCatalog catalog = new(places, new ItemLog(item, isVerbose));
                await foreach (ImageRepository found in catalog.ListAsync(registry, token).ConfigureAwait(false))
                {
                    if (patterns?.Exists(pattern => pattern.IsMatch(found.Repository) || pattern.IsMatch(found.Image)) != false)
                        await item.SendAsync(new PipelineMessage.Output(found), token).ConfigureAwait(false);
                }
            });
        }
    }
}
