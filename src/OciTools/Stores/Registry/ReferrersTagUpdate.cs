using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciTools.Stores.Registry;

/// <summary>
/// Adds artifacts to the tag that lists the referrers of their subject, and takes them off it, where the registry keeps no such list by itself
/// (distribution-spec, Referrers Tag Schema and Deleting Manifests). No request can change a tag only if it still is what it was, so whoever
/// reads, changes and writes may undo what another wrote in between. So the list is looked at once more just before it is written, and again a
/// while after it: whoever wrote over it has done so by then, and what was undone is done anew.
/// </summary>
internal sealed class ReferrersTagUpdate(RegistryClient client, IImageStore store, RegistryUploads uploads)
{
    private const int MostTries = 40;
    private const int Settle = 150;

    private readonly ConcurrentDictionary<string, Waiting> _lists = new(StringComparer.Ordinal);

    /// <summary>Adds an artifact that is in the repository. Several for the same list that come at once are added together.</summary>
    /// <exception cref="ConflictException">The tag stands for something else (<c>TagExists</c>).</exception>
    /// <exception cref="UnreachableException">Others undid it each time (<c>ReferrerNotListed</c>).</exception>
    internal Task AddAsync(ImageReference repository, ManifestDocument artifact, CancellationToken cancellationToken) =>
        EditAsync(repository, artifact.Subject!.GetDigest(), [new Edit(artifact.Digest, artifact)], cancellationToken);

    /// <summary>Takes artifacts off the list. One that becomes empty stays as an empty index: to push the changed list is all that the specification asks for.</summary>
    /// <exception cref="ConflictException">The tag stands for something else, or others undid it each time (<c>TagExists</c>, <c>NotRemoved</c>).</exception>
    internal Task RemoveAsync(ImageReference repository, Digest subject, IEnumerable<Digest> artifacts, CancellationToken cancellationToken) =>
        EditAsync(repository, subject, [.. artifacts.Select(artifact => new Edit(artifact.ToString(), null))], cancellationToken);

