using Microsoft.Win32.SafeHandles;
using OciTools.Layers;
using OciTools.Layers.Tar;

namespace OciTools.Stores.Files;

/// <summary>
/// The files of an archive. Of a plain tar the headers are read by seeking. A compressed one is gone through once for its names and small
/// documents; only when a large file is asked for, it is inflated into a spool.
/// </summary>
internal sealed class TarFiles : IContentFiles
{
    // documents of a compressed archive that are kept in memory, all together, in bytes
    private const long DocumentBudget = 64 * 1024 * 1024;

    private readonly Func<Stream, Stream> _inflateZstd;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ByteSource _stored;
    private int _isDisposed;
    private volatile ByteSource? _content;
    private volatile TarIndex? _index;
    private volatile Dictionary<string, byte[]> _documents = new(StringComparer.Ordinal);

    private TarFiles(ByteSource stored, string where, string compression, Func<Stream, Stream> inflateZstd)
    {
        _stored = stored;
        Where = where;
        Compression = compression;
        _inflateZstd = inflateZstd;
        if (compression == LayerCompression.None) _content = stored;
    }

    public string Where { get; }

    /// <summary>How the archive as a whole is compressed.</summary>
    internal string Compression { get; }

    /// <summary>How many bytes the index of a plain tar took; 0 for a compressed one.</summary>
    internal long IndexBytesRead { get; private set; }

