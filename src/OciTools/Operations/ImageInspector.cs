using System.Runtime.CompilerServices;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>The reading verbs: what an image is, wherever it lies. One inspector serves one caller; its places are shared.</summary>
/// <param name="places">Opens the places.</param>
/// <param name="log">Takes decisions and warnings.</param>
public sealed class ImageInspector(ImagePlaces places, IOperationLog log)
{
    private const int ChildrenAtOnce = 4;

    /// <summary>Takes decisions and warnings.</summary>
    internal IOperationLog Log => log;

    /// <summary>The manifest or index that a name points at.</summary>
    /// <param name="image">The name.</param>
    /// <param name="platform">Selects the image of an index; null keeps the index.</param>
    /// <param name="all">Adds every child of an index.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <exception cref="NotFoundException">There is no such image, none for the platform, or no manifest where it lies (<c>ImageNotFound</c>, <c>PlatformNotFound</c>, <c>NoManifest</c>).</exception>
    public async IAsyncEnumerable<ManifestDocument> ManifestsAsync(ImageLocation image, Platform? platform, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        ManifestDocument top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        if (platform is not null) (top, _) = await ForPlatformAsync(store, location, top, platform, cancellationToken).ConfigureAwait(false);
        yield return top;
        if (!all) yield break;
        await foreach (ManifestDocument child in ChildrenAsync(store, location, top, [top.Digest], 0, cancellationToken).ConfigureAwait(false)) yield return child;
    }

    /// <summary>The digest that a name stands for, with as little traffic as the place allows.</summary>
    /// <param name="image">The name.</param>
    /// <param name="platform">Selects the image of an index; null keeps the index.</param>
    /// <param name="detailed">Adds the image id, and one digest per platform of an index.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <exception cref="NotFoundException">There is no such image, or none for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    public async IAsyncEnumerable<ImageDigest> DigestsAsync(ImageLocation image, Platform? platform, bool detailed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        if ((platform is null && !detailed) || store is IUnpackedImageStore)
        {
            StoredImage found = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
            location = found.Location;
            if (found.Manifest is null)
            {
                OpenedImage unpacked = await OpenUnpackedAsync((IUnpackedImageStore)store, location, platform, cancellationToken).ConfigureAwait(false);
                foreach (ImageDigest digest in ClaimedDigests(unpacked)) yield return digest;
                yield break;
            }

            if (platform is null && !detailed)
            {
                yield return new ImageDigest
                {
                    Image = location.ToString(),
                    Digest = found.Manifest.Digest,
                    MediaType = found.Manifest.MediaType,
                    Size = found.Manifest.Size < 0 ? null : found.Manifest.Size,
                };
                yield break;
            }
        }

        ManifestDocument top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        Platform? stated = null;
        if (platform is not null) (top, stated) = await ForPlatformAsync(store, location, top, platform, cancellationToken).ConfigureAwait(false);
        if (top is ImageManifest manifest)
        {
            yield return await DescribeAsync(store, store.Child(location, manifest.GetDigest()), manifest, stated, detailed || platform is not null, cancellationToken).ConfigureAwait(false);
            yield break;
        }

