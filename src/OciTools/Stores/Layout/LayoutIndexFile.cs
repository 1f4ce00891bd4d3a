using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// The index of a layout directory. It is read anew, changed and replaced under a lock; what is not known in it stays as it is. A file is
/// written beside its place, put on the disk and then given its name, so that a crash leaves the one or the other whole.
/// </summary>
internal sealed class LayoutIndexFile(IContentFiles files, IngestFolder folder)
{
    /// <summary>Whether there is a layout already.</summary>
    internal bool Exists => File.Exists(PathOf(LayoutContent.VersionFile));

    /// <summary>Makes what makes a directory an empty layout, as far as it is not there. The folder for files that are written is there.</summary>
    internal async Task CreateAsync(CancellationToken cancellationToken)
    {
        if (Exists) return;
        using SafeFileHandle held = await LockAsync(cancellationToken).ConfigureAwait(false);
        if (!File.Exists(PathOf(LayoutContent.IndexFile))) Write(LayoutContent.IndexFile, LayoutEntries.EmptyIndex);

        // last, since it says that the others are there
        if (!Exists) Write(LayoutContent.VersionFile, LayoutEntries.Version);
    }

    /// <summary>Changes the index.</summary>
    /// <param name="change">Gets the index as it is and the entries to change.</param>
    /// <param name="cancellationToken">Stops the waiting for the lock.</param>
    /// <exception cref="MalformedException">The index can be read in two ways, so nothing is written over it.</exception>
    internal async Task ChangeAsync(Func<ImageIndex, JsonArray, Task> change, CancellationToken cancellationToken)
    {
        using SafeFileHandle held = await LockAsync(cancellationToken).ConfigureAwait(false);
        byte[] before = await LayoutContent.ReadIndexBytesAsync(files, cancellationToken).ConfigureAwait(false);
        ImageIndex index = LayoutContent.ParseIndex(files, files.Where, before);
        JsonObject document = JsonNode.Parse(before, documentOptions: new JsonDocumentOptions { MaxDepth = Limits.JsonDepth })!.AsObject();
        await change(index, document["manifests"]!.AsArray()).ConfigureAwait(false);
        byte[] after = DocumentJson.Write(document);
        if (after.Length > Limits.StoreIndex) throw BoundedReading.TooLarge($"The index of '{DisplayText.Excerpt(files.Where)}'", Limits.StoreIndex);
        if (!after.AsSpan().SequenceEqual(before)) Write(LayoutContent.IndexFile, after);
    }

    /// <summary>Waits until this process alone may change the index.</summary>
    internal Task<SafeFileHandle> LockAsync(CancellationToken cancellationToken) => FileLock.TakeAsync(folder.IndexLock, isShared: false, cancellationToken);

    /// <summary>Adds a document under a name, which no other entry has from then on; one without a name once.</summary>
    internal static void PutEntry(JsonArray entries, ManifestDocument document, string? name)
    {
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
    }

    /// <summary>Takes the first entry away that has the digest and the name; false where none does.</summary>
    internal static bool RemoveEntry(JsonArray entries, string digest, string? name)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            JsonObject entry = entries[i]!.AsObject();
            if (entry["digest"]!.GetValue<string>() != digest || NameOf(entry) != name) continue;
            entries.RemoveAt(i);
            return true;
        }

        return false;
    }

    private static string? NameOf(JsonObject entry) => entry["annotations"]?[LayoutNames.RefNameKey]?.GetValue<string>();

    private string PathOf(string name) => Path.Join(files.Where, name);

    private void Write(string name, byte[] content)
    {
        string ingest = folder.NewPartial(name);
        try
        {
            using (SafeFileHandle file = File.OpenHandle(ingest, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, content, 0);
                DurableFile.Flush(file, ingest);
            }

            File.Move(ingest, PathOf(name), overwrite: true);
            DurableFile.FlushFolder(files.Where);
        }
        finally
        {
            File.Delete(ingest);
        }
    }
}
