using System.Collections.Concurrent;
using OciTools.Stores.Files;

namespace OciTools.Stores.DockerArchive;

/// <summary>What an archive says of its images, read when it is asked for and then kept.</summary>
internal sealed class ArchiveContent : IAsyncDisposable
{
    /// <summary>The file that names the images.</summary>
    internal const string ManifestFile = "manifest.json";

    /// <summary>What had the names before Docker 1.10.</summary>
    internal const string OldNamesFile = "repositories";

    private readonly TarFiles _files;
    private readonly ImageLocation _root;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<string, Digest> _ids = new(StringComparer.Ordinal);
    private ArchiveNames? _names;
    private ArchiveManifests? _manifests;

    internal ArchiveContent(TarFiles files, ImageLocation root)
    {
        _files = files;
        _root = root;
    }

    internal TarFiles Files => _files;

    internal ImageLocation Root => _root;

    /// <summary>The images.</summary>
    internal Task<ArchiveNames> NamesAsync(CancellationToken cancellationToken) =>
        OnceAsync(() => _names, names => _names = names, ReadNamesAsync, cancellationToken);

    /// <summary>The manifests, where the archive holds OCI files too.</summary>
    internal Task<ArchiveManifests> ManifestsAsync(CancellationToken cancellationToken) =>
        OnceAsync(() => _manifests, manifests => _manifests = manifests, token => ArchiveManifests.ReadAsync(_files, _root.ToString(), token), cancellationToken);

    /// <summary>The image id, which is the digest of the config; a config is read for it once, however many names and images it has.</summary>
    internal async Task<Digest> ReadIdAsync(ArchiveItem item, CancellationToken cancellationToken)
    {
        if (_ids.TryGetValue(item.Config, out Digest? known)) return known;
        (_, Digest id) = await ReadConfigAsync(item, cancellationToken).ConfigureAwait(false);
        return _ids[item.Config] = id;
    }

    /// <summary>The exact bytes of a config and their digest, which is the image id.</summary>
    internal async Task<(byte[] Bytes, Digest Id)> ReadConfigAsync(ArchiveItem item, CancellationToken cancellationToken)
    {
        string what = $"The config '{DisplayText.Excerpt(item.Config, 120)}' in '{DisplayText.Excerpt(_files.Where)}'";
        Digest? stated = item.StatedId();
        byte[] bytes = stated is null
            ? await _files.ReadDocumentAsync(item.Config, Limits.Config, cancellationToken).ConfigureAwait(false) ?? throw Missing(what)
            : await ReadStatedAsync(item.Config, what, cancellationToken).ConfigureAwait(false);
        Digest id = Digest.Compute(bytes);
        if (stated is not null && id != stated)
            throw ErrorCatalogue.DigestMismatch.Mismatch($"{what} has the digest {id}, which is not what its name states.", stated.ToString(), id.ToString());
        return (bytes, id);
    }

    /// <summary>The file of a layer; null if it is missing.</summary>
    internal Task<ContentFile?> FindLayerAsync(ArchiveItem item, int layer, CancellationToken cancellationToken) =>
        _files.FindThroughLinksAsync(item.Layers[layer], cancellationToken);

    internal OciException MissingLayer(ArchiveItem item, int layer) =>
        Missing($"The layer {layer}, '{DisplayText.Excerpt(item.Layers[layer], 120)}', in '{DisplayText.Excerpt(_files.Where)}'");

    public async ValueTask DisposeAsync()
    {
        await _files.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private static OciException Missing(string what) => ErrorCatalogue.BlobNotFound.Error($"{what} is missing.");

    private async Task<byte[]> ReadStatedAsync(string path, string what, CancellationToken cancellationToken)
    {
        ContentFile file = await _files.FindAsync(path, cancellationToken).ConfigureAwait(false) ?? throw Missing(what);
        if (file.Size > Limits.Config) throw BoundedReading.TooLarge(what, Limits.Config);
        Stream stream = await _files.OpenAsync(file, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await BoundedReading.ReadAllAsync(stream, Limits.Config, what, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ArchiveNames> ReadNamesAsync(CancellationToken cancellationToken)
    {
        byte[]? bytes = await _files.ReadDocumentAsync(ManifestFile, Limits.StoreIndex, cancellationToken).ConfigureAwait(false);
        if (bytes is not null) return new ArchiveNames(ArchiveItem.ReadAll(bytes, _files.Where), _root);

        string where = DisplayText.Excerpt(_files.Where);
        if (await _files.ContainsAsync(OldNamesFile, cancellationToken).ConfigureAwait(false))
            throw ErrorCatalogue.UnsupportedContent.Error($"'{where}' was saved by Docker before version 1.10: it has '{OldNamesFile}' but no '{ManifestFile}'.",
                recommendation: "Load it into an engine and save it again.");
        if (await _files.ContainsAsync(LayoutContent.VersionFile, cancellationToken).ConfigureAwait(false))
            throw ErrorCatalogue.UnsupportedPlace.Error($"'{where}' is an OCI layout and no docker-save archive: it has no '{ManifestFile}'.",
                recommendation: "Use oci-archive: for it.");
        throw ErrorCatalogue.UnsupportedPlace.Error($"'{where}' is no docker-save archive: it has no '{ManifestFile}'.");
    }

    private async Task<T> OnceAsync<T>(Func<T?> kept, Action<T> keep, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (kept() is { } value) return value;
            value = await read(cancellationToken).ConfigureAwait(false);
            keep(value);
            return value;
        }
        finally
        {
            _gate.Release();
        }
    }
}
