using System.Runtime.CompilerServices;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>An OCI image layout in a directory or in a tar, which may be compressed (OCI image-spec, image-layout.md).</summary>
public sealed class OciLayoutStore : IImageTarget, IReferrerStore
{
    private readonly IContentFiles _files;
    private readonly ImageLocation _root;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly LayoutWriter? _writer;
    private volatile LayoutNames? _names;
    private (LayoutNames Of, LayoutReferrers Read)? _referrers;
    private bool _isTarget;

    private OciLayoutStore(IContentFiles files, ImageLocation root)
    {
        _files = files;
        _root = root;
        if (files is DirectoryFiles) _writer = new LayoutWriter(files);
    }

    /// <summary>Opens a layout. Its files are read when they are asked for.</summary>
    /// <param name="absolutePath">The directory, or the archive.</param>
    /// <param name="transport"><see cref="ImageTransport.Oci"/> for a directory, <see cref="ImageTransport.OciArchive"/> for an archive.</param>
    /// <param name="inflateZstd">Inflates zstd: all frames; a stream cut short throws.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">There is a file where a directory must be, or the reverse (<c>UnsupportedPlace</c>).</exception>
    public static async Task<OciLayoutStore> OpenAsync(
        string absolutePath, ImageTransport transport, Func<Stream, Stream> inflateZstd, CancellationToken cancellationToken)
    {
        if (transport == ImageTransport.OciArchive)
            return Open(await TarFiles.OpenAsync(absolutePath, inflateZstd, cancellationToken).ConfigureAwait(false), transport);
        if (transport != ImageTransport.Oci) throw new ArgumentOutOfRangeException(nameof(transport));
        if (File.Exists(absolutePath))
            throw ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(absolutePath)}' is a file and not a layout directory.",
                recommendation: "Use oci-archive: for a layout in an archive.");
        if (!Directory.Exists(absolutePath)) throw LocalFile.NotFound(absolutePath);
        return Open(new DirectoryFiles(absolutePath), transport);
    }

    /// <summary>Opens a layout directory to write into it; makes it where it is missing or empty.</summary>
    /// <param name="absolutePath">The directory.</param>
    /// <exception cref="UnsupportedException">The directory holds something else (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="ConflictException">It cannot be written (<c>WriteFailed</c>).</exception>
    public static OciLayoutStore OpenTarget(string absolutePath)
    {
        if (File.Exists(absolutePath))
            throw ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(absolutePath)}' is a file and not a layout directory.", recommendation: "Use another path.");
        OciLayoutStore store = Open(new DirectoryFiles(absolutePath), ImageTransport.Oci);
        store._isTarget = true;
        store._writer!.Check();
        return store;
    }

    /// <summary>Clears the layout; null for an archive.</summary>
    internal LayoutSweep? Sweep => _writer is null ? null : new LayoutSweep(_files);

    internal static OciLayoutStore Open(IContentFiles files, ImageTransport transport) =>
        new(files, ImageLocation.FromPath(files.Where).WithTransport(transport));

    /// <inheritdoc/>
    public async Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (StoredImage image, _) = await FindAsync(location, cancellationToken).ConfigureAwait(false);
        return image;
    }

    /// <inheritdoc/>
    public async Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (StoredImage image, ManifestDocument? document) = await FindAsync(location, cancellationToken).ConfigureAwait(false);
        if (document is not null) return document;
        Descriptor descriptor = image.Manifest!;
        byte[] bytes = await LayoutContent.ReadBlobAsync(_files, descriptor, Limits.Manifest, cancellationToken).ConfigureAwait(false);
        return ManifestDocument.Parse(bytes, image.Location.ToString(), descriptor.MediaType, descriptor.GetDigest());
    }

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return LayoutContent.OpenBlobAsync(_files, descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenRestAsync(ImageLocation location, Descriptor descriptor, ContentPrefix prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(prefix);
        return LayoutContent.OpenBlobAsync(_files, descriptor, prefix, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return LayoutContent.FindSizeAsync(_files, descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return LayoutContent.ReadPartAsync(_files, descriptor, offset, count, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return Writer.HasAsync(descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(open);
        return PutBlobAsync(location, descriptor, source, (prefix, token) => VerifiedStream.BehindAsync(open, descriptor, prefix, token), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, ContentOpener open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(open);
        await Writer.PutBlobAsync(descriptor, open, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <inheritdoc/>
    public async Task PutManifestAsync(ImageLocation location, ManifestDocument document, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArgumentNullException.ThrowIfNull(document);
        Descriptor descriptor = document.ToDescriptor();
        if (!await Writer.HasAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            byte[] bytes = document.GetBytes();
            await Writer.PutBlobAsync(descriptor, (prefix, _) => Task.FromResult<Stream>(VerifiedStream.Of(bytes, descriptor, prefix)), cancellationToken).ConfigureAwait(false);
        }

        // a child is found by its digest, and needs no entry
        if (location.Digest is not null) return;
        await Writer.PutEntryAsync(document, location.RefName, cancellationToken).ConfigureAwait(false);
        await ForgetNamesAsync().ConfigureAwait(false);
    }

    /// <summary>Takes an image out of the index. Its blobs stay, and so do other entries of it.</summary>
    /// <param name="entry">The entry as it was listed.</param>
    /// <param name="cancellationToken">Stops the waiting for the lock.</param>
    /// <returns>Whether it was gone when one looked again.</returns>
    /// <exception cref="NotFoundException">There is no such entry any more (<c>ImageNotFound</c>).</exception>
    internal async Task<bool> RemoveEntryAsync(Descriptor entry, CancellationToken cancellationToken)
    {
        string? name = entry.Annotations.GetValueOrDefault(LayoutNames.RefNameKey);
        await Writer.RemoveEntryAsync(entry.Digest, name, cancellationToken).ConfigureAwait(false);
        await ForgetNamesAsync().ConfigureAwait(false);
        LayoutNames names = await NamesAsync(cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < names.Count; i++)
            if (name is not null && names[i].Digest == entry.Digest && names[i].Annotations.GetValueOrDefault(LayoutNames.RefNameKey) == name) return false;
        return true;
    }

    private LayoutWriter Writer => _writer ?? throw ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(_root.Path)}' is an archive; images are written to layout directories.");

    /// <inheritdoc/>
    public ImageLocation Child(ImageLocation location, Digest digest) => _root.WithName(null, digest);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredImage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LayoutNames names = await NamesAsync(cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < names.Count; i++) yield return names.Describe(i);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredReferrer> ListReferrersAsync(ImageLocation image, Digest subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LayoutNames names = await NamesAsync(cancellationToken).ConfigureAwait(false);
        LayoutReferrers referrers = await ReferrersAsync(names, cancellationToken).ConfigureAwait(false);
        foreach (Descriptor entry in referrers.Of(subject)) yield return new StoredReferrer(entry, ReferrerSource.Layout);
    }

    /// <summary>Closes the archive and removes its spool, or ends the lease on what was written.</summary>
    public async ValueTask DisposeAsync()
    {
        _writer?.Dispose();
        await _files.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    // once for all images of the layout, until its index is another one
    private async Task<LayoutReferrers> ReferrersAsync(LayoutNames names, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(_referrers?.Of, names)) _referrers = (names, await LayoutReferrers.ReadAsync(_files, names, _root.ToString(), cancellationToken).ConfigureAwait(false));
            return _referrers.Value.Read;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<(StoredImage Image, ManifestDocument? Document)> FindAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        LayoutNames names = await NamesAsync(cancellationToken).ConfigureAwait(false);
        if (location is { RefName: null, Digest: null, Position: null } && names.Count > 1)
        {
            // the place alone means the one image in it, also where what refers to it has entries of its own
            LayoutReferrers referrers = await ReferrersAsync(names, cancellationToken).ConfigureAwait(false);
            if (names.FindOnly(referrers.IsReferrer) is { } only) return (names.Describe(only), null);
        }

        if (names.Find(location) is { } position) return (names.Describe(position), null);

        // no entry of the index, but perhaps a child of one: any manifest among the blobs counts
        Digest digest = location.Digest!;
        ImageLocation child = _root.WithName(null, digest);
        ManifestDocument document = await LayoutContent.ReadManifestAsync(_files, digest, child.ToString(), names.NotFound, cancellationToken).ConfigureAwait(false);
        return (new StoredImage(child, document.ToDescriptor()), document);
    }

    // Who reads the index just now may read the one before, and would keep it; so that is waited for. The index is changed already, and
    // nothing that stops its reader may leave it unsaid.
    private async Task ForgetNamesAsync()
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _names = null;
        _gate.Release();
    }

    private async ValueTask<LayoutNames> NamesAsync(CancellationToken cancellationToken)
    {
        if (_names is { } names) return names;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // a place to write to may be a layout only after the first image
            if (_names is null && _writer is { Exists: false } && _isTarget) return new LayoutNames([], _root);
            if (_names is null)
            {
                ImageIndex index = await LayoutContent.ReadIndexAsync(_files, _root.ToString(), cancellationToken).ConfigureAwait(false);
                _names = new LayoutNames(index.Manifests, _root);
            }

            return _names;
        }
        finally
        {
            _gate.Release();
        }
    }
}
