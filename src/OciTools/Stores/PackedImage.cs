namespace OciTools.Stores;

/// <summary>An image as an engine takes it: its config and its layers, without a manifest.</summary>
/// <param name="Config">The exact bytes of the config; their digest is the image id.</param>
/// <param name="Layers">The layers, the lowest first.</param>
public sealed record PackedImage(ReadOnlyMemory<byte> Config, IReadOnlyList<PackedLayer> Layers);

/// <summary>One layer on its way into an archive.</summary>
/// <param name="DiffId">The digest of its tar.</param>
/// <param name="Compression"><c>gzip</c>, <c>zstd</c> or <c>none</c>.</param>
/// <param name="Size">How many bytes are written.</param>
/// <param name="WriteAsync">Writes exactly these bytes, and fails where they are not what they must be.</param>
public sealed record PackedLayer(Digest DiffId, string Compression, long Size, Func<Stream, CancellationToken, Task> WriteAsync);
