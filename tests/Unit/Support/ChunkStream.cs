namespace OciTools.UnitTests.Support;

/// <summary>Bytes that come in pieces of at most some length, as from a network.</summary>
internal sealed class ChunkStream(byte[] bytes, int chunk) : MemoryStream(bytes, writable: false)
{
    public override bool CanSeek => false;

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, chunk)]);

    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, chunk));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));
}
