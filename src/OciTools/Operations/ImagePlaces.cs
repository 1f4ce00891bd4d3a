using System.Collections.Concurrent;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>The places that one command works with: each is opened once, used by all its images, and closed at the end.</summary>
public sealed class ImagePlaces : IAsyncDisposable
{
    private readonly IStoreOpener _opener;
    private readonly ImagePlaces? _destinations;
    private readonly ConcurrentDictionary<string, Lazy<Task<OpenPlace>>> _open = new(StringComparer.Ordinal);

    /// <param name="opener">Opens a place that is not open yet.</param>
    /// <param name="destinations">Opens registries that images are written to, where they are reached in another way; null for the same.</param>
    public ImagePlaces(IStoreOpener opener, IStoreOpener? destinations = null)
    {
        _opener = opener;
        if (destinations is not null) _destinations = new ImagePlaces(destinations);
    }

    /// <summary>Says which image comes next, so that a credential is for the registry of the first one, whichever is opened first.</summary>
    /// <param name="image">The image.</param>
    /// <exception cref="RefusedException">It lies in another registry than the credentials are for (<c>CredentialForOtherRegistry</c>).</exception>
    public void Check(ImageLocation image) => _opener.Check(image);

    /// <summary>Opens the place of an image.</summary>
    /// <param name="image">The image; its path, if it has one, is absolute.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <returns>The store, and the name of the image there: a path alone has got its transport.</returns>
    /// <exception cref="RefusedException">The image lies in another registry than the credentials are for (<c>CredentialForOtherRegistry</c>).</exception>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is neither a layout nor an archive of images (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="UnreachableException">No engine answers (<c>EngineNotReachable</c>).</exception>
    public async Task<(IImageStore Store, ImageLocation Location)> OpenAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        _opener.Check(image);
        string key = image.Transport switch
        {
            ImageTransport.Registry => image.Reference!.Registry,
            ImageTransport.DockerDaemon => "docker-daemon:",
            _ => $"{image.Transport}:{image.Path}",
        };
        Lazy<Task<OpenPlace>> place = _open.GetOrAdd(key, _ => new Lazy<Task<OpenPlace>>(() => _opener.OpenAsync(image, cancellationToken)));
        OpenPlace opened;
        try
        {
            opened = await place.Value.ConfigureAwait(false);
        }
        catch
        {
            // a failure is not remembered: another image may find the place in order
            _open.TryRemove(new(key, place));
            throw;
        }

        return (opened.Store, image.Path is null ? image : image.WithTransport(opened.Transport));
    }

    /// <summary>Opens the place that an image is to be written to, to see what is there.</summary>
    /// <param name="image">The name to be; its path, if it has one, is absolute.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is neither a layout nor an archive of images (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="UnreachableException">No engine answers (<c>EngineNotReachable</c>).</exception>
    public Task<(IImageStore Store, ImageLocation Location)> OpenDestinationAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);

        // files are the same from both sides, and what was written there is found
        return (image.Transport == ImageTransport.Registry ? _destinations ?? this : this).OpenAsync(image, cancellationToken);
    }

    /// <summary>Opens the place that an image is written to; a layout is made where there is none.</summary>
    /// <param name="image">The name to be; its path, if it has one, is absolute.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="UnsupportedException">Nothing is written there (<c>UnsupportedPlace</c>).</exception>
    public async Task<(IImageTarget Store, ImageLocation Location)> OpenTargetAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Transport is not (ImageTransport.Registry or ImageTransport.Oci or ImageTransport.Path)) throw NotWritten(image);
        bool isLayout = image.Transport == ImageTransport.Oci || (image.Transport == ImageTransport.Path && !File.Exists(image.Path));
        if (isLayout)
        {
            ImageLocation location = image.WithTransport(ImageTransport.Oci);

            // the same as for reading, so that what was written is found
            Lazy<Task<OpenPlace>> place = _open.GetOrAdd($"{location.Transport}:{location.Path}",
                _ => new(() => Task.FromResult(new OpenPlace(Stores.Layout.OciLayoutStore.OpenTarget(location.Path!), ImageTransport.Oci))));
            return ((IImageTarget)(await place.Value.ConfigureAwait(false)).Store, location);
        }

        (IImageStore store, ImageLocation found) = await OpenDestinationAsync(image, cancellationToken).ConfigureAwait(false);
        return store is IImageTarget target && found.Transport == ImageTransport.Registry
            ? (target, found)
            : throw NotWritten(image);
    }

    private static OciException NotWritten(ImageLocation image) => ErrorCatalogue.UnsupportedPlace.Error($"Nothing is written to '{DisplayText.Excerpt(image.ToString())}' in this way.",
        recommendation: "Name a registry or a layout directory (oci:DIR:NAME). Copy-Image also writes new archives (oci-archive:FILE, docker-archive:FILE) and to engines (docker-daemon:NAME).");

    /// <summary>Closes all places.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<OpenPlace>> place in _open.Values)
            if (place is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await place.Value.Result.Store.DisposeAsync().ConfigureAwait(false);
        _open.Clear();
        if (_destinations is not null) await _destinations.DisposeAsync().ConfigureAwait(false);
    }
}
