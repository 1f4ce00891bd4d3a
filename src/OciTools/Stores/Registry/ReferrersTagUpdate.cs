using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciTools.Stores.Registry;

/// <summary>
/// Adds artifacts to the tag that lists the referrers of their subject, where the registry keeps no such list by itself (distribution-spec,
/// Referrers Tag Schema). No request can change a tag only if it still is what it was, so whoever reads, adds and writes may undo what another
/// wrote in between. So the list is looked at once more just before it is written, and again a while after it: whoever wrote over it has
/// done so by then, and what is missing is added anew.
/// </summary>
internal sealed class ReferrersTagUpdate(RegistryClient client, IImageStore store, RegistryUploads uploads)
{
    private const int MostTries = 40;
    private const int Settle = 150;

    private readonly ConcurrentDictionary<string, Waiting> _lists = new(StringComparer.Ordinal);

    /// <summary>Adds an artifact that is in the repository. Several for the same list that come at once are added together.</summary>
    /// <exception cref="ConflictException">The tag stands for something else (<c>TagExists</c>).</exception>
    /// <exception cref="UnreachableException">Others undid it each time (<c>ReferrerNotListed</c>).</exception>
    internal async Task AddAsync(ImageReference repository, ManifestDocument artifact, CancellationToken cancellationToken)
    {
        Digest subject = artifact.Subject!.GetDigest();
        ImageReference tag = repository.WithTag(ReferrersTag.NameOf(subject));
        Waiting waiting = _lists.GetOrAdd(tag.ToString(), _ => new Waiting());
        waiting.Artifacts[artifact.Digest] = artifact;
        try
        {
            await waiting.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // whoever was before may have taken it along
                if (!waiting.Artifacts.ContainsKey(artifact.Digest)) return;
                foreach (ManifestDocument one in await UpdateAsync(tag, subject, waiting, cancellationToken).ConfigureAwait(false)) waiting.Artifacts.TryRemove(one.Digest, out _);
            }
            finally
            {
                waiting.Gate.Release();
            }
        }
        finally
        {
            waiting.Artifacts.TryRemove(artifact.Digest, out _);
        }
    }

    // gives the artifacts that are on the list
    private async Task<ManifestDocument[]> UpdateAsync(ImageReference tag, Digest subject, Waiting waiting, CancellationToken cancellationToken)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
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
            ManifestDocument[] artifacts = [.. waiting.Artifacts.Values.OrderBy(one => one.Digest, StringComparer.Ordinal)];
            HashSet<string> listed = new(EntriesOf(list).Select(entry => entry!["digest"]!.GetValue<string>()), StringComparer.Ordinal);
            isDisturbed |= !written.IsSubsetOf(listed);
            if (!Add(list, listed, artifacts))
            {
                // with others about, once is not enough
                if (!isDisturbed || ++confirmed > 1) return artifacts;
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
                written.UnionWith(artifacts.Select(one => one.Digest));
            }
            catch (OciException e) when (!isPruned && current is not null && e.Kind is ErrorKind.Protocol or ErrorKind.NotFound)
            {
                // some registries take no list that names what was deleted
                isPruned = true;
                continue;
            }

            await WaitAsync(start, Settle + RandomNumberGenerator.GetInt32(Settle), cancellationToken).ConfigureAwait(false);
        }

        throw ErrorCatalogue.ReferrerNotListed.Error($"The list of referrers {tag} does not name {string.Join(", ", waiting.Artifacts.Keys.Order(StringComparer.Ordinal))} after {MostTries} tries to add it.");
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
        try
        {
            Digest? current = (await store.ResolveAsync(ImageLocation.FromReference(tag), cancellationToken).ConfigureAwait(false)).Manifest?.GetDigest();
            return current == (expected?.GetDigest() ?? subject);
        }
        catch (NotFoundException)
        {
            return expected is null;
        }
    }

    private async Task PruneAsync(ImageReference tag, JsonObject list, CancellationToken cancellationToken)
    {
        JsonArray entries = EntriesOf(list);
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            Digest digest = Digest.Parse(entries[i]!["digest"]!.GetValue<string>());
            try
            {
                await store.ResolveAsync(ImageLocation.FromReference(tag.WithDigest(digest)), cancellationToken).ConfigureAwait(false);
            }
            catch (NotFoundException)
            {
                client.Log?.Request($"{tag} names {digest}, which is not there any more; it is taken off the list");
                entries.RemoveAt(i);
            }
        }
    }

    private static bool Add(JsonObject list, HashSet<string> listed, ManifestDocument[] artifacts)
    {
        JsonArray entries = EntriesOf(list);
        bool isChanged = false;
        foreach (ManifestDocument artifact in artifacts)
        {
            if (!listed.Add(artifact.Digest)) continue;
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

    private sealed class Waiting
    {
        internal SemaphoreSlim Gate { get; } = new(1, 1);

        internal ConcurrentDictionary<string, ManifestDocument> Artifacts { get; } = new(StringComparer.Ordinal);
    }
}
