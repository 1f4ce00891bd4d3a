using System.Runtime.CompilerServices;
using OciTools.Stores;

namespace OciTools.Operations.Listing;

/// <summary>Lists the images of an engine, a layout or an archive, and says how they stand to their registries.</summary>
/// <param name="places">Opens the places.</param>
/// <param name="log">Takes decisions and warnings.</param>
public sealed class LocalImages(ImagePlaces places, IOperationLog log)
{
    /// <summary>The images of one place, in its order.</summary>
    /// <param name="place">Any image of the engine, or the path of the layout or archive.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is neither a layout nor an archive of images (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="UnreachableException">No engine answers (<c>EngineNotReachable</c>).</exception>
    public async IAsyncEnumerable<LocalImage> ListAsync(ImageLocation place, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IImageStore store, _) = await places.OpenAsync(place, cancellationToken).ConfigureAwait(false);
        await foreach (StoredImage image in store.ListAsync(cancellationToken).ConfigureAwait(false))
            yield return image.Engine is { } listing ? FromEngine(image, listing) : await FromContentAsync(store, image, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Compares many images with their registries, several at a time, in the order given.</summary>
    /// <param name="images">Listed images.</param>
    /// <param name="atOnce">How many registries are asked at once.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public IAsyncEnumerable<LocalImage> CompareAllAsync(IAsyncEnumerable<LocalImage> images, int atOnce, CancellationToken cancellationToken) =>
        InOrder.SelectAsync(images, atOnce, image => CompareAsync(image, cancellationToken), cancellationToken);

    /// <summary>Asks the registry of the image's name whether its tag still points at the image.</summary>
    /// <param name="image">A listed image.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The image with its state; one whose registry could not be asked has <see cref="RegistryState.Unknown"/>, and the log says why.</returns>
    public async Task<LocalImage> CompareAsync(LocalImage image, CancellationToken cancellationToken)
    {
        if (image.Repository is null || image.Tag is null || !ImageReference.TryParse($"{image.Repository}:{image.Tag}", out ImageReference? name))
            return image with { RegistryState = RegistryState.Unknown };
        if (name.Registry == "localhost") return image with { RegistryState = RegistryState.LocalOnly };
        try
        {
            ImageLocation location = ImageLocation.FromReference(name);
            (IImageStore registry, location) = await places.OpenAsync(location, cancellationToken).ConfigureAwait(false);
            Descriptor tag = (await registry.ResolveAsync(location, cancellationToken).ConfigureAwait(false)).Manifest!;
            bool isCurrent = image.Digests.Contains(tag.Digest) || await HoldsAsync(registry, registry.Child(location, tag.GetDigest()), image, cancellationToken).ConfigureAwait(false);
            return image with { RegistryDigest = tag.Digest, RegistryState = isCurrent ? RegistryState.Current : RegistryState.Behind };
        }
        catch (NotFoundException e)
        {
            log.Verbose(e.Message);
            return image with { RegistryState = RegistryState.LocalOnly };
        }
        catch (OciException e)
        {
            log.Warning($"{image.Image}: its registry could not be asked. {e.Message}");
            return image with { RegistryState = RegistryState.Unknown };
        }
    }

    // The digest of the tag is another; it may still be an index that holds this image, or a manifest with the same config.
    private static async Task<bool> HoldsAsync(IImageStore registry, ImageLocation location, LocalImage image, CancellationToken cancellationToken)
    {
        switch (await registry.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false))
        {
            case ImageManifest manifest:
                return manifest.Config.Digest == image.ImageId;
            case ImageIndex index:
                if (index.Manifests.Any(m => image.Digests.Contains(m.Digest))) return true;
                if (image.Digests.Count > 0) return false;
                foreach (Descriptor entry in index.Manifests.Where(m => !m.IsAttestation && MediaTypes.IsManifest(m.MediaType)))
                {
                    ManifestDocument child = await DocumentReading.ChildAsync(registry, location, entry, cancellationToken).ConfigureAwait(false);
                    if (child is ImageManifest own && own.Config.Digest == image.ImageId) return true;
                }

                return false;
            default:
                return false;
        }
    }

    /// <summary>The name of a repository as people write it; what is none stays as it is.</summary>
    internal static string? Familiar(string? repository) => ImageReference.TryParse(repository, out ImageReference? name) ? name.FamiliarName : repository;

