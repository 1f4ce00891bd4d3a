using OciTools.Layers;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>One image for one platform, found and opened: its place, its name there, and its documents.</summary>
internal sealed class OpenedImage
{
    private ImageConfig? _config;
    private IReadOnlyList<Digest>? _diffIds;

    // what the index that names the image says it is for; null where none does
    private readonly Platform? _stated;

    internal OpenedImage(IImageStore store, ImageLocation location, ImageManifest manifest, Platform? stated, IOperationLog log)
    {
        _stated = stated;
        Store = store;
        Location = location;
        Manifest = manifest;
        Name = manifest.Image;
        Log = log;
    }

    internal OpenedImage(IUnpackedImageStore store, UnpackedImage unpacked, IOperationLog log)
    {
        Store = store;
        Location = unpacked.Location;
        Unpacked = unpacked;
        Name = unpacked.Location.ToString();
        _config = unpacked.Config;
        Log = log;
    }

    internal IOperationLog Log { get; }

    internal IImageStore Store { get; }

    internal ImageLocation Location { get; }

    /// <summary>The canonical name.</summary>
    internal string Name { get; }

    /// <summary>The manifest; null where the place keeps none.</summary>
    internal ImageManifest? Manifest { get; }

    /// <summary>What the place knows of an image without a manifest; null where there is one.</summary>
    internal UnpackedImage? Unpacked { get; }

    /// <summary>Whether there is a config that has a history and a root file system.</summary>
    internal bool IsContainerImage => Manifest?.IsContainerImage ?? true;

    /// <summary>The config.</summary>
    /// <exception cref="UnsupportedException">The artifact is no container image (<c>NotAnImage</c>).</exception>
    internal async Task<ImageConfig> ConfigAsync(CancellationToken cancellationToken)
    {
        if (_config is not null) return _config;
        _config = await DocumentReading.ConfigAsync(Store, Location, Manifest!, cancellationToken).ConfigureAwait(false);

        // variants and versions are left out of configs too often to tell a lie by them
        Platform own = _config.GetPlatform();
        if (_stated is { IsUnknown: false } stated && !stated.IsSameArchitecture(own))
            Log.Warning($"The index calls {DisplayText.Excerpt(Name)} an image for {DisplayText.Excerpt(stated.ToString(), 100)}; its config says {DisplayText.Excerpt(own.ToString(), 100)}.");
        return _config;
    }

    /// <summary>The diff ids, one for each layer.</summary>
    /// <exception cref="UnsupportedException">The artifact is no container image (<c>NotAnImage</c>).</exception>
    /// <exception cref="MalformedException">Config and manifest name another number of layers (<c>MalformedDocument</c>).</exception>
    internal async Task<IReadOnlyList<Digest>> DiffIdsAsync(CancellationToken cancellationToken)
    {
        if (_diffIds is not null) return _diffIds;
        ImageConfig config = await ConfigAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Digest> diffIds = config.GetDiffIds();
        if (Manifest is { } manifest && manifest.Layers.Count != diffIds.Count)
            throw ErrorCatalogue.MalformedDocument.Error($"{DisplayText.Excerpt(Name)}: the manifest names {DisplayText.Count(manifest.Layers.Count, "layer")} and the config {DisplayText.Count(diffIds.Count, "diff id")}, so no layer can be proved.");
        return _diffIds = diffIds;
    }

    /// <summary>A layer in words, for messages.</summary>
    internal string Describe(int layer) => $"Layer {layer} of {DisplayText.Excerpt(Name)}";

    /// <summary>Opens a layer as it is stored. A blob proves size and digest; where the place keeps no manifest, the bytes are unverified.</summary>
    internal Task<Stream> OpenStoredLayerAsync(int layer, CancellationToken cancellationToken) => Manifest is { } manifest
        ? Store.OpenBlobAsync(Location, manifest.Layers[layer], cancellationToken)
        : ((IUnpackedImageStore)Store).OpenUnverifiedLayerAsync(Location, layer, cancellationToken);

