namespace OciTools.Stores.Files;

/// <summary>Writes to another stream, and says whose failure it is when that fails: a full disk must not look like a broken connection.</summary>
/// <param name="inner">Where the bytes go; not closed with this stream.</param>
/// <param name="translate">The error for a failure.</param>
internal sealed class GuardedOutput(Stream inner, Func<IOException, OciException> translate) : WriteOnlyStream
{
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw translate(e);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (IOException e)
        {
            throw translate(e);
        }
    }

    public override void Flush() => inner.Flush();
}
