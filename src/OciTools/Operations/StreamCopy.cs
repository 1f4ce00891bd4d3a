using System.Buffers;

namespace OciTools.Operations;

/// <summary>Reads streams to their ends, which proves those that prove themselves.</summary>
internal static class StreamCopy
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Copies all that a stream has.</summary>
    /// <param name="source">The stream.</param>
    /// <param name="target">Where the bytes go; null for nowhere.</param>
    /// <param name="progress">Takes the progress in bytes; null for nobody.</param>
    /// <param name="cancellationToken">Stops the copying.</param>
    /// <returns>How many bytes it has.</returns>
    internal static async Task<long> CopyAsync(Stream source, Stream? target, ITransferProgress? progress, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        long total = 0;
        try
        {
            int count;
            while ((count = await source.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (target is not null) await target.WriteAsync(block.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                total += count;
                progress?.Advance(count);
            }

            return total;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
