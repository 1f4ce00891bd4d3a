namespace OciTools.Layers;

/// <summary>
/// Reads one layer: tells its compression by its first bytes, inflates it, hashes the tar to the diff id and proves it
/// (OCI image-spec, layer.md, and config.md, section Layer DiffID). Three things go on at once: reading the stored bytes with the proof
/// of their digest, inflating, and hashing the tar with whatever the reader of <see cref="Content"/> does.
/// </summary>
public sealed class LayerReader : IAsyncDisposable
{
    private readonly StoredStream _stored;
    private readonly InflatedStream? _inflated;
    private readonly LayerContentStream _content;

    private LayerReader(StoredStream stored, InflatedStream? inflated, LayerContentStream content, string compression, string? declared)
    {
        _stored = stored;
        _inflated = inflated;
        _content = content;
        Compression = compression;
        DeclaredCompression = declared;
    }

    /// <summary>
    /// The uncompressed tar. Whoever reads it to the end holds all of it and, where a diff id was given, proved bytes: the last byte comes
    /// after the proof. Reading throws <c>MalformedContent</c> for a stream that is cut short, damaged or followed by other bytes,
    /// and <c>DigestMismatch</c> for another diff id.
    /// </summary>
    public Stream Content => _content;

    /// <summary><c>gzip</c>, <c>zstd</c> or <c>none</c>, as the bytes are.</summary>
    public string Compression { get; }

    /// <summary>The same as the media type says; null where it says nothing.</summary>
    public string? DeclaredCompression { get; }

    /// <summary>Whether the media type says another compression than the bytes have.</summary>
    public bool IsMislabelled => DeclaredCompression is not null && DeclaredCompression != Compression;

    /// <summary>How many bytes were read of the layer as it is stored; after the end, its size.</summary>
    public long StoredSize => _stored.Count;

    /// <summary>How many bytes of tar were read; after the end, its size.</summary>
    public long UncompressedSize => _content.Count;

    /// <summary>The digest of the tar; null until <see cref="Content"/> was read to its end.</summary>
    public Digest? DiffId => _content.DiffId;

    /// <summary>
    /// The most bytes of tar that the layer may have, set before it is read; beyond them reading throws <c>TooLarge</c>. Null allows
    /// any of a layer that is not compressed, else <see cref="Limits.InflatedFloor"/> or <see cref="Limits.InflatedRatio"/> times the
    /// stored size, whichever is more.
    /// </summary>
    public long? MaximumSize
    {
        get => _content.MaximumSize;
        set
        {
            // the compressed one says more, so it comes first
            if (_inflated is not null) _inflated.MaximumSize = value;
            _content.MaximumSize = value;
        }
    }

    /// <summary>Opens a layer. Nothing but its first bytes is read.</summary>
    /// <param name="stored">The layer as it is stored; closed with the reader, also when this method throws.</param>
    /// <param name="what">What the layer is and where it lies, for messages: <c>The layer sha256:… of nginx</c>.</param>
    /// <param name="mediaType">The media type; null where there is none.</param>
    /// <param name="diffId">The diff id to prove; null where none is known, so that an uncompressed layer must have the tar's end mark.</param>
    /// <param name="inflateZstd">Inflates zstd: all frames; a stream cut short throws.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="MalformedException">The layer has no bytes at all (<c>MalformedContent</c>).</exception>
    public static async Task<LayerReader> OpenAsync(
        Stream stored, string what, string? mediaType, Digest? diffId, Func<Stream, Stream> inflateZstd, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(inflateZstd);
        try
        {
            StoredStream source = await StoredStream.OpenAsync(stored, cancellationToken).ConfigureAwait(false);
            if (source.Start.IsEmpty) throw ErrorCatalogue.MalformedContent.Error($"{what} is empty: it has not even the end mark of a tar.");
            string compression = LayerCompression.Sniff(source.Start.Span);
            Stream inflated = InflatedStream.Open(source, compression, inflateZstd, what);
            bool mustEnd = diffId is null && compression == LayerCompression.None;
            LayerContentStream content = new(inflated is InflatedStream ? new ReadAheadStream(inflated) : inflated, diffId, mustEnd, what);
            return new LayerReader(source, inflated as InflatedStream, content, compression, MediaTypes.CompressionOf(mediaType));
        }
        catch
        {
            await stored.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads to the end without keeping anything: what remains is size, diff id and the proof.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The diff id.</returns>
    /// <exception cref="IntegrityException">Digest, size or diff id are others than those that are named (<c>DigestMismatch</c>, <c>SizeMismatch</c>).</exception>
    /// <exception cref="MalformedException">The layer is cut short, damaged or followed by other bytes (<c>MalformedContent</c>).</exception>
    /// <exception cref="RefusedException">It has more bytes of tar than <see cref="MaximumSize"/> (<c>TooLarge</c>).</exception>
    public async Task<Digest> DrainAsync(CancellationToken cancellationToken)
    {
        await BoundedReading.SkipAllAsync(_content, cancellationToken).ConfigureAwait(false);
        return DiffId!;
    }

    /// <summary>Closes the layer.</summary>
    public ValueTask DisposeAsync() => _content.DisposeAsync();
}
