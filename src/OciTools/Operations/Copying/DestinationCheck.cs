using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>Looks whether a name exists where an image is to be written, whatever it stands for.</summary>
public static class DestinationCheck
{
    /// <summary>Whether the name exists. A layout alone holds many images under no name, so that it never does.</summary>
    /// <param name="places">Opens the place.</param>
    /// <param name="destination">The name; its path, if it has one, is absolute.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public static async Task<bool> IsTakenAsync(ImagePlaces places, ImageLocation destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(places);
        ArgumentNullException.ThrowIfNull(destination);
        if (destination.Path is not null && destination is { RefName: null, Digest: null, Position: null } && !File.Exists(destination.Path)) return false;
        try
        {
            (IImageStore store, ImageLocation location) = await places.OpenDestinationAsync(destination, cancellationToken).ConfigureAwait(false);
            _ = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException e) when (e.ErrorId == ErrorCatalogue.ImageNotFound.Id || e.ErrorId == ErrorCatalogue.PathNotFound.Id)
        {
            return false;
        }
    }
}
