namespace OciTools.Stores;

/// <summary>An image without a manifest.</summary>
/// <param name="Location">Its canonical name.</param>
/// <param name="Config">Its config; from an engine without exact bytes.</param>
/// <param name="Layers">Its layers, the lowest first.</param>
public sealed record UnpackedImage(ImageLocation Location, ImageConfig Config, IReadOnlyList<UnpackedLayer> Layers)
{
    /// <summary>The rows of the engine's history call, the newest first; null where the place has none, so that the config's history holds.</summary>
    public IReadOnlyList<EngineHistoryRow>? EngineHistory { get; init; }

    /// <summary>The bytes of its layers as they lie there, each once; null where one is unknown.</summary>
    internal long? StoredSize => Layers.All(layer => layer.StoredSize is not null) ? Layers.DistinctBy(layer => layer.DiffId).Sum(layer => layer.StoredSize) : null;
}

/// <summary>A layer that is known by its diff id.</summary>
/// <param name="DiffId">The digest of its uncompressed tar.</param>
/// <param name="StoredSize">Its size in bytes as it lies there; null where unknown.</param>
public sealed record UnpackedLayer(Digest DiffId, long? StoredSize);

/// <summary>One row of an engine's history call.</summary>
/// <param name="Created">When it was made, in local time; null where unknown.</param>
/// <param name="CreatedBy">The command.</param>
/// <param name="Size">The sum of the sizes of the files it added, in bytes.</param>
/// <param name="Comment">The comment; null for none.</param>
/// <param name="ImageId">The id of the image that the row stands for; null where the engine says <c>&lt;missing&gt;</c>.</param>
/// <param name="Tags">The tags of that image.</param>
public sealed record EngineHistoryRow(DateTime? Created, string CreatedBy, long Size, string? Comment, string? ImageId, IReadOnlyList<string> Tags);