    /// <summary>Reads the tar in a layer that was opened, and proves it.</summary>
    /// <param name="stored">The layer as it is stored; closed with the reader.</param>
    /// <param name="layer">The index of the layer.</param>
    /// <param name="diffId">The digest of its tar.</param>
    /// <param name="reading">How it is read.</param>
    /// <param name="cancellationToken">Stops the opening; reading has its own.</param>
    internal async Task<LayerReader> ReadLayerAsync(Stream stored, int layer, Digest diffId, LayerReading reading, CancellationToken cancellationToken)
    {
        LayerReader reader = await LayerReader.OpenAsync(stored, Describe(layer), Manifest?.Layers[layer].MediaType, diffId, reading.InflateZstd, cancellationToken).ConfigureAwait(false);
        reader.MaximumSize = reading.MaximumSize;
        if (reader.IsMislabelled) Log.Warning($"{Describe(layer)} is called {reader.DeclaredCompression} by its media type; its bytes are {reader.Compression}.");
        return reader;
    }

    /// <summary>The layers, the lowest first, with all that is known without reading one.</summary>
    internal async Task<IReadOnlyList<ImageLayer>> LayersAsync(CancellationToken cancellationToken)
    {
        ImageConfig? config = IsContainerImage ? await ConfigAsync(cancellationToken).ConfigureAwait(false) : null;
        JoinedHistory? history = config is null ? null : await HistoryReading.ReadAsync(this, cancellationToken).ConfigureAwait(false);

        // whoever asks for layers did not ask for the history: all that is lost is the command that made each
        if (history?.Warning is not null) Log.Verbose(history.Warning);
        Dictionary<int, ImageHistoryEntry> byLayer = ByLayer(history?.Rows ?? []);
        return Manifest is null ? FromUnpacked(Unpacked!, byLayer) : FromManifest(Manifest, config, byLayer);
    }

    private List<ImageLayer> FromManifest(ImageManifest manifest, ImageConfig? config, Dictionary<int, ImageHistoryEntry> history)
    {
        IReadOnlyList<Digest> diffIds = config?.GetDiffIds() ?? [];
        if (config is not null && diffIds.Count != manifest.Layers.Count)
        {
            Log.Warning($"{Name}: the manifest names {DisplayText.Count(manifest.Layers.Count, "layer")} and the config {DisplayText.Count(diffIds.Count, "diff id")}, so no layer is given one.");
            diffIds = [];
        }

        IReadOnlyList<string> chain = ChainIds.Compute(diffIds);
        List<ImageLayer> layers = new(manifest.Layers.Count);
        for (int i = 0; i < manifest.Layers.Count; i++)
        {
            Descriptor blob = manifest.Layers[i];
            string? compression = MediaTypes.CompressionOf(blob.MediaType);
            layers.Add(new ImageLayer
            {
                Image = Name,
                Layer = i,
                Digest = blob.Digest,
                DiffId = diffIds.Count > 0 ? diffIds[i].ToString() : null,
                ChainId = diffIds.Count > 0 ? chain[i] : null,
                MediaType = blob.MediaType,
                Compression = compression,
                Size = blob.Size,
                UncompressedSize = compression == "none" ? blob.Size : null,
                CreatedBy = CommandOf(history, i),
            });
        }

        return layers;
    }

    private List<ImageLayer> FromUnpacked(UnpackedImage unpacked, Dictionary<int, ImageHistoryEntry> history)
    {
        IReadOnlyList<string> chain = ChainIds.Compute([.. unpacked.Layers.Select(l => l.DiffId)]);
        List<ImageLayer> layers = new(unpacked.Layers.Count);
        for (int i = 0; i < unpacked.Layers.Count; i++)
        {
            layers.Add(new ImageLayer
            {
                Image = Name,
                Layer = i,
                DiffId = unpacked.Layers[i].DiffId.ToString(),
                ChainId = chain[i],
                Size = unpacked.Layers[i].StoredSize,
                EngineSize = history.GetValueOrDefault(i)?.EngineSize,
                CreatedBy = CommandOf(history, i),
            });
        }

        return layers;
    }

    private static Dictionary<int, ImageHistoryEntry> ByLayer(IReadOnlyList<ImageHistoryEntry> history)
    {
        Dictionary<int, ImageHistoryEntry> rows = new(history.Count);
        foreach (ImageHistoryEntry row in history)
            if (row.Layer is { } layer) rows.TryAdd(layer, row);
        return rows;
    }

    private static string? CommandOf(Dictionary<int, ImageHistoryEntry> history, int layer) =>
        history.GetValueOrDefault(layer)?.CreatedBy is { Length: > 0 } command ? command : null;
}
