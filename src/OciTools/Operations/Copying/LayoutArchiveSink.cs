using OciTools.Stores;
using OciTools.Stores.Files;
using OciTools.Stores.Layout;

namespace OciTools.Operations.Copying;

/// <summary>Writes an OCI layout into a tar (OCI image-spec, image-layout.md). The file appears when it is whole and on the disk.</summary>
internal sealed class LayoutArchiveSink : ICopySink
{
    private readonly AtomicFile _file;
    private readonly TarOutput _tar;
    private readonly string? _name;
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private bool _isStarted;

    private LayoutArchiveSink(AtomicFile file, string? name)
    {
        _file = file;
        _tar = new TarOutput(file.Output);
        _name = name;
    }

    /// <summary>Starts the archive; its folder is made where it is missing.</summary>
    /// <param name="destination">The file and the ref name.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <exception cref="ConflictException">It exists, or cannot be written there (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    internal static LayoutArchiveSink Create(ImageLocation destination, bool replace)
    {
        AtomicFile.MakeFolder(Path.GetDirectoryName(destination.Path)!);
        return new LayoutArchiveSink(AtomicFile.Create(destination.Path!, replace), destination.RefName);
    }

    // an archive is written front to back, and the same image gives the same bytes
    public bool IsOrdered => true;

    public Task<bool> PutBlobAsync(Descriptor blob, ImageLocation? source, ContentOpener open, CancellationToken cancellationToken) =>
        WriteBlobAsync(blob.GetDigest(), blob.Size, async (output, token) =>
        {
            Stream content = await open(null, token).ConfigureAwait(false);
            await using (content.ConfigureAwait(false)) await StreamCopy.CopyAsync(content, output, null, token).ConfigureAwait(false);
        }, cancellationToken);

    public async Task FinishAsync(IReadOnlyList<ManifestDocument> documents, IReadOnlyList<AttachedDocument> attached, CancellationToken cancellationToken)
    {
        foreach (ManifestDocument document in documents.Concat(attached.SelectMany(one => one.Documents)))
            await WriteBlobAsync(document.GetDigest(), document.Size, (output, token) => output.WriteAsync(document.Bytes, token).AsTask(), cancellationToken).ConfigureAwait(false);
        await _tar.WriteFileAsync(LayoutContent.IndexFile, LayoutEntries.IndexOf([(documents[^1], _name), .. attached.Select(one => (one.Documents[^1], one.Tag))]), cancellationToken).ConfigureAwait(false);
        await _tar.EndAsync(cancellationToken).ConfigureAwait(false);
        await _file.CommitDurablyAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private async Task<bool> WriteBlobAsync(Digest digest, long size, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        if (!_isStarted)
        {
            await _tar.WriteFileAsync(LayoutContent.VersionFile, LayoutEntries.Version, cancellationToken).ConfigureAwait(false);
            await _tar.WriteFolderAsync("blobs/", cancellationToken).ConfigureAwait(false);
            _isStarted = true;
        }

        if (_written.Add(digest.Algorithm)) await _tar.WriteFolderAsync($"blobs/{digest.Algorithm}/", cancellationToken).ConfigureAwait(false);
        if (!_written.Add(digest.ToString())) return false;
        await _tar.WriteFileAsync(LayoutContent.PathOf(digest), size, write, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
