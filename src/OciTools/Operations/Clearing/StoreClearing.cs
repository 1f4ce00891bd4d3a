using OciTools.Stores;
using OciTools.Stores.Engine;
using OciTools.Stores.Layout;

namespace OciTools.Operations.Clearing;

/// <summary>Finds and removes what nothing in a layout or an engine needs.</summary>
/// <param name="places">Opens the places.</param>
/// <param name="log">Takes what stays although it might go, and why.</param>
public sealed class StoreClearing(ImagePlaces places, IOperationLog log)
{
    /// <summary>Finds out what would go. Nothing is changed.</summary>
    /// <param name="place">The layout or engine as a whole.</param>
    /// <param name="choices">What of it is wanted.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="UnsupportedException">It is no place that can be cleared (<c>UnsupportedPlace</c>).</exception>
    public async Task<ClearingPlan> PlanAsync(ImageLocation place, ClearingChoices choices, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(place);
        ArgumentNullException.ThrowIfNull(choices);
        if (place.Transport == ImageTransport.Registry)
            throw Unsupported($"{DisplayText.Excerpt(place.ToString())} is an image of a registry, whose storage only who runs it can clear.");
        if (place.Path is null ? place != ImageLocation.Engine : place.RefName is not null || place.Digest is not null || place.Position is not null) throw Unsupported($"{DisplayText.Excerpt(place.ToString())} is an image, and a place is cleared as a whole.");
        (IImageStore store, ImageLocation location) = await places.OpenAsync(place, cancellationToken).ConfigureAwait(false);
        return store switch
        {
            OciLayoutStore { Sweep: { } sweep } => await LayoutClearing.PlanAsync(sweep, location, choices, cancellationToken).ConfigureAwait(false),
            EngineStore engine => await EngineClearing.PlanAsync(engine, choices, log, cancellationToken).ConfigureAwait(false),
            _ => throw Unsupported($"'{DisplayText.Excerpt(location.ToString())}' is an archive, which is never changed."),
        };
    }

    private static OciException Unsupported(string why) => ErrorCatalogue.UnsupportedPlace.Error(why,
        recommendation: "Clear-ImageStore takes an OCI layout (oci:DIR or its path) or the engine (docker-daemon:); Remove-Image removes images from them and from registries.");
}