    /// <summary>The bytes of the config and the layers of an image, each blob once.</summary>
    internal static long SizeOf(ImageManifest manifest) => Blobs(manifest).DistinctBy(blob => blob.Digest).Sum(blob => blob.Size);

    internal static LocalImage FromEngine(StoredImage image, EngineListing listing)
    {
        string[] digests = [.. listing.RegistryDigests.Where(claim => claim.Contains('@', StringComparison.Ordinal)).Select(claim => claim[(claim.IndexOf('@', StringComparison.Ordinal) + 1)..]).Distinct()];
        return new LocalImage
        {
            Image = image.Location.ToString(),
            Repository = Familiar(image.Repository),
            Tag = image.Tag,
            Digest = digests.Length > 0 ? digests[0] : null,
            Digests = digests,
            ImageId = listing.ImageId,
            EngineId = listing.ImageId == listing.Id ? null : listing.Id,
            Size = listing.Size,
            Created = listing.Created,
        };
    }

    private async Task<LocalImage> FromContentAsync(IImageStore store, StoredImage image, CancellationToken cancellationToken)
    {
        LocalImage row = new()
        {
            Image = image.Location.ToString(),
            Repository = Familiar(image.Repository),
            Tag = image.Tag,
            Digest = image.Manifest?.Digest,
            Digests = image.Manifest is null ? [] : [image.Manifest.Digest],
        };
        try
        {
            return await AddContentAsync(row, store, image, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e)
        {
            // one that is not whole does not hide the others
            log.Warning($"{row.Image}: only its name is known. {e.Message}");
            return row;
        }
    }

    private async Task<LocalImage> AddContentAsync(LocalImage row, IImageStore store, StoredImage image, CancellationToken cancellationToken)
    {
        if (image.Manifest is null)
        {
            UnpackedImage unpacked = await ((IUnpackedImageStore)store).InspectAsync(image.Location, cancellationToken).ConfigureAwait(false);
            return row with
            {
                ImageId = unpacked.Config.ImageId,
                Created = unpacked.Config.Created,
                Platforms = [unpacked.Config.Platform],
                Size = unpacked.StoredSize,
            };
        }

        ManifestDocument top = await store.ReadManifestAsync(image.Location, cancellationToken).ConfigureAwait(false);
        if (top is ImageManifest manifest)
        {
            ImageConfig? config = manifest.IsContainerImage ? await DocumentReading.ConfigAsync(store, image.Location, manifest, cancellationToken).ConfigureAwait(false) : null;
            return row with
            {
                ImageId = config?.ImageId,
                Created = config?.Created,
                Platforms = config is null ? [] : [config.Platform],
                Size = SizeOf(manifest),
            };
        }

        return row with { Platforms = ((ImageIndex)top).Platforms, Size = await SizeAsync(store, image.Location, (ImageIndex)top, cancellationToken).ConfigureAwait(false) };
    }

    private async Task<long?> SizeAsync(IImageStore store, ImageLocation location, ImageIndex index, CancellationToken cancellationToken)
    {
        Dictionary<string, long> blobs = new(StringComparer.Ordinal);
        try
        {
            await CollectAsync(index, 0).ConfigureAwait(false);
        }
        catch (NotFoundException e)
        {
            log.Verbose($"{index.Image} is not whole where it lies, so its size is unknown: {e.Message}");
            return null;
        }

        return blobs.Values.Sum();

        async Task CollectAsync(ImageIndex parent, int depth)
        {
            parent.RequireDepth(depth);
            foreach (Descriptor entry in parent.Manifests)
            {
                if (!blobs.TryAdd(entry.Digest, entry.Size) || !MediaTypes.IsKnownManifest(entry.MediaType)) continue;
                ManifestDocument child = await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
                if (child is ImageIndex nested) await CollectAsync(nested, depth + 1).ConfigureAwait(false);
                else foreach (Descriptor blob in Blobs((ImageManifest)child)) blobs.TryAdd(blob.Digest, blob.Size);
            }
        }
    }

    private static IEnumerable<Descriptor> Blobs(ImageManifest manifest) => manifest.Layers.Prepend(manifest.Config);
}
