using System.Buffers;
using OciTools.Layers;
using OciTools.Layers.Tar;

namespace OciTools.Operations.Layers;

/// <summary>What reading a layer to its end has shown: the blob has its digest and size, and the tar inside has its diff id.</summary>
/// <param name="StoredSize">The bytes of the layer as it is stored.</param>
/// <param name="UncompressedSize">The bytes of the tar.</param>
internal sealed record LayerProof(long StoredSize, long UncompressedSize)
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Reads a layer to its end.</summary>
    /// <param name="image">The image.</param>
    /// <param name="layer">The index of the layer.</param>
    /// <param name="diffId">The digest of its tar.</param>
    /// <param name="reading">How layers are read.</param>
    /// <param name="walker">Follows the tar; null for nobody.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<LayerProof> ReadAsync(OpenedImage image, int layer, Digest diffId, LayerReading reading, TarWalker? walker, CancellationToken cancellationToken)
    {
        Stream stored = await image.OpenStoredLayerAsync(layer, cancellationToken).ConfigureAwait(false);
        LayerReader reader = await image.ReadLayerAsync(stored, layer, diffId, reading, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
            try
            {
                long reported = 0;
                int count;
                while ((count = await reader.Content.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    walker?.Add(block.AsSpan(0, count));
                    reading.Progress.Advance(reader.StoredSize - reported);
                    reported = reader.StoredSize;
                }

                walker?.RequireWholeEntries();
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(block);
            }

            return new LayerProof(reader.StoredSize, reader.UncompressedSize);
        }
    }

    /// <summary>Reads a blob to its end, whatever is in it: digest and size are proved, nothing else.</summary>
    internal static async Task ReadBlobAsync(OpenedImage image, Descriptor blob, LayerReading reading, CancellationToken cancellationToken)
    {
        Stream stream = await image.Store.OpenBlobAsync(image.Location, blob, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false)) await StreamCopy.CopyAsync(stream, null, reading.Progress, cancellationToken).ConfigureAwait(false);
    }
}
