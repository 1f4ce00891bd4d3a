using System.Buffers;

namespace OciTools;

/// <summary>Reads whole small documents from streams, under a limit, and passes over what is not needed.</summary>
internal static class BoundedReading
{
    private const int BlockSize = 64 * 1024;

    /// <summary>Reads to the end, or fails as soon as one byte more than the limit has come.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="limit">The most bytes to take.</param>
    /// <param name="what">What is read and where it lies, for the message.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<byte[]> ReadAllAsync(Stream stream, int limit, string what, CancellationToken cancellationToken)
    {
        // most documents fit into it; given back only where the last read has ended for sure, since one that failed may still write
        byte[] first = ArrayPool<byte>.Shared.Rent(BlockSize);
        byte[] bytes = first;
        int count = 0;
        while (true)
        {
            // never more than can be taken, so that who sends without an end gets no memory for it
            int room = (int)Math.Min(bytes.Length, limit + 1L) - count;
            int read = await stream.ReadAsync(bytes.AsMemory(count, room), cancellationToken).ConfigureAwait(false);
            if (read == 0) break;
            count += read;
            if (count > limit) throw TooLarge(what, limit);
            if (count == bytes.Length) Array.Resize(ref bytes, (int)Math.Min(2L * bytes.Length, limit + 1L));
        }

        byte[] all = bytes[..count];
        ArrayPool<byte>.Shared.Return(first);
        return all;
    }

    /// <summary>Reads bytes that nobody needs, or fails where there are fewer.</summary>
    internal static async Task SkipAsync(Stream stream, long count, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (count > 0)
            {
                int read = await stream.ReadAsync(block.AsMemory(0, (int)Math.Min(count, block.Length)), cancellationToken).ConfigureAwait(false);
                if (read == 0) throw new EndOfStreamException();
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Reads to the end and keeps nothing, so that the stream proves itself.</summary>
    internal static async Task SkipAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(4 * BlockSize);
        try
        {
            while (await stream.ReadAsync(block, cancellationToken).ConfigureAwait(false) > 0)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>The error for a document over its limit.</summary>
    internal static OciException TooLarge(string what, long limit) =>
        ErrorCatalogue.TooLarge.Error($"{what} is larger than {limit} bytes, the most that is read of it.");
}
