using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>
/// Copies images between places: from any to any. Where both keep manifests, byte for byte, so that every digest stays: blobs first, then
/// manifests, then the indexes above them, the name at the end. What the destination has is not sent.
/// </summary>
/// <param name="places">Opens the places.</param>
/// <param name="inflateZstd">Inflates zstd: all frames; a stream cut short throws.</param>
public sealed class ImageCopy(ImagePlaces places, Func<Stream, Stream> inflateZstd) : IDisposable
{
    private readonly BlobQueue _queue = new();

    /// <summary>Finds out what would be copied.</summary>
    /// <param name="inspector">Opens images of the same places.</param>
    /// <param name="image">The image.</param>
    /// <param name="destination">The name that it gets.</param>
    /// <param name="options">What is copied, and how.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="ConflictException">The archive is there (<c>FileExists</c>).</exception>
    /// <exception cref="UnsupportedException">Nothing is read from there, or written there (<c>UnsupportedPlace</c>).</exception>
    public async Task<CopyPlan> PlanAsync(ImageInspector inspector, ImageLocation image, ImageLocation destination, CopyOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        CopyPlan plan = await PlanImageAsync(inspector, image, destination, options, cancellationToken).ConfigureAwait(false);
        if (options.IncludeReferrers) plan = await new ReferrerCopy(places, options.Replace, inspector.Log).AddAsync(plan, cancellationToken).ConfigureAwait(false);
        if (options.ListsMissing && plan is ManifestCopy { IsThere: false } copy) await copy.ListMissingAsync(cancellationToken).ConfigureAwait(false);
        return plan;
    }

