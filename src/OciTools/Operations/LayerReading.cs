using OciTools.Layers;

namespace OciTools.Operations;

/// <summary>How layers are read.</summary>
/// <param name="InflateZstd">Inflates zstd.</param>
/// <param name="MaximumSize">The most bytes of tar that a layer may have; null for the rule of <see cref="LayerReader.MaximumSize"/>.</param>
/// <param name="Progress">Takes the bytes that were read.</param>
public sealed record LayerReading(Func<Stream, Stream> InflateZstd, long? MaximumSize, ITransferProgress Progress);
