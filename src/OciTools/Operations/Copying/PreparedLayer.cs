using System.IO.Compression;
using OciTools.Layers;
using OciTools.Operations.Layers;
using OciTools.Stores.Files;

namespace OciTools.Operations.Copying;

/// <summary>A layer that was known by its diff id only, made a blob: proved, compressed where it was not, with digest and size.</summary>
internal sealed class PreparedLayer : IAsyncDisposable
{
    private readonly FileStream? _spool;

    private PreparedLayer(Descriptor blob, bool wasCompressed, Func<CancellationToken, Task<Stream>> open, FileStream? spool)
    {
        Blob = blob;
        WasCompressed = wasCompressed;
        Open = open;
        _spool = spool;
    }

    /// <summary>Media type, digest and size.</summary>
    internal Descriptor Blob { get; }

    /// <summary>Whether it lay compressed at the source, so that its bytes are the same.</summary>
    internal bool WasCompressed { get; }

    /// <summary>Opens the bytes of the blob.</summary>
    internal Func<CancellationToken, Task<Stream>> Open { get; }

    /// <summary>Reads a layer once. Gzip is at a fixed level, so that the same layer always gives the same digest.</summary>
    /// <param name="source">The image, where the sizes of its layers are known.</param>
    /// <param name="layer">The index of the layer.</param>
    /// <param name="reading">How it is read.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<PreparedLayer> ReadAsync(OpenedImage source, int layer, LayerReading reading, CancellationToken cancellationToken)
    {
        Digest diffId = source.Unpacked!.Layers[layer].DiffId;
        CopyingStream stored = new(await source.OpenStoredLayerAsync(layer, cancellationToken).ConfigureAwait(false), Stream.Null);
        LayerReader reader = await source.ReadLayerAsync(stored, layer, diffId, reading, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            if (reader.Compression == LayerCompression.None) return await CompressAsync(reader, cancellationToken).ConfigureAwait(false);
            await reader.DrainAsync(cancellationToken).ConfigureAwait(false);
            string mediaType = reader.Compression == LayerCompression.Zstd ? MediaTypes.OciLayerZstd : MediaTypes.OciLayerGzip;
            Descriptor blob = new(mediaType, Digest.Parse(stored.GetDigest()), stored.Position);
            return new PreparedLayer(blob, wasCompressed: true,
                async token => new VerifiedStream(await source.OpenStoredLayerAsync(layer, token).ConfigureAwait(false), blob, source.Describe(layer)), null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_spool is not null) await _spool.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<PreparedLayer> CompressAsync(LayerReader reader, CancellationToken cancellationToken)
    {
        FileStream spool = Spool.Create();
        try
        {
            using HashedOutput hashed = new(new GuardedOutput(spool, e => Spool.CannotWrite(e)));
            GZipStream gzip = new(hashed, CompressionLevel.Optimal, leaveOpen: true);
            await using (gzip.ConfigureAwait(false)) await StreamCopy.CopyAsync(reader.Content, gzip, null, cancellationToken).ConfigureAwait(false);
            Descriptor blob = new(MediaTypes.OciLayerGzip, Digest.Parse(hashed.Finish()), hashed.Length);
            return new PreparedLayer(blob, wasCompressed: false, _ => Task.FromResult<Stream>(new SliceStream(ByteSource.FromStream(spool, "a temporary file"), 0, blob.Size, "a temporary file")), spool);
        }
        catch
        {
            await spool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