    private async Task<CopyPlan> PlanImageAsync(ImageInspector inspector, ImageLocation image, ImageLocation destination, CopyOptions options, CancellationToken cancellationToken)
    {
        Platform? platform = options.Platform;
        if (destination.Transport is ImageTransport.DockerDaemon or ImageTransport.DockerArchive)
            return await new PackedPlanning(places, inflateZstd).PlanAsync(inspector, image, destination, options, cancellationToken).ConfigureAwait(false);
        if (options.UseEngine) throw PackedPlanning.NoEnginePull(image, destination);
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        CopyDestination target = await CopyDestination.OpenAsync(places, destination, options.Replace, _queue, cancellationToken).ConfigureAwait(false);

        // where nothing has the name, a registry is asked for the manifest at once and not for its digest before
        ManifestDocument? document = target.Current is null && location.Transport == ImageTransport.Registry
            ? await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false)
            : null;
        StoredImage found = document is null ? await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false) : new StoredImage(location, document.ToDescriptor());
        if (found.Manifest is null)
        {
            OpenedImage unpacked = await inspector.OpenAsync(found.Location, platform, cancellationToken).ConfigureAwait(false);
            ImageConfig config = await unpacked.ConfigAsync(cancellationToken).ConfigureAwait(false);
            if (config.EngineId is null) return await PlanUnpackedAsync(unpacked, config, target, cancellationToken).ConfigureAwait(false);

            // containerd's store exports the manifest as well
            store = await ((IUnpackedImageStore)store).ExportAsync(found.Location, cancellationToken).ConfigureAwait(false);
            found = await store.ResolveAsync(found.Location, cancellationToken).ConfigureAwait(false);
            if (found.Manifest is null) return await PlanUnpackedAsync(unpacked, config, target, cancellationToken).ConfigureAwait(false);
            platform = null;
        }

        Descriptor top = found.Manifest;
        if (platform is null && target.Current == top.GetDigest()) return new ManifestCopy(store, found.Location, target, top, []) { IsThere = true };

        document ??= await store.ReadManifestAsync(found.Location, cancellationToken).ConfigureAwait(false);
        if (platform is not null && document is ImageIndex index)
        {
            Descriptor entry = await new PlatformChoice(store, found.Location, inspector.Log).ChooseAsync(index, platform, cancellationToken).ConfigureAwait(false);
            document = await DocumentReading.ChildAsync(store, found.Location, entry, cancellationToken).ConfigureAwait(false);
        }
        else if (platform is not null)
        {
            _ = await inspector.OpenAsync(found.Location, platform, cancellationToken).ConfigureAwait(false);
        }

        ImageLocation source = document.GetDigest() == top.GetDigest() ? found.Location : store.Child(found.Location, document.GetDigest());
        return await PlanAsync(store, source, document, target, cancellationToken).ConfigureAwait(false);
    }

    // a document that is read already
    private static async Task<ManifestCopy> PlanAsync(IImageStore store, ImageLocation source, ManifestDocument document, CopyDestination target, CancellationToken cancellationToken)
    {
        Descriptor top = document.ToDescriptor();
        if (target.Current == document.GetDigest()) return new ManifestCopy(store, source, target, top, []) { IsThere = true };
        target.RequireDigest(source, document.GetDigest());

        List<ManifestDocument> documents = await WithChildrenAsync(store, source, document, cancellationToken).ConfigureAwait(false);
        return new ManifestCopy(store, source, target, top, documents) { Replaced = target.Current?.ToString(), Conflicts = target.ConflictsWith(document.Digest) };
    }

    private async Task<CopyPlan> PlanUnpackedAsync(OpenedImage image, ImageConfig config, CopyDestination target, CancellationToken cancellationToken)
    {
        KnownLayers known = await KnownLayers.FindAsync(places, config, target.Name, image.Log, cancellationToken).ConfigureAwait(false);
        if (known.Whole is var (store, location, manifest)) return await PlanAsync(store, location, manifest, target, cancellationToken).ConfigureAwait(false);
        bool isThere = target.Current is not null && await target.HasConfigAsync(config.ImageId, cancellationToken).ConfigureAwait(false);
        if (!isThere) target.RequireDigest(image.Location, null);
        return new UnpackedCopy(image, config, target.Name, known.ByDiffId, target.Open, inflateZstd)
        {
            IsThere = isThere,
            Found = isThere ? target.Current : null,
            Replaced = target.Current?.ToString(),
            Conflicts = isThere ? [] : target.ConflictsWith($"a manifest that is made for the image {config.ImageId ?? DisplayText.Excerpt(image.Name)}"),
        };
    }

    /// <summary>Copies an image.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="progress">Takes the bytes.</param>
    /// <param name="cancellationToken">Stops the copying; the name is given at the end only.</param>
    /// <exception cref="ConflictException">A name stands for another image, and nobody agreed to that, or it stands for yet another one by now (<c>TagExists</c>, <c>TagMoved</c>).</exception>
    public static async Task<CopiedImage> RunAsync(CopyPlan plan, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(progress);
        await NameConflict.RequireAgreedAsync(plan.Conflicts, cancellationToken).ConfigureAwait(false);
        return await plan.RunAsync(progress, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    /// <summary>A document and all below it, children before parents.</summary>
    internal static async Task<List<ManifestDocument>> WithChildrenAsync(IImageStore store, ImageLocation location, ManifestDocument document, CancellationToken cancellationToken)
    {
        List<ManifestDocument> documents = [];
        await AddChildrenAsync(store, location, document, documents, [document.Digest], 0, cancellationToken).ConfigureAwait(false);
        documents.Add(document);
        return documents;
    }

    private static async Task AddChildrenAsync(
        IImageStore store, ImageLocation location, ManifestDocument parent, List<ManifestDocument> documents, HashSet<string> seen, int depth, CancellationToken cancellationToken)
    {
        if (parent is not ImageIndex index) return;
        index.RequireDepth(depth);
        foreach (Descriptor entry in index.Manifests)
        {
            if (!MediaTypes.IsKnownManifest(entry.MediaType) || !seen.Add(entry.Digest)) continue;
            ManifestDocument child = await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
            await AddChildrenAsync(store, location, child, documents, seen, depth + 1, cancellationToken).ConfigureAwait(false);
            documents.Add(child);
        }
    }
}
