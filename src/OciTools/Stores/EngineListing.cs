namespace OciTools.Stores;

/// <summary>What an engine's list of images says of one.</summary>
/// <param name="Id">The engine's id of the image.</param>
/// <param name="Size">The sum of the sizes of its files, in bytes.</param>
/// <param name="Created">When it was made, in local time; null where unknown.</param>
/// <param name="RegistryDigests">Names by registry digest that the engine claims.</param>
public sealed record EngineListing(string Id, long Size, DateTime? Created, IReadOnlyList<string> RegistryDigests)
{
    /// <summary>The digest of the config; null where the engine's id is something else (the manifest, in containerd's store).</summary>
    public string? ImageId { get; init; }
}
