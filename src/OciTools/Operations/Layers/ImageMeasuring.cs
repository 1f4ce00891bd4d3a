using OciTools.Stores;

namespace OciTools.Operations.Layers;

/// <summary>
/// Measures sets of images: what they take together, each blob once, and what each alone would free. Documents are read, layers only
/// where the sizes of their tars are wanted; then each is read once.
/// </summary>
/// <param name="inflateZstd">Inflates zstd.</param>
/// <param name="maximumSize">The most bytes of tar that a layer may have; null for the rule of <see cref="LayerReading.MaximumSize"/>.</param>
/// <param name="isUncompressed">Whether layers are measured by the bytes of their tars.</param>
public sealed class ImageMeasuring(Func<Stream, Stream> inflateZstd, long? maximumSize, bool isUncompressed) : IDisposable
{
    private const string ByDigest = "Digest";
    private const string ByChain = "ChainId";

    private readonly LayerProofs _proofs = new();
    private readonly Lock _lock = new();
    private readonly List<(int Order, Contents Image)> _images = [];

    /// <summary>Adds an image, with every platform where the name is an index.</summary>
    /// <param name="inspector">Opens images.</param>
    /// <param name="image">The name.</param>
    /// <param name="order">The place of the image among the others.</param>
    /// <param name="progress">Takes the bytes that were read.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="NotFoundException">There is no such image (<c>ImageNotFound</c>).</exception>
    /// <exception cref="IntegrityException">A layer that is measured by its tar is not the one that is named (<c>DigestMismatch</c>, <c>SizeMismatch</c>).</exception>
    public async Task AddAsync(ImageInspector inspector, ImageLocation image, int order, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(image);
        LayerReading reading = new(inflateZstd, maximumSize, progress);
        (IImageStore store, ImageLocation location, OpenedImage? unpacked) = await inspector.FindAsync(image, null, cancellationToken).ConfigureAwait(false);
        Contents contents = unpacked is not null
            ? await OfUnpackedAsync(unpacked, reading, cancellationToken).ConfigureAwait(false)
            : await OfDocumentsAsync(inspector, store, location, reading, cancellationToken).ConfigureAwait(false);
        lock (_lock) _images.Add((order, contents));
    }

