using OciTools.Stores;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>A place whose blobs are not what they were, or hang; counts what is still open.</summary>
/// <param name="inner">The place as it is.</param>
/// <param name="change">Gets a blob, the number of times that it was opened before, and its stream, and gives another stream or the same.</param>
internal sealed class FaultyStore(MemoryStore inner, Func<Descriptor, int, Stream, Stream> change) : IImageStore
{
    private readonly Dictionary<string, int> _opened = [];
    private int _open;

    /// <summary>How many streams of blobs were not closed.</summary>
    internal int Open => _open;

    public Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken) => inner.ResolveAsync(location, cancellationToken);

    public Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken) => inner.ReadManifestAsync(location, cancellationToken);

    public async Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        Stream stream = await inner.OpenBlobAsync(location, descriptor, cancellationToken);
        int before;
        lock (_opened) before = _opened[descriptor.Digest] = _opened.GetValueOrDefault(descriptor.Digest, -1) + 1;
        Interlocked.Increment(ref _open);
        return new Counted(change(descriptor, before, stream), () => Interlocked.Decrement(ref _open));
    }

    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) => inner.FindBlobAsync(location, descriptor, cancellationToken);

    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken) =>
        inner.ReadUnverifiedPartAsync(location, descriptor, offset, count, cancellationToken);

    public ImageLocation Child(ImageLocation location, Digest digest) => inner.Child(location, digest);

    public IAsyncEnumerable<StoredImage> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Counted(Stream inner, Action closed) : Stream
    {
        private Action? _closed = closed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            Interlocked.Exchange(ref _closed, null)?.Invoke();
            base.Dispose(disposing);
        }
    }
}

/// <summary>A stream that never goes on, until its reader is stopped.</summary>
internal sealed class HangingStream(byte[] start) : MemoryStream(start, writable: false)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await base.ReadAsync(buffer, cancellationToken);
        if (read == 0) await Task.Delay(Timeout.Infinite, cancellationToken);
        return read;
    }
}
