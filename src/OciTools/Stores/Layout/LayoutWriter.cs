using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// Writes into an OCI layout directory (OCI image-spec, image-layout.md) so that a crash at any moment leaves a layout that holds what it
/// held: each file is written beside its place, put on the disk and then given its name, and a document is named when all below it is there.
/// What it counts on it claims, so that clearing leaves it alone.
/// </summary>
internal sealed class LayoutWriter : IDisposable
{
    private readonly IContentFiles _files;
    private readonly IngestFolder _folder;
    private readonly LayoutIndexFile _index;
    private readonly HashSet<string> _proved = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private LayoutLease? _lease;

    /// <param name="files">The files of the directory, which may not be there yet.</param>
    internal LayoutWriter(IContentFiles files)
    {
        _files = files;
        _folder = new IngestFolder(files.Where);
        _index = new LayoutIndexFile(files, _folder);
    }

    private string Where => DisplayText.Excerpt(_files.Where);

    /// <summary>Whether there is a layout already.</summary>
    internal bool Exists => _index.Exists;

    /// <summary>Checks that there is a layout or that one can be made. Nothing is written yet.</summary>
    /// <exception cref="UnsupportedException">The directory holds something else (<c>UnsupportedPlace</c>).</exception>
    internal void Check()
    {
        try
        {
            if (!Exists && Directory.Exists(_files.Where) && Directory.EnumerateFileSystemEntries(_files.Where).Any(entry => Path.GetFileName(entry) is not (IngestFolder.Name or "blobs" or LayoutContent.IndexFile)))
                throw ErrorCatalogue.UnsupportedPlace.Error($"The directory '{Where}' is no OCI layout and not empty, so nothing is written into it.",
                    recommendation: "Name a layout, an empty directory or one that is not there yet.");
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(e);
        }
    }

    /// <summary>
    /// Whether a blob is there and has its digest: a size alone proves nothing of a file that anybody may have written. If so, it stays there
    /// as long as this writer lives.
    /// </summary>
    internal async Task<bool> HasAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        if (IsProved(blob)) return true;
        if (!await IsThereAsync(blob, cancellationToken).ConfigureAwait(false)) return false;
        await ClaimAsync(blob, cancellationToken).ConfigureAwait(false);
        if (!await IsThereAsync(blob, cancellationToken).ConfigureAwait(false)) return false;
        try
        {
            Stream stream = await LayoutContent.OpenBlobAsync(_files, blob, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false)) await BoundedReading.SkipAllAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        catch (IntegrityException)
        {
            return false;
        }

