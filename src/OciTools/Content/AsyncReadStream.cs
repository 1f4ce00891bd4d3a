using System.Buffers;

namespace OciTools;

/// <summary>A forward-only stream over the network: who reads it without waiting asynchronously blocks a thread instead.</summary>
internal abstract class AsyncReadStream : ReadOnlyStream
{
    public sealed override int Read(Span<byte> buffer)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            int count = ReadAsync(rented.AsMemory(0, buffer.Length), CancellationToken.None).AsTask().GetAwaiter().GetResult();
            rented.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
