using OciTools.Stores;

namespace OciTools.UnitTests.Support;

/// <summary>A place that is written to and never read; a test says what becomes of what is written.</summary>
internal abstract class WrittenTarget : IImageTarget
{
    public abstract Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken);

    public abstract Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken);

    public virtual Task PutManifestAsync(ImageLocation location, ManifestDocument document, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ImageLocation Child(ImageLocation location, Digest digest) => throw new NotSupportedException();

    public IAsyncEnumerable<StoredImage> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
