using OciTools.Layers;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>A layer that a registry has as a blob.</summary>
/// <param name="Blob">Media type, digest and size.</param>
/// <param name="Store">The registry.</param>
/// <param name="Location">The image there that has it.</param>
internal sealed record RegistryLayer(Descriptor Blob, IImageStore Store, ImageLocation Location);

/// <summary>
/// What the registry that an image goes to has of it already: the manifests are looked through that the registry digests name under which
/// the engine got the image or pushed it. The digest covers each of them, and the engine proved their layers then.
/// </summary>
internal sealed class KnownLayers
{
    private const int DigestsAtMost = 16;

    /// <summary>The layers by their diff ids.</summary>
    internal Dictionary<string, RegistryLayer> ByDiffId { get; } = new(StringComparer.Ordinal);

    /// <summary>The manifest that has exactly this config, and where it lies; null for none.</summary>
    internal (IImageStore Store, ImageLocation Location, ImageManifest Manifest)? Whole { get; private set; }

    /// <summary>Looks for them.</summary>
    /// <param name="places">Opens the registry.</param>
    /// <param name="config">The config as the engine tells it.</param>
    /// <param name="destination">Where the image goes.</param>
    /// <param name="log">Takes what was not found.</param>
    /// <param name="cancellationToken">Stops the looking.</param>
    internal static async Task<KnownLayers> FindAsync(ImagePlaces places, ImageConfig config, ImageLocation destination, IOperationLog log, CancellationToken cancellationToken)
    {
        KnownLayers known = new();
        if (destination.Reference is not { } target || destination.Transport != ImageTransport.Registry) return known;
        foreach (string name in config.RegistryDigests.Take(DigestsAtMost))
        {
            if (!ImageReference.TryParse(name, out ImageReference? reference) || reference.Registry != target.Registry || reference.Digest is null) continue;
            try
            {
                await known.LookAsync(places, ImageLocation.FromReference(reference), config, cancellationToken).ConfigureAwait(false);
            }
            catch (IntegrityException e)
            {
                // the copy can do without it; whoever runs the registry should know
                log.Warning($"{DisplayText.Excerpt(name)}, which the engine names, is damaged in its registry, and its layers are sent anew. {e.Message}");
            }
            catch (Exception e) when (e is NotFoundException or AccessException or MalformedException or UnsupportedException)
            {
                log.Verbose($"{DisplayText.Excerpt(name)}, which the engine names, tells nothing of the layers: {e.Message}");
            }

            if (known.Whole is not null) break;
        }

        return known;
    }

    private async Task LookAsync(ImagePlaces places, ImageLocation image, ImageConfig config, CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await places.OpenDestinationAsync(image, cancellationToken).ConfigureAwait(false);
        ManifestDocument document = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        if (document is ImageIndex index)
        {
            foreach (Descriptor entry in index.Manifests.Where(entry => entry.GetPlatform() is { } platform && platform.IsSameArchitecture(config.GetPlatform())))
                await AddAsync(store, location, await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false), config, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await AddAsync(store, location, document, config, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AddAsync(IImageStore store, ImageLocation location, ManifestDocument document, ImageConfig config, CancellationToken cancellationToken)
    {
        if (document is not ImageManifest { IsContainerImage: true } manifest) return;
        ImageLocation name = store.Child(location, manifest.GetDigest());
        IReadOnlyList<string> diffIds = manifest.Config.Digest == config.ImageId
            ? config.DiffIds
            : (await DocumentReading.ConfigAsync(store, name, manifest, cancellationToken).ConfigureAwait(false)).DiffIds;
        if (diffIds.Count != manifest.Layers.Count) return;
        if (manifest.Config.Digest == config.ImageId) Whole = (store, name, manifest);
        for (int i = 0; i < diffIds.Count; i++)
        {
            Descriptor layer = manifest.Layers[i];
            if (MediaTypes.IsNonDistributable(layer.MediaType) || !config.DiffIds.Contains(diffIds[i])) continue;
            ByDiffId.TryAdd(diffIds[i], new RegistryLayer(new Descriptor(OciTypeOf(layer.MediaType), layer.GetDigest(), layer.Size), store, name));
        }
    }

    // the manifest that is made is one of OCI, and so are its parts
    private static string OciTypeOf(string mediaType) => MediaTypes.CompressionOf(mediaType) switch
    {
        LayerCompression.Gzip => MediaTypes.OciLayerGzip,
        LayerCompression.Zstd => MediaTypes.OciLayerZstd,
        _ => MediaTypes.OciLayer,
    };
}
