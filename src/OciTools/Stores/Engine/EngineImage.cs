namespace OciTools.Stores.Engine;

/// <summary>What an engine's inspect call says of an image.</summary>
/// <param name="Id">The engine's id.</param>
/// <param name="IsManifestId">Whether that id is the digest of a manifest or index (containerd's store) and not of the config.</param>
/// <param name="Config">The config, as far as the call tells it.</param>
internal sealed record EngineImage(Digest Id, bool IsManifestId, ImageConfig Config);
