using System.Buffers;

namespace OciTools;

/// <summary>Reads whole small documents from streams, under a limit.</summary>
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
        ArrayBufferWriter<byte> bytes = new(BlockSize);
        while (true)
        {
            int count = await stream.ReadAsync(bytes.GetMemory(BlockSize), cancellationToken).ConfigureAwait(false);
            if (count == 0) return bytes.WrittenSpan.ToArray();
            bytes.Advance(count);
            if (bytes.WrittenCount > limit) throw TooLarge(what, limit);
        }
    }

    /// <summary>The error for a document over its limit.</summary>
    internal static OciException TooLarge(string what, long limit) =>
        ErrorCatalogue.TooLarge.Error($"{what} is larger than {limit} bytes, the most that is read of it.");
}