        Remember(blob);
        return true;
    }

    /// <summary>Writes a blob, behind what a writing of it that was stopped has left; what is there under its name is replaced.</summary>
    /// <param name="blob">Digest and size.</param>
    /// <param name="open">Opens the bytes, behind those that are there; the stream proves the whole.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    internal async Task PutBlobAsync(Descriptor blob, ContentOpener open, CancellationToken cancellationToken)
    {
        await ClaimAsync(blob, cancellationToken).ConfigureAwait(false);
        try
        {
            string path = Path.Join(_files.Where, LayoutContent.PathOf(blob.GetDigest()));
            DurableFile.MakeFolder(Path.GetDirectoryName(path)!);
            if (!await ContinueAsync(blob, path, open, cancellationToken).ConfigureAwait(false))
            {
                using PartialBlob partial = PartialBlob.Create(_folder, blob.GetDigest());
                await WriteAsync(partial, path, open, null, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(e);
        }

        Remember(blob);
    }

    /// <summary>Gives a document of the layout a name, which no other one has from then on; without a name it gets an entry, once. Blobs of the one that had the name stay.</summary>
    /// <exception cref="NotFoundException">Something that the document names is not there any more (<c>BlobNotFound</c>).</exception>
    internal async Task PutEntryAsync(ManifestDocument document, string? name, CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _index.ChangeAsync(async (index, entries) =>
            {
                // nobody clears while the index is locked, and what has an entry already is no worse for another one
                if (!index.Manifests.Any(entry => entry.GetDigest() == document.GetDigest())) await RequireAllAsync(document, 0, cancellationToken).ConfigureAwait(false);
                LayoutIndexFile.PutEntry(entries, document, name);
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(e);
        }
    }

    /// <summary>Takes one entry out of the index.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="name">Its ref name; null for none.</param>
    /// <param name="cancellationToken">Stops the waiting for the lock.</param>
    /// <exception cref="NotFoundException">There is none any more (<c>ImageNotFound</c>).</exception>
    internal async Task RemoveEntryAsync(string digest, string? name, CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _index.ChangeAsync((_, entries) => LayoutIndexFile.RemoveEntry(entries, digest, name)
                ? Task.CompletedTask
                : throw ErrorCatalogue.ImageNotFound.Error($"'{Where}' has no entry of {digest}{(name is null ? "" : $" with the name '{DisplayText.Excerpt(name, 100)}'")} any more."), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(e);
        }
    }

    /// <summary>Ends the lease on what was claimed.</summary>
    public void Dispose()
    {
        _lease?.Dispose();
        _gate.Dispose();
    }

    // Goes on with what is left of another writing. False where there is nothing, or where it was no part of this blob.
    private async Task<bool> ContinueAsync(Descriptor blob, string path, ContentOpener open, CancellationToken cancellationToken)
    {
        using PartialBlob? partial = PartialBlob.TryAdopt(_folder, blob);
        if (partial is null) return false;
        using ContentPrefix prefix = await partial.ReadPrefixAsync(blob.GetDigest(), cancellationToken).ConfigureAwait(false);
        if (prefix.Length == blob.Size)
        {
            bool isWhole = prefix.Is(blob.GetDigest());
            if (isWhole) partial.Commit(path);
            else partial.Discard();
            return isWhole;
        }

        try
        {
            await WriteAsync(partial, path, open, prefix, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (IntegrityException)
        {
            // the part or the source is wrong: from the first byte on it will be seen which
            return false;
        }
    }

    private static async Task WriteAsync(PartialBlob partial, string path, ContentOpener open, ContentPrefix? prefix, CancellationToken cancellationToken)
    {
        try
        {
            Stream content = await open(prefix, cancellationToken).ConfigureAwait(false);
            await using (content.ConfigureAwait(false)) await partial.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            partial.Commit(path);
        }
        catch (OciException e) when (e.IsVerdict)
        {
            partial.Discard();
            throw;
        }
    }

    // All that a document names, and what its children name: in a layout an image is whole or has no name.
    private async Task RequireAllAsync(ManifestDocument document, int depth, CancellationToken cancellationToken)
    {
        document.RequireDepth(depth);
        IEnumerable<Descriptor> named = document is ImageManifest manifest
            ? manifest.Layers.Where(layer => !MediaTypes.IsNonDistributable(layer.MediaType)).Prepend(manifest.Config)
            : ((ImageIndex)document).Manifests;
        foreach (Descriptor descriptor in named)
        {
            if (!IsProved(descriptor) && descriptor.GetData() is null && !await IsThereAsync(descriptor, cancellationToken).ConfigureAwait(false))
                throw ErrorCatalogue.BlobNotFound.Error($"'{Where}' does not hold {descriptor.Digest}, which {document.Digest} names, so that gets no name.");
            if (document is not ImageIndex || !MediaTypes.IsKnownManifest(descriptor.MediaType)) continue;
            byte[] bytes = await LayoutContent.ReadBlobAsync(_files, descriptor, Limits.Manifest, cancellationToken).ConfigureAwait(false);
            ManifestDocument child = ManifestDocument.Parse(bytes, descriptor.Digest, descriptor.MediaType, descriptor.GetDigest());
            await RequireAllAsync(child, depth + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsThereAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await LayoutContent.FindBlobAsync(_files, blob.GetDigest(), cancellationToken).ConfigureAwait(false) is { } file && (blob.Size < 0 || file.Size == blob.Size);

    private bool IsProved(Descriptor blob)
    {
        lock (_proved) return _proved.Contains(blob.Digest);
    }

    private void Remember(Descriptor blob)
    {
        lock (_proved) _proved.Add(blob.Digest);
    }

    private async Task ClaimAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        LayoutLease lease = await PrepareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await lease.ClaimAsync(blob.GetDigest(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(e);
        }
    }

    private async Task<LayoutLease> PrepareAsync(CancellationToken cancellationToken)
    {
        if (_lease is { } lease) return lease;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_lease is not null) return _lease;
            DurableFile.MakeFolder(Path.Join(_files.Where, "blobs", "sha256"));
            Directory.CreateDirectory(_folder.Path);
            await _index.CreateAsync(cancellationToken).ConfigureAwait(false);
            return _lease = LayoutLease.Take(_folder);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(e);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static bool IsOfDisk(Exception e) => e is IOException or UnauthorizedAccessException;

    private OciException CannotWrite(Exception e) => ErrorCatalogue.WriteFailed.Error($"The OCI layout '{Where}' cannot be written: {DisplayText.Excerpt(e.Message)}", e);
}
