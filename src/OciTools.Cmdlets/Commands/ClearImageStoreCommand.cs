using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Operations.Clearing;
using OciTools.Stores.Registry;

namespace OciTools.Commands;

/// <summary>Removes what nothing in a layout or in the engine needs.</summary>
[Cmdlet(VerbsCommon.Clear, "ImageStore", DefaultParameterSetName = StoreSet, SupportsShouldProcess = true)]
[OutputType(typeof(RemovedImage))]
public sealed class ClearImageStoreCommand : PumpCommand
{
    private const string StoreSet = "Store";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string Engine = "docker-daemon:";

    private ClearingFilter? _filter;
    private ImagePlaces? _places;

    /// <summary>The layouts, or the engine.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = StoreSet,
        HelpMessage = "What is cleared: oci:DIR for an OCI layout, docker-daemon: for the local engine.")]
    [AllowEmptyString]
    public string[] Store { get; set; } = [];

    /// <summary>Layout directories of this computer; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "OCI layout directories of this computer; wildcards are expanded.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Layout directories of this computer, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, HelpMessage = "OCI layout directories of this computer, taken as they are written.")]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Takes images with a name too.</summary>
    [Parameter(HelpMessage = "In an engine also images that have a name, where no container was made from them, and build cache that images share.")]
    public SwitchParameter All { get; set; }

    /// <summary>Leaves what is younger.</summary>
    [Parameter(HelpMessage = "Only what is older: images by the time they were made, build cache by its last use, files of a layout by the time they were written.")]
    public TimeSpan? OlderThan { get; set; }

    /// <summary>Conditions.</summary>
    [Parameter(HelpMessage = "Only what fits: kind=Blob, reference=PATTERN, label=KEY, label=KEY=VALUE; != instead of = leaves out what fits.")]
    [ValidateNotNullOrEmpty]
    public string[]? Filter { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _filter = OrFailAll(() => ClearingFilter.Parse(Filter ?? []), Filter ?? []);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case PathSet:
                foreach (string pattern in Path) Clear(pattern, () => ProviderPaths.Expand(SessionState, pattern).Select(ImageLocation.FromPath));
                break;
            case LiteralPathSet:
                foreach (string path in LiteralPath) Clear(path, () => [ImageLocation.FromPath(ProviderPaths.Resolve(SessionState, path))]);
                break;
            default:
                foreach (string store in Store) Clear(store, () => [store == Engine ? ImageLocation.Engine : ProviderPaths.Parse(SessionState, store)]);
                break;
        }
    }

    private void Clear(string target, Func<IEnumerable<ImageLocation>> parse)
    {
        // no registry is asked, so there is nothing to say about how one is reached
        ImagePlaces places = _places ??= new ImagePlaces(new StoreOpener(() => AdaptersContext.Adapters, new RegistryAccess()));
        (bool isVerbose, ClearingChoices choices) = (IsVerbose, new ClearingChoices(All.IsPresent, OlderThan, _filter!));
        foreach (ImageLocation place in LocationsOf(target, parse))
        {
            Run(target, async (item, token) =>
            {
                ClearingPlan plan = await new StoreClearing(places, new ItemLog(item, isVerbose)).PlanAsync(place, choices, token).ConfigureAwait(false);
                List<int> approved = [];
                for (int i = 0; i < plan.Items.Count; i++)
                    if (await item.AskAsync(ClearingPlan.Describe(plan.Items[i]), "Clear image store", token).ConfigureAwait(false)) approved.Add(i);
                item.IsPastQuestions = true;
                await plan.RunAsync(approved, removed => item.Send(new PipelineMessage.Output(removed)), (kept, error) => item.Send(new PipelineMessage.Failure(error, kept)), token).ConfigureAwait(false);
            }, asks: true);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _places?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
