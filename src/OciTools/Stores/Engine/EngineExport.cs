using System.Runtime.CompilerServices;
using OciTools.Stores.DockerArchive;

namespace OciTools.Stores.Engine;

/// <summary>An image as an engine exports it, as a place of its own. Where its file had to make room for others it is exported again.</summary>
/// <param name="exports">Has the exports.</param>
/// <param name="image">The image.</param>
/// <param name="name">Its name.</param>
internal sealed class EngineExport(EngineExports exports, EngineImage image, ImageLocation name) : IUnpackedImageStore
{
    /// <inheritdoc/>
    public Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.ResolveAsync(location, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.ReadManifestAsync(location, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.OpenBlobAsync(location, descriptor, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.FindBlobAsync(location, descriptor, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.ReadUnverifiedPartAsync(location, descriptor, offset, count, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<UnpackedImage> InspectAsync(ImageLocation location, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.InspectAsync(location, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenUnverifiedLayerAsync(ImageLocation location, int layer, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.OpenUnverifiedLayerAsync(location, layer, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<byte[]?> ReadUnverifiedLayerPartAsync(ImageLocation location, int layer, long offset, int count, CancellationToken cancellationToken) =>
        UseAsync(archive => archive.ReadUnverifiedLayerPartAsync(location, layer, offset, count, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IUnpackedImageStore> ExportAsync(ImageLocation location, CancellationToken cancellationToken) => Task.FromResult<IUnpackedImageStore>(this);

    /// <inheritdoc/>
    public ImageLocation Child(ImageLocation location, Digest digest) => name;

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredImage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<StoredImage> images = await UseAsync(async archive => await archive.ListAsync(cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        foreach (StoredImage one in images) yield return one;
    }

    /// <summary>Nothing: the engine's store has the export.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<T> UseAsync<T>(Func<DockerArchiveStore, Task<T>> use, CancellationToken cancellationToken) => exports.UseAsync(image, name, use, cancellationToken);
}
