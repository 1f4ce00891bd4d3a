namespace OciTools.Stores.Files;

/// <summary>Writes what is read through it to a spool.</summary>
internal sealed class SpoolingStream(Stream inner, FileStream spool) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        try
        {
            spool.Write(buffer[..count]);
        }
        catch (IOException e)
        {
            throw Spool.CannotWrite(e);
        }

        return count;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        try
        {
            await spool.WriteAsync(buffer[..count], cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw Spool.CannotWrite(e);
        }

        return count;
    }
}
