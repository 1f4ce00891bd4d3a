namespace OciTools.Stores.Engine;

/// <summary>What an engine holds, and what of it is used.</summary>
/// <param name="Images">All images, also those without a name that others are built on.</param>
/// <param name="Containers">All containers, also those that do not run.</param>
/// <param name="Cache">The records of the build cache.</param>
internal sealed record EngineUsage(IReadOnlyList<EngineUsedImage> Images, IReadOnlyList<EngineContainer> Containers, IReadOnlyList<EngineCacheRecord> Cache);

/// <summary>An image of an engine.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parent">The image that it was built on; null for none or unknown.</param>
/// <param name="Tags">Its names with a tag, as the engine writes them.</param>
/// <param name="RegistryNames">Its names with a registry digest.</param>
/// <param name="Created">When it was made, in local time; null where unknown.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record EngineUsedImage(
    Digest Id, Digest? Parent, IReadOnlyList<string> Tags, IReadOnlyList<string> RegistryNames, DateTime? Created, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The bytes that only this image has; null where the engine does not say.</summary>
    internal long? OwnSize { get; init; }
}

/// <summary>A container of an engine.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">The id of the image that it was made from; null where there is none.</param>
/// <param name="IsRunning">Whether it runs.</param>
internal sealed record EngineContainer(string Name, Digest? Image, bool IsRunning);

/// <summary>A record of an engine's build cache.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parents">The records that it was made from.</param>
/// <param name="Description">What step made it.</param>
/// <param name="IsInUse">Whether a build uses it now.</param>
/// <param name="IsShared">Whether an image shares its bytes.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="LastUsed">When it was last used, or else made, in local time; null where unknown.</param>
internal sealed record EngineCacheRecord(string Id, IReadOnlyList<string> Parents, string Description, bool IsInUse, bool IsShared, long Size, DateTime? LastUsed);
