using System.Net;
using System.Runtime.ExceptionServices;

namespace OciTools.Stores.Engine;

/// <summary>A body of unknown length that is written while it is sent.</summary>
/// <param name="write">Writes the body.</param>
/// <param name="alive">Is called whenever some bytes went.</param>
internal sealed class PushedContent(Func<Stream, CancellationToken, Task> write, Action alive) : HttpContent
{
    /// <summary>Why the body could not be written to its end; null for another reason than the connection.</summary>
    internal ExceptionDispatchInfo? Failure { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            await write(new AliveOutput(stream, alive), cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e)
        {
            Failure = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private sealed class AliveOutput(Stream inner, Action alive) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            alive();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            alive();
        }

        public override void Flush() => inner.Flush();
    }
}