    private async Task EditAsync(ImageReference repository, Digest subject, IReadOnlyList<Edit> edits, CancellationToken cancellationToken)
    {
        ImageReference tag = repository.WithTag(ReferrersTag.NameOf(subject));
        Waiting waiting = _lists.GetOrAdd(tag.ToString(), _ => new Waiting());
        foreach (Edit edit in edits) waiting.Edits[edit.Digest] = edit;
        try
        {
            await waiting.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // whoever was before may have taken them along
                if (edits.All(edit => !waiting.Edits.ContainsKey(edit.Digest))) return;
                foreach (Edit done in await UpdateAsync(tag, subject, waiting, cancellationToken).ConfigureAwait(false)) waiting.Edits.TryRemove(done.Digest, out _);
            }
            finally
            {
                waiting.Gate.Release();
            }
        }
        finally
        {
            foreach (Edit edit in edits) waiting.Edits.TryRemove(edit.Digest, out _);
        }
    }

    // gives what the list says now
    private async Task<Edit[]> UpdateAsync(ImageReference tag, Digest subject, Waiting waiting, CancellationToken cancellationToken)
    {
        List<Edit> written = [];
        bool isDisturbed = false;
        bool isPruned = false;
        int confirmed = 0;
        for (int tries = 0; tries < MostTries; tries++)
        {
            long start = client.Pace.Time.GetTimestamp();
            ManifestDocument? current = await ReadAsync(tag, subject, cancellationToken).ConfigureAwait(false);
            JsonObject list = current is null ? NewList() : JsonNode.Parse(current.Bytes.Span, documentOptions: new JsonDocumentOptions { MaxDepth = Limits.JsonDepth })!.AsObject();
            if (isPruned) await PruneAsync(tag, list, cancellationToken).ConfigureAwait(false);

            // those that came while it was read too
            Edit[] edits = [.. waiting.Edits.Values.OrderBy(one => one.Digest, StringComparer.Ordinal)];
            HashSet<string> listed = new(EntriesOf(list).Select(entry => entry!["digest"]!.GetValue<string>()), StringComparer.Ordinal);
            isDisturbed |= written.Exists(edit => edit.IsAddition != listed.Contains(edit.Digest));
            if (!Apply(edits, list, listed))
            {
                // with others about, once is not enough
                if (!isDisturbed || ++confirmed > 1) return edits;
                await WaitAsync(start, 4 * Settle, cancellationToken).ConfigureAwait(false);
                continue;
            }

            confirmed = 0;
            ManifestDocument changed = Parse(tag, list);
            if (!await IsStillAsync(tag, current, subject, cancellationToken).ConfigureAwait(false))
            {
                isDisturbed = true;
                await WaitAsync(start, RandomNumberGenerator.GetInt32(Settle), cancellationToken).ConfigureAwait(false);
                continue;
            }

            try
            {
                await uploads.PutManifestAsync(tag, changed, cancellationToken).ConfigureAwait(false);
                written.AddRange(edits);
            }
            catch (OciException e) when (current is not null && e.Kind is ErrorKind.Protocol or ErrorKind.NotFound)
            {
                // some registries take no list that names what was deleted, and others may have deleted more since it was looked through
                if (isPruned && !await PruneAsync(tag, list, cancellationToken).ConfigureAwait(false)) throw;
                isPruned = true;
                continue;
            }

            await WaitAsync(start, Settle + RandomNumberGenerator.GetInt32(Settle), cancellationToken).ConfigureAwait(false);
        }

        string digests = string.Join(", ", waiting.Edits.Keys.Order(StringComparer.Ordinal));
        throw waiting.Edits.Values.Any(edit => edit.IsAddition)
            ? ErrorCatalogue.ReferrerNotListed.Error($"The list of referrers {tag} does not name {digests} after {MostTries} tries to add it.")
            : ErrorCatalogue.NotRemoved.Error($"The list of referrers {tag} still names {digests} after {MostTries} tries to write it without.");
    }

    // Long enough for those who read the list before it was written, at the pace that requests have now.
    private Task WaitAsync(long start, int milliseconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds) + (2 * client.Pace.Time.GetElapsedTime(start)), client.Pace.Time, cancellationToken);

    // null where there is no list yet; some registries take the tag for the digest itself
    private async Task<ManifestDocument?> ReadAsync(ImageReference tag, Digest subject, CancellationToken cancellationToken)
    {
        try
        {
            ManifestDocument document = await store.ReadManifestAsync(ImageLocation.FromReference(tag), cancellationToken).ConfigureAwait(false);
            if (document.GetDigest() == subject) return null;
            return document is ImageIndex ? document : throw ErrorCatalogue.TagExists.Error(
                $"{tag} is where the referrers of {subject} are listed, and it stands for the image {document.Digest}.", recommendation: "Find out who gave that tag, and remove it.");
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    private async Task<bool> IsStillAsync(ImageReference tag, ManifestDocument? expected, Digest subject, CancellationToken cancellationToken)
    {
        StoredImage? current = await store.FindAsync(ImageLocation.FromReference(tag), cancellationToken).ConfigureAwait(false);
        return current is null ? expected is null : current.Manifest?.GetDigest() == (expected?.GetDigest() ?? subject);
    }

    // whether the list named what is not there
    private async Task<bool> PruneAsync(ImageReference tag, JsonObject list, CancellationToken cancellationToken)
    {
        JsonArray entries = EntriesOf(list);
        int before = entries.Count;
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            Digest digest = Digest.Parse(entries[i]!["digest"]!.GetValue<string>());
            if (await store.FindAsync(ImageLocation.FromReference(tag.WithDigest(digest)), cancellationToken).ConfigureAwait(false) is not null) continue;
            client.Log?.Request($"{tag} names {digest}, which is not there any more; it is taken off the list");
            entries.RemoveAt(i);
        }

        return entries.Count < before;
    }

    // whether that changes anything
    private static bool Apply(Edit[] edits, JsonObject list, HashSet<string> listed)
    {
        JsonArray entries = EntriesOf(list);
        bool isChanged = false;
        foreach ((string digest, ManifestDocument? artifact) in edits)
        {
            if (artifact is null)
            {
                if (!listed.Remove(digest)) continue;
                for (int i = entries.Count - 1; i >= 0; i--)
                    if (entries[i]!["digest"]!.GetValue<string>() == digest) entries.RemoveAt(i);
                isChanged = true;
                continue;
            }

            if (!listed.Add(digest)) continue;
            JsonObject entry = DocumentJson.Descriptor(artifact);
            if (artifact.ReferrerType is { } type) entry["artifactType"] = type;
            if (artifact.Annotations.Count > 0) entry["annotations"] = new JsonObject(artifact.Annotations.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
            entries.Add((JsonNode)entry);
            isChanged = true;
        }

        return isChanged;
    }

    private static JsonArray EntriesOf(JsonObject list)
    {
        if (list["manifests"] is not JsonArray entries) list["manifests"] = entries = [];
        return entries;
    }

    private static JsonObject NewList() => new() { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray() };

    private static ManifestDocument Parse(ImageReference tag, JsonObject list) =>
        ManifestDocument.Parse(DocumentJson.Write(list), tag.ToString());

    // an artifact that is to be on the list, or, where there is no document, off it
    private sealed record Edit(string Digest, ManifestDocument? Artifact)
    {
        internal bool IsAddition => Artifact is not null;
    }

    private sealed class Waiting
    {
        internal SemaphoreSlim Gate { get; } = new(1, 1);

        internal ConcurrentDictionary<string, Edit> Edits { get; } = new(StringComparer.Ordinal);
    }
}
