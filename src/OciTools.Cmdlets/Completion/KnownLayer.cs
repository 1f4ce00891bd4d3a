namespace OciTools.Completion;

/// <summary>A layer that was listed.</summary>
/// <param name="Index">Its index from the bottom.</param>
/// <param name="Size">Its bytes; null where unknown.</param>
/// <param name="CreatedBy">The beginning of the command that made it, as the image gives it.</param>
internal sealed record KnownLayer(int Index, long? Size, string CreatedBy)
{
    private const int Beginning = 600;

    /// <summary>What is kept of a layer. A command may be as long as its image likes, and nobody reads more than its beginning.</summary>
    internal static KnownLayer Of(ImageLayer layer) =>
        new(layer.Layer, layer.Size ?? layer.EngineSize, layer.CreatedBy is { Length: > Beginning } command ? command[..Beginning] : layer.CreatedBy ?? "");
}
