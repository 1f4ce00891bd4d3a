using System.Runtime.CompilerServices;
using OciTools.Stores.Files;

namespace OciTools.Stores.DockerArchive;

/// <summary>
/// An archive as <c>docker save</c> and <c>podman save</c> write it, plain or compressed: <c>manifest.json</c>, configs and layers
/// (moby, image/spec/v1.2.md, Combined Image JSON + Filesystem Changeset Format). Where it also holds OCI files, as since Docker 25,
/// its images have manifests.
/// </summary>
public sealed class DockerArchiveStore : IUnpackedImageStore
{
    private readonly ArchiveContent _content;

    private DockerArchiveStore(TarFiles files, ImageLocation root) => _content = new ArchiveContent(files, root);

    /// <summary>Opens an archive. What is in it is read when it is asked for.</summary>
    /// <param name="absolutePath">The file.</param>
    /// <param name="inflateZstd">Inflates zstd: all frames; a stream cut short throws.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">The path is a directory (<c>UnsupportedPlace</c>).</exception>
    public static async Task<DockerArchiveStore> OpenAsync(string absolutePath, Func<Stream, Stream> inflateZstd, CancellationToken cancellationToken) =>
        Open(await TarFiles.OpenAsync(absolutePath, inflateZstd, cancellationToken).ConfigureAwait(false));