    internal static Task<TarFiles> OpenAsync(string path, Func<Stream, Stream> inflateZstd, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Directory.Exists(path))
            throw ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(path)}' is a directory and not an archive.",
                recommendation: "Use oci: for a layout directory.");
        SafeFileHandle handle = LocalFile.Open(path);
        return Task.FromResult(Open(ByteSource.FromFile(handle, path), path, inflateZstd));
    }

    /// <summary>An archive in a stream that can seek; closed with the result.</summary>
    internal static TarFiles FromStream(Stream stream, string where, Func<Stream, Stream> inflateZstd) =>
        Open(ByteSource.FromStream(stream, where), where, inflateZstd);

    private static TarFiles Open(ByteSource stored, string where, Func<Stream, Stream> inflateZstd)
    {
        try
        {
            if (stored.Length == 0) throw ErrorCatalogue.MalformedContent.Error($"'{DisplayText.Excerpt(where)}' is empty.");
            Span<byte> start = stackalloc byte[LayerCompression.SniffLength];
            int count = stored.Read(0, start);
            return new TarFiles(stored, where, LayerCompression.Sniff(start[..count]), inflateZstd);
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    public async Task<ContentFile?> FindAsync(string path, CancellationToken cancellationToken)
    {
        TarIndex index = await IndexAsync(cancellationToken).ConfigureAwait(false);
        return index.Find(path) is { } entry ? new ContentFile(path, entry.Size, entry.Offset) : null;
    }

    /// <summary>Finds a regular file, also through links to other entries of the same archive; null if nothing has that path.</summary>
    internal async Task<ContentFile?> FindThroughLinksAsync(string path, CancellationToken cancellationToken)
    {
        TarIndex index = await IndexAsync(cancellationToken).ConfigureAwait(false);
        return index.FindThroughLinks(path) is { } found ? new ContentFile(found.Path, found.Entry.Size, found.Entry.Offset) : null;
    }

    /// <summary>Whether anything has that path.</summary>
    internal async Task<bool> ContainsAsync(string path, CancellationToken cancellationToken) =>
        (await IndexAsync(cancellationToken).ConfigureAwait(false)).Contains(path);

    public async Task<Stream> OpenAsync(ContentFile file, CancellationToken cancellationToken)
    {
        if (_content is null && _documents.TryGetValue(file.Path, out byte[]? document) && document.Length == file.Size) return new MemoryStream(document, writable: false);
        await PrepareContentAsync(cancellationToken).ConfigureAwait(false);
        return new SliceStream(_content!.Share(), file.Offset, file.Size, $"'{DisplayText.Excerpt(file.Path, 120)}' in '{DisplayText.Excerpt(Where)}'", ownsSource: true);
    }

    public async Task<byte[]?> ReadDocumentAsync(string path, int limit, CancellationToken cancellationToken)
    {
        TarIndex index = await IndexAsync(cancellationToken).ConfigureAwait(false);
        if (index.Find(path) is not { } entry) return null;
        string what = $"'{DisplayText.Excerpt(path, 120)}' in '{DisplayText.Excerpt(Where)}'";
        // Some readers take the first and some the last, so one archive would be two.
        if (entry.IsRepeated) throw ErrorCatalogue.AmbiguousDocument.Error($"{what} stands there more than once.");
        if (entry.Size > limit) throw BoundedReading.TooLarge(what, limit);
        Stream stream = await OpenAsync(new ContentFile(path, entry.Size, entry.Offset), cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await BoundedReading.ReadAllAsync(stream, limit, what, cancellationToken).ConfigureAwait(false);
    }

    public async Task PrepareContentAsync(CancellationToken cancellationToken)
    {
        if (_content is not null) return;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_content is null) await InflateAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Closes the archive; streams that were opened go on, and its file is closed with the last of them.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1) return ValueTask.CompletedTask;
        if (_content != _stored) _content?.Dispose();
        _stored.Dispose();
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<TarIndex> IndexAsync(CancellationToken cancellationToken)
    {
        if (_index is { } index) return index;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _index ??= _content is not null
                ? await IndexPlainAsync(cancellationToken).ConfigureAwait(false)
                : await ScanAsync(null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<TarIndex> IndexPlainAsync(CancellationToken cancellationToken)
    {
        HeaderStream headers = new(_stored);
        TarHeaderReader reader = new(headers, $"'{DisplayText.Excerpt(Where)}'");
        TarIndex index = new(Where);
        while (await reader.ReadNextAsync(cancellationToken).ConfigureAwait(false) is { } header) index.Add(header);
        await reader.RequireNothingMoreAsync(cancellationToken).ConfigureAwait(false);
        IndexBytesRead = headers.BytesRead;
        return index;
    }

    private async Task InflateAsync(CancellationToken cancellationToken)
    {
        FileStream spool = Spool.Create();
        try
        {
            // The offsets must be those of this pass, should the archive have changed since the first.
            _index = await ScanAsync(spool, cancellationToken).ConfigureAwait(false);
            _content = ByteSource.FromStream(spool, Where);
        }
        catch
        {
            await spool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<TarIndex> ScanAsync(FileStream? spool, CancellationToken cancellationToken)
    {
        string what = $"'{DisplayText.Excerpt(Where)}'";
        SliceStream slice = new(_stored, 0, _stored.Length, what);
        StoredStream stored = await StoredStream.OpenAsync(slice, cancellationToken).ConfigureAwait(false);
        Stream inflated = InflatedStream.Open(stored, Compression, _inflateZstd, what);
        await using (inflated.ConfigureAwait(false))
        {
            Stream source = spool is null ? inflated : new SpoolingStream(inflated, spool);
            TarHeaderReader reader = new(source, what);
            TarIndex index = new(Where);
            long budget = spool is null ? DocumentBudget : 0;
            Dictionary<string, byte[]> documents = new(StringComparer.Ordinal);
            while (await reader.ReadNextAsync(cancellationToken).ConfigureAwait(false) is { } header)
            {
                if (index.Add(header) is not { } path || header.Kind != TarEntryKind.File) continue;
                documents.Remove(path);
                if (header.Size > Math.Min(budget, Limits.StoreIndex)) continue;
                if (await ReadIfDocumentAsync(reader, header, cancellationToken).ConfigureAwait(false) is not { } document) continue;
                documents[path] = document;
                budget -= document.Length;
            }

            await reader.RequireNothingMoreAsync(cancellationToken).ConfigureAwait(false);
            _documents = documents;
            return index;
        }
    }

    // Whatever a layout or archive has in JSON starts with a brace or a bracket; a layer does not.
    private static async Task<byte[]?> ReadIfDocumentAsync(TarHeaderReader reader, TarHeader header, CancellationToken cancellationToken)
    {
        // no more than a block before it is known to be one: most files are layers
        byte[] bytes = new byte[(int)Math.Min(header.Size, TarBlock.Size)];
        int count = 0;
        while (count < header.Size)
        {
            int read = await reader.ReadDataAsync(bytes.AsMemory(count), cancellationToken).ConfigureAwait(false);
            if (count == 0 && bytes.AsSpan(0, read).TrimStart(" \t\r\n"u8) is not [(byte)'{' or (byte)'[', ..]) return null;
            count += read;
            if (count == bytes.Length) Array.Resize(ref bytes, (int)header.Size);
        }

        return bytes;
    }
}
