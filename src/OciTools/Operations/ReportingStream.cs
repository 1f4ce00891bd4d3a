namespace OciTools.Operations;

/// <summary>Tells of the bytes that pass. What was told of a stream that is opened anew counts again.</summary>
internal sealed class ReportingStream(Stream inner, ITransferProgress progress, IPartProgress? part) : AsyncReadStream
{
    public override long Length => inner.Length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        progress.Advance(count);
        part?.Advance(count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            part?.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