    /// <summary>Opens an archive that another store holds: an engine's export.</summary>
    /// <param name="seekableTar">The archive from its first byte; closed with the store.</param>
    /// <param name="location">The image as its owner names it; every image found here gets this name.</param>
    /// <param name="inflateZstd">Inflates zstd.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    internal static Task<DockerArchiveStore> OpenAsync(
        Stream seekableTar, ImageLocation location, Func<Stream, Stream> inflateZstd, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new DockerArchiveStore(TarFiles.FromStream(seekableTar, $"the export of {location}", inflateZstd), location));
    }

    internal static DockerArchiveStore Open(TarFiles files) =>
        new(files, ImageLocation.FromPath(files.Where).WithTransport(ImageTransport.DockerArchive));

    /// <inheritdoc/>
    public async Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (int position, string? tag, ManifestDocument? document) = await FindAsync(location, cancellationToken).ConfigureAwait(false);
        return document is not null
            ? new StoredImage(Child(location, document.GetDigest()), document.ToDescriptor())
            : await DescribeAsync(position, tag, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (int position, string? tag, ManifestDocument? document) = await FindAsync(location, cancellationToken).ConfigureAwait(false);
        if (document is not null) return document;
        StoredImage image = await DescribeAsync(position, tag, cancellationToken).ConfigureAwait(false);
        if (image.Manifest is not { } manifest)
            throw ErrorCatalogue.NoManifest.Error($"'{DisplayText.Excerpt(image.ToString())}' has no manifest: the archive holds its config and layers only.",
                recommendation: "Use Get-ImageConfig, Get-ImageHistory and Get-ImageLayer here, or ask the registry that the image came from.");
        byte[] bytes = await LayoutContent.ReadBlobAsync(_content.Files, manifest, Limits.Manifest, cancellationToken).ConfigureAwait(false);
        return ManifestDocument.Parse(bytes, image.Location.ToString(), manifest.MediaType, manifest.GetDigest());
    }

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return LayoutContent.OpenBlobAsync(_content.Files, descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return LayoutContent.FindSizeAsync(_content.Files, descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return LayoutContent.ReadPartAsync(_content.Files, descriptor, offset, count, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<UnpackedImage> InspectAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (int position, string? tag) = await FindItemAsync(location, cancellationToken).ConfigureAwait(false);
        ArchiveNames names = await _content.NamesAsync(cancellationToken).ConfigureAwait(false);
        ArchiveItem item = names[position];
        ImageLocation canonical = names.LocationOf(position, tag);
        ImageConfig config = await ReadConfigAsync(item, canonical, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Digest> diffIds = config.GetDiffIds();
        List<UnpackedLayer> layers = [];
        for (int i = 0; i < diffIds.Count; i++)
        {
            ContentFile? file = await _content.FindLayerAsync(item, i, cancellationToken).ConfigureAwait(false);
            layers.Add(new UnpackedLayer(diffIds[i], file?.Size));
        }

        return new UnpackedImage(canonical, config, layers);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenUnverifiedLayerAsync(ImageLocation location, int layer, CancellationToken cancellationToken)
    {
        ContentFile file = await FindLayerAsync(location, layer, cancellationToken).ConfigureAwait(false);
        return await _content.Files.OpenAsync(file, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<byte[]?> ReadUnverifiedLayerPartAsync(ImageLocation location, int layer, long offset, int count, CancellationToken cancellationToken)
    {
        ContentFile file = await FindLayerAsync(location, layer, cancellationToken).ConfigureAwait(false);
        return await LayoutContent.ReadPartAsync(_content.Files, file, offset, count, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<IUnpackedImageStore> ExportAsync(ImageLocation location, CancellationToken cancellationToken) => Task.FromResult<IUnpackedImageStore>(this);

    /// <inheritdoc/>
    public ImageLocation Child(ImageLocation location, Digest digest) =>
        _content.Root.Transport == ImageTransport.DockerArchive ? _content.Root.WithName(null, digest) : _content.Root;

    /// <summary>The images of the archive, one for each of their names, in its order.</summary>
    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredImage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArchiveNames names = await _content.NamesAsync(cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].RepoTags.Count == 0) yield return await DescribeAsync(i, null, cancellationToken).ConfigureAwait(false);
            foreach (string tag in names[i].RepoTags) yield return await DescribeAsync(i, tag, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the archive and removes its spool.</summary>
    public ValueTask DisposeAsync() => _content.DisposeAsync();

    private async Task<ContentFile> FindLayerAsync(ImageLocation location, int layer, CancellationToken cancellationToken)
    {
        await _content.Files.PrepareContentAsync(cancellationToken).ConfigureAwait(false);
        (int position, string? tag) = await FindItemAsync(location, cancellationToken).ConfigureAwait(false);
        ArchiveNames names = await _content.NamesAsync(cancellationToken).ConfigureAwait(false);
        ArchiveItem item = names[position];
        if (layer < 0 || layer >= item.Layers.Count)
            throw ErrorCatalogue.LayerNotFound.Error($"'{DisplayText.Excerpt(names.LocationOf(position, tag).ToString())}' has no layer {layer}: it has {item.Layers.Count}.");
        return await _content.FindLayerAsync(item, layer, cancellationToken).ConfigureAwait(false)
            ?? throw _content.MissingLayer(item, layer);
    }

    private async Task<StoredImage> DescribeAsync(int position, string? tag, CancellationToken cancellationToken)
    {
        ArchiveNames names = await _content.NamesAsync(cancellationToken).ConfigureAwait(false);
        Descriptor? manifest = null;
        if (await _content.Files.ContainsAsync(LayoutContent.IndexFile, cancellationToken).ConfigureAwait(false))
        {
            Digest id = await _content.ReadIdAsync(names[position], cancellationToken).ConfigureAwait(false);
            manifest = (await _content.ManifestsAsync(cancellationToken).ConfigureAwait(false)).Find(id);
        }

        (string? repository, string? shortTag) = names.NameOf(position, tag);
        return new StoredImage(names.LocationOf(position, tag), manifest) { Repository = repository, Tag = shortTag };
    }

    private async Task<ImageConfig> ReadConfigAsync(ArchiveItem item, ImageLocation location, CancellationToken cancellationToken)
    {
        (byte[] bytes, Digest id) = await _content.ReadConfigAsync(item, cancellationToken).ConfigureAwait(false);
        ImageConfig config = ImageConfig.Parse(bytes, location.ToString(), id);
        if (config.DiffIds.Count != item.Layers.Count)
            throw ErrorCatalogue.MalformedContent.Error(
                $"'{DisplayText.Excerpt(location.ToString())}' has {DisplayText.Count(item.Layers.Count, "layer")} in the archive and {DisplayText.Count(config.DiffIds.Count, "diff id")} in its config.");
        return config;
    }

    private async Task<(int Position, string? Tag)> FindItemAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (int position, string? tag, ManifestDocument? document) = await FindAsync(location, cancellationToken).ConfigureAwait(false);
        if (document is null) return (position, tag);
        ArchiveNames names = await _content.NamesAsync(cancellationToken).ConfigureAwait(false);
        if (document is ImageManifest manifest && await FindIdAsync(names, manifest.Config.GetDigest(), cancellationToken).ConfigureAwait(false) is var found and >= 0)
            return (found, null);
        throw names.NotFound($"holds {document.Digest}, which is not the manifest of one of its images");
    }

    // by name or position; by digest it is an image id or a document among the OCI files
    private async Task<(int Position, string? Tag, ManifestDocument? Document)> FindAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArchiveNames names = await _content.NamesAsync(cancellationToken).ConfigureAwait(false);
        (int position, string? tag) = names.Find(location);
        if (position >= 0) return (position, tag, null);

        Digest digest = location.Digest!;
        position = await FindIdAsync(names, digest, cancellationToken).ConfigureAwait(false);
        if (position >= 0) return (position, null, null);
        return (-1, null, await LayoutContent.ReadManifestAsync(_content.Files, digest, Child(location, digest).ToString(), names.NotFound, cancellationToken).ConfigureAwait(false));
    }

    private async Task<int> FindIdAsync(ArchiveNames names, Digest id, CancellationToken cancellationToken)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].StatedId() is { } stated && stated != id) continue;
            if (await _content.ReadIdAsync(names[i], cancellationToken).ConfigureAwait(false) == id) return i;
        }

        return -1;
    }
}