        ImageIndex index = (ImageIndex)top;
        yield return new ImageDigest { Image = index.Image, Digest = index.Digest, MediaType = index.MediaType, Size = index.Size };
        List<PlatformChoice.Candidate> children = await new PlatformChoice(store, location, log).ExpandAsync(index, cancellationToken).ConfigureAwait(false);
        IAsyncEnumerable<ImageDigest> described = InOrder.SelectAsync(children.ToAsyncEnumerable(), ChildrenAtOnce, child => DescribeAsync(store, location, child, cancellationToken), cancellationToken);
        await foreach (ImageDigest digest in described.ConfigureAwait(false)) yield return digest;
    }

    /// <summary>The config of the image.</summary>
    /// <param name="image">The name.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <exception cref="NotFoundException">There is no such image, or none for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is an artifact and no container image (<c>NotAnImage</c>).</exception>
    public async Task<ImageConfig> ConfigAsync(ImageLocation image, Platform? platform, CancellationToken cancellationToken)
    {
        OpenedImage opened = await OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        return await opened.ConfigAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The rows of the history, the newest first.</summary>
    /// <param name="image">The name.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <exception cref="NotFoundException">There is no such image, or none for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is an artifact and no container image (<c>NotAnImage</c>).</exception>
    public async Task<IReadOnlyList<ImageHistoryEntry>> HistoryAsync(ImageLocation image, Platform? platform, CancellationToken cancellationToken)
    {
        OpenedImage opened = await OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        JoinedHistory history = await HistoryReading.ReadAsync(opened, cancellationToken).ConfigureAwait(false);
        if (history.Warning is not null) log.Warning(history.Warning);
        return history.Rows;
    }

    /// <summary>The layers, the lowest first.</summary>
    /// <param name="image">The name.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <exception cref="NotFoundException">There is no such image, or none for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    public async Task<IReadOnlyList<ImageLayer>> LayersAsync(ImageLocation image, Platform? platform, CancellationToken cancellationToken)
    {
        OpenedImage opened = await OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        return await opened.LayersAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the image for one platform.</summary>
    internal async Task<OpenedImage> OpenAsync(ImageLocation image, Platform? platform, CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location, OpenedImage? unpacked) = await FindAsync(image, platform, cancellationToken).ConfigureAwait(false);
        if (unpacked is not null) return unpacked;
        ManifestDocument top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        (ImageManifest manifest, Platform? stated) = await ForPlatformAsync(store, location, top, platform, cancellationToken).ConfigureAwait(false);
        return new OpenedImage(store, top is ImageIndex ? store.Child(location, manifest.GetDigest()) : location, manifest, stated, log);
    }

    /// <summary>Opens the place of an image.</summary>
    internal Task<(IImageStore Store, ImageLocation Location)> OpenPlaceAsync(ImageLocation image, CancellationToken cancellationToken) => places.OpenAsync(image, cancellationToken);

    /// <summary>Finds the place of an image, its name there, and the image itself where the place keeps it without a manifest.</summary>
    internal async Task<(IImageStore Store, ImageLocation Location, OpenedImage? Unpacked)> FindAsync(ImageLocation image, Platform? platform, CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        if (store is not IUnpackedImageStore unpackedStore) return (store, location, null);
        StoredImage found = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        OpenedImage? unpacked = found.Manifest is null ? await OpenUnpackedAsync(unpackedStore, found.Location, platform, cancellationToken).ConfigureAwait(false) : null;
        return (store, found.Location, unpacked);
    }

    private async Task<OpenedImage> OpenUnpackedAsync(IUnpackedImageStore store, ImageLocation location, Platform? platform, CancellationToken cancellationToken)
    {
        UnpackedImage unpacked = await store.InspectAsync(location, cancellationToken).ConfigureAwait(false);
        CheckPlatform(unpacked.Config, platform);
        return new OpenedImage(store, unpacked, log);
    }

    private async Task<(ImageManifest Manifest, Platform? Stated)> ForPlatformAsync(IImageStore store, ImageLocation location, ManifestDocument top, Platform? platform, CancellationToken cancellationToken)
    {
        if (top is ImageManifest single)
        {
            if (platform is not null && single.IsContainerImage)
                CheckPlatform(await DocumentReading.ConfigAsync(store, location, single, cancellationToken).ConfigureAwait(false), platform);
            return (single, null);
        }

        Descriptor entry = await new PlatformChoice(store, location, log).ChooseAsync((ImageIndex)top, platform, cancellationToken).ConfigureAwait(false);
        return (await DocumentReading.ImageAsync(store, location, entry, cancellationToken).ConfigureAwait(false), entry.GetPlatform());
    }

    private static void CheckPlatform(ImageConfig config, Platform? platform)
    {
        if (platform is null || platform.Matches(config.GetPlatform())) return;
        throw ErrorCatalogue.PlatformNotFound.Error($"{DisplayText.Excerpt(config.Image)} has no image for {platform}; it has: {DisplayText.Excerpt(config.Platform, 100)}.");
    }

    private async IAsyncEnumerable<ManifestDocument> ChildrenAsync(IImageStore store, ImageLocation location, ManifestDocument parent, HashSet<string> seen, int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (parent is not ImageIndex index) yield break;
        index.RequireDepth(depth);
        foreach (Descriptor entry in index.Manifests)
        {
            if (!MediaTypes.IsKnownManifest(entry.MediaType) || !seen.Add(entry.Digest)) continue;
            ManifestDocument child;
            try
            {
                child = await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
            }
            catch (NotFoundException e)
            {
                // mirrors keep indexes of which they hold some platforms only
                log.Warning($"{index.Image}: the child {entry.Digest} is not there. {e.Message}");
                continue;
            }

            yield return child;
            await foreach (ManifestDocument below in ChildrenAsync(store, location, child, seen, depth + 1, cancellationToken).ConfigureAwait(false)) yield return below;
        }
    }

    private static IEnumerable<ImageDigest> ClaimedDigests(OpenedImage image)
    {
        ImageConfig config = image.Unpacked!.Config;
        ImageDigest digest = new() { Image = image.Name, ImageId = config.ImageId, Platform = config.Platform };
        if (config.RegistryDigests.Count == 0) return [digest];
        return config.RegistryDigests.Select(claim => digest with { RegistryDigest = claim, Digest = claim[(claim.IndexOf('@', StringComparison.Ordinal) + 1)..] });
    }

    private static async Task<ImageDigest> DescribeAsync(IImageStore store, ImageLocation location, ImageManifest manifest, Platform? platform, bool detailed, CancellationToken cancellationToken)
    {
        if (detailed && platform is null && manifest.IsContainerImage)
            platform = (await DocumentReading.ConfigAsync(store, location, manifest, cancellationToken).ConfigureAwait(false)).GetPlatform();
        return new ImageDigest
        {
            Image = manifest.Image,
            Digest = manifest.Digest,
            MediaType = manifest.MediaType,
            Size = manifest.Size,
            Platform = platform?.ToString(),
            ImageId = manifest.IsContainerImage ? manifest.Config.Digest : null,
        };
    }

    private async Task<ImageDigest> DescribeAsync(IImageStore store, ImageLocation location, PlatformChoice.Candidate child, CancellationToken cancellationToken)
    {
        Descriptor entry = child.Descriptor;
        ImageLocation name = store.Child(location, entry.GetDigest());
        ImageManifest manifest;
        try
        {
            manifest = await DocumentReading.ImageAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e)
        {
            // mirrors keep indexes of which they hold some platforms only
            log.Warning($"{name}: only what the index says is known. {e.Message}");
            return new ImageDigest { Image = name.ToString(), Digest = entry.Digest, MediaType = entry.MediaType, Size = entry.Size, Platform = child.Platform?.ToString() };
        }

        return await DescribeAsync(store, name, manifest, child.Platform, detailed: true, cancellationToken).ConfigureAwait(false);
    }
}