    /// <summary>The result: one measurement for images whose blobs have digests, one for those of engines; none for no image.</summary>
    public IReadOnlyList<ImageMeasurement> Measure()
    {
        lock (_lock)
        {
            Contents[] images = [.. _images.OrderBy(i => i.Order).Select(i => i.Image).DistinctBy(i => i.Name)];
            return [.. new[] { ByDigest, ByChain }.Select(kind => Measure(kind, [.. images.Where(i => i.Kind == kind)])).OfType<ImageMeasurement>()];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _proofs.Dispose();

    private ImageMeasurement? Measure(string kind, Contents[] images)
    {
        if (images.Length == 0) return null;
        Dictionary<string, (Thing Thing, int Users)> things = new(StringComparer.Ordinal);
        foreach (Contents image in images)
            foreach ((string key, Thing thing) in image.Things) things[key] = things.TryGetValue(key, out (Thing Thing, int Users) known) ? (known.Thing, known.Users + 1) : (thing, 1);

        List<MeasuredImage> measured = new(images.Length);
        foreach (Contents image in images)
        {
            long unique = 0;
            long shared = 0;
            foreach (string key in image.Things.Keys)
            {
                (Thing thing, int users) = things[key];
                if (users == 1) unique = checked(unique + thing.Size.GetValueOrDefault());
                else shared = checked(shared + thing.Size.GetValueOrDefault());
            }

            measured.Add(new MeasuredImage { Image = image.Name, LayerCount = image.Things.Values.Count(t => t.IsLayer), Size = checked(unique + shared), UniqueSize = unique, SharedSize = shared });
        }

        long sharedOnce = 0;
        foreach ((Thing thing, int users) in things.Values)
            if (users > 1) sharedOnce = checked(sharedOnce + thing.Size.GetValueOrDefault());
        long uniqueOnce = 0;
        foreach (MeasuredImage image in measured) uniqueOnce = checked(uniqueOnce + image.UniqueSize);
        return new ImageMeasurement
        {
            CountedBy = kind,
            IsUncompressed = isUncompressed,
            ImageCount = images.Length,
            LayerCount = things.Values.Count(t => t.Thing.IsLayer),
            UnknownLayerCount = things.Values.Count(t => t.Thing is { IsLayer: true, Size: null }),
            TotalSize = checked(uniqueOnce + sharedOnce),
            UniqueSize = uniqueOnce,
            SharedSize = sharedOnce,
            Images = measured,
        };
    }

    private async Task<Contents> OfDocumentsAsync(ImageInspector inspector, IImageStore store, ImageLocation location, LayerReading reading, CancellationToken cancellationToken)
    {
        ManifestDocument top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        Contents contents = new(location.ToString(), ByDigest);
        foreach (ImageMember member in await ImageMember.ReadAllAsync(store, location, top, inspector.Log, cancellationToken).ConfigureAwait(false))
        {
            if (member.Failure is not null) inspector.Log.Warning($"{DisplayText.Excerpt(member.Location.ToString())} is not counted. {member.Failure.Message}");
            if (member.Document is not { } document || member.IsRepeated) continue;
            contents.Add(document.Digest, document.Size, isLayer: false);
            if (document is not ImageManifest manifest) continue;
            contents.Add(manifest.Config.Digest, manifest.Config.Size, isLayer: false);
            if (!isUncompressed || !manifest.IsContainerImage)
            {
                foreach (Descriptor layer in manifest.Layers) contents.Add(layer.Digest, layer.Size, isLayer: true);
                continue;
            }

            OpenedImage opened = new(store, member.Location, manifest, null, inspector.Log);
            await AddTarsAsync(contents, opened, (_, diffId) => diffId, reading, cancellationToken).ConfigureAwait(false);
        }

        return contents;
    }

    private async Task<Contents> OfUnpackedAsync(OpenedImage image, LayerReading reading, CancellationToken cancellationToken)
    {
        bool isEngine = image.Location.Transport == ImageTransport.DockerDaemon;
        Contents contents = new(image.Name, isEngine ? ByChain : ByDigest);
        IReadOnlyList<ImageLayer> layers = await image.LayersAsync(cancellationToken).ConfigureAwait(false);
        ImageConfig config = await image.ConfigAsync(cancellationToken).ConfigureAwait(false);
        if (!isEngine && config is { ImageId: { } id, Size: { } size }) contents.Add(id, size, isLayer: false);
        if (isUncompressed)
            await AddTarsAsync(contents, image, (layer, diffId) => isEngine ? layers[layer].ChainId! : diffId, reading, cancellationToken).ConfigureAwait(false);
        else
            foreach (ImageLayer layer in layers) contents.Add(isEngine ? layer.ChainId! : layer.DiffId!, isEngine ? layer.EngineSize : layer.Size, isLayer: true);
        return contents;
    }

    private async Task AddTarsAsync(Contents contents, OpenedImage image, Func<int, string, string> keyOf, LayerReading reading, CancellationToken cancellationToken)
    {
        IReadOnlyList<Digest> diffIds = await image.DiffIdsAsync(cancellationToken).ConfigureAwait(false);
        LayerProof[] proofs = await Task.WhenAll(diffIds.Select((diffId, layer) => _proofs.ProveAsync(image, layer, diffId, reading, cancellationToken))).ConfigureAwait(false);
        for (int layer = 0; layer < proofs.Length; layer++) contents.Add(keyOf(layer, diffIds[layer].ToString()), proofs[layer].UncompressedSize, isLayer: true);
    }

    private sealed class Contents(string name, string kind)
    {
        internal string Name { get; } = name;

        internal string Kind { get; } = kind;

        internal Dictionary<string, Thing> Things { get; } = new(StringComparer.Ordinal);

        internal void Add(string key, long? size, bool isLayer) => Things.TryAdd(key, new Thing(size, isLayer));
    }

    private readonly record struct Thing(long? Size, bool IsLayer);
}
