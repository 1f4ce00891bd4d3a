using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// Writes into an OCI layout directory (OCI image-spec, image-layout.md) so that a crash at any moment leaves a layout that holds what it
/// held: each file is written beside its place, put on the disk and then given its name; the index is read anew, changed and replaced under a
/// lock. What it does not know in the index stays as it is.
/// </summary>
internal sealed class LayoutWriter
{
    private const string OwnFolder = ".ocitools";
    private const int BlockSize = 256 * 1024;

    private readonly string _root;
    private readonly IContentFiles _files;
    private readonly HashSet<string> _proved = new(StringComparer.Ordinal);
    private readonly Lazy<bool> _prepared;

    /// <param name="files">The files of the directory, which may not be there yet.</param>
    internal LayoutWriter(IContentFiles files)
    {
        _root = files.Where;
        _files = files;
        _prepared = new Lazy<bool>(() =>
        {
            Guard(Prepare);
            return true;
        });
    }

    private string Where => DisplayText.Excerpt(_root);

    /// <summary>Whether there is a layout already.</summary>
    internal bool Exists => File.Exists(Path.Join(_root, LayoutContent.VersionFile));

    /// <summary>Checks that there is a layout or that one can be made. Nothing is written yet.</summary>
    /// <exception cref="UnsupportedException">The directory holds something else (<c>UnsupportedPlace</c>).</exception>
    internal void Check() => Guard(() =>
    {
        if (!Exists && Directory.Exists(_root) && Directory.EnumerateFileSystemEntries(_root).Any(entry => Path.GetFileName(entry) is not (OwnFolder or "blobs" or LayoutContent.IndexFile)))
            throw ErrorCatalogue.UnsupportedPlace.Error($"The directory '{Where}' is no OCI layout and not empty, so nothing is written into it.",
                recommendation: "Name a layout, an empty directory or one that is not there yet.");
    });

    private void Prepare()
    {
        bool isNew = !Exists;
        Directory.CreateDirectory(Path.Join(_root, "blobs", "sha256"));
        Directory.CreateDirectory(Path.Join(_root, OwnFolder));
        if (!isNew) return;
        if (!File.Exists(Path.Join(_root, LayoutContent.IndexFile))) WriteFile(LayoutContent.IndexFile, LayoutEntries.EmptyIndex, replace: false);

        // last, since it says that the others are there
        WriteFile(LayoutContent.VersionFile, LayoutEntries.Version, replace: false);
    }

    /// <summary>Whether a blob is there and has its digest: a size alone proves nothing of a file that anybody may have written.</summary>
    internal async Task<bool> HasAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        lock (_proved)
            if (_proved.Contains(blob.Digest)) return true;
        if (await LayoutContent.FindBlobAsync(_files, blob.GetDigest(), cancellationToken).ConfigureAwait(false) is not { } file) return false;
        if (blob.Size >= 0 && file.Size != blob.Size) return false;
        try
        {
            Stream stream = await LayoutContent.OpenBlobAsync(_files, blob, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false)) await CopyAsync(stream, null, cancellationToken).ConfigureAwait(false);
        }
        catch (IntegrityException)
        {
            return false;
        }

        lock (_proved) _proved.Add(blob.Digest);
        return true;
    }

    /// <summary>Writes a blob; what is there under its name is replaced.</summary>
    /// <param name="blob">Digest and size.</param>
    /// <param name="content">The bytes; the stream proves itself.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    internal async Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken cancellationToken)
    {
        _ = _prepared.Value;
        Digest digest = blob.GetDigest();
        string folder = Path.Join(_root, "blobs", digest.Algorithm);
        string ingest = Path.Join(_root, OwnFolder, $"{digest.Algorithm}-{digest.Hex}.{Path.GetRandomFileName()}.partial");
        try
        {
            Directory.CreateDirectory(folder);
            using (SafeFileHandle file = File.OpenHandle(ingest, FileMode.CreateNew, FileAccess.Write, FileShare.Read, preallocationSize: 0))
            {
                await CopyAsync(content, file, cancellationToken).ConfigureAwait(false);
                DurableFile.Flush(file, ingest);
            }

            File.Move(ingest, Path.Join(folder, digest.Hex), overwrite: true);
            DurableFile.FlushFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
        finally
        {
            File.Delete(ingest);
        }

        lock (_proved) _proved.Add(blob.Digest);
    }

    /// <summary>Gives a document of the layout a name, which no other one has from then on; without a name it gets an entry, once. Blobs of the one that had the name stay.</summary>
    internal async Task PutEntryAsync(ManifestDocument document, string? name, CancellationToken cancellationToken)
    {
        _ = _prepared.Value;
        using SafeFileHandle held = await LockAsync(cancellationToken).ConfigureAwait(false);
        byte[] before = await LayoutContent.ReadIndexBytesAsync(_files, cancellationToken).ConfigureAwait(false);
        _ = LayoutContent.ParseIndex(_files, _root, before);
        JsonObject index = JsonNode.Parse(before, documentOptions: new JsonDocumentOptions { MaxDepth = Limits.JsonDepth })!.AsObject();
        JsonArray entries = index["manifests"]!.AsArray();
        bool isThere = false;
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            JsonObject entry = entries[i]!.AsObject();
            bool isSame = entry["digest"]!.GetValue<string>() == document.Digest;
            string? entryName = NameOf(entry);
            if (isSame && entryName == name) isThere = true;
            else if (name is not null && entryName == name) entries.RemoveAt(i);
        }

        if (!isThere) entries.Add((JsonNode)LayoutEntries.EntryOf(document, name));
        byte[] after = LayoutEntries.Write(index);
        if (after.Length > Limits.StoreIndex) throw BoundedReading.TooLarge($"The index of '{Where}'", Limits.StoreIndex);
        if (!after.AsSpan().SequenceEqual(before)) Guard(() => WriteFile(LayoutContent.IndexFile, after, replace: true));
    }

    private static string? NameOf(JsonObject entry) => entry["annotations"]?[LayoutNames.RefNameKey]?.GetValue<string>();

    private async Task<SafeFileHandle> LockAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DurableFile.LockAsync(Path.Join(_root, OwnFolder, "lock"), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
    }

    private void WriteFile(string name, byte[] content, bool replace)
    {
        string ingest = Path.Join(_root, OwnFolder, $"{name}.{Path.GetRandomFileName()}.partial");
        try
        {
            using (SafeFileHandle file = File.OpenHandle(ingest, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, content, 0);
                DurableFile.Flush(file, ingest);
            }

            string path = Path.Join(_root, name);
            if (replace || !File.Exists(path)) File.Move(ingest, path, overwrite: true);
            DurableFile.FlushFolder(_root);
        }
        finally
        {
            File.Delete(ingest);
        }
    }

    private static async Task CopyAsync(Stream source, SafeFileHandle? target, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            long offset = 0;
            int count;
            while ((count = await source.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (target is not null) await RandomAccess.WriteAsync(target, block.AsMemory(0, count), offset, cancellationToken).ConfigureAwait(false);
                offset += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
    }

    private OciException CannotWrite(Exception e) => ErrorCatalogue.WriteFailed.Error($"The OCI layout '{Where}' cannot be written: {DisplayText.Excerpt(e.Message)}", e);
}
