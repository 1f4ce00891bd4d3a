using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>A document that the name of an image stands for: the one it points at, or one below an index.</summary>
/// <param name="Location">The name of exactly this document.</param>
/// <param name="Entry">The entry of the index that names it; null for the one at the top.</param>
/// <param name="Document">The document; null where it could not be had.</param>
/// <param name="Failure">Why it could not be had: it is not there, or not what the entry says.</param>
/// <param name="IsRepeated">Whether another entry before named the same document.</param>
internal sealed record ImageMember(ImageLocation Location, Descriptor? Entry, ManifestDocument? Document, OciException? Failure, bool IsRepeated = false)
{
    /// <summary>The platform that the entry states; null for none, and for an attestation.</summary>
    internal Platform? Stated => Entry is { IsAttestation: false } ? Entry.GetPlatform() : null;

    /// <summary>Reads every document below a document, each once, in the order of the indexes; the given one is the first.</summary>
    /// <param name="store">The place.</param>
    /// <param name="location">The name of the top.</param>
    /// <param name="top">The top.</param>
    /// <param name="log">Takes what is left out.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<IReadOnlyList<ImageMember>> ReadAllAsync(IImageStore store, ImageLocation location, ManifestDocument top, IOperationLog log, CancellationToken cancellationToken)
    {
        List<ImageMember> members = [new(location, null, top, null)];
        if (top is ImageIndex index) await new Walk(store, location, log, members).AddAsync(index, 0, cancellationToken).ConfigureAwait(false);

        // indexes were read on the way, since their entries follow them; the images are read several at once
        int[] open = [.. Enumerable.Range(1, members.Count - 1).Where(i => members[i] is { Document: null, Failure: null, IsRepeated: false })];
        ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.RequestsAtOnce, CancellationToken = cancellationToken };
        ImageMember[] found = new ImageMember[open.Length];
        await Parallel.ForEachAsync(Enumerable.Range(0, open.Length), options, async (i, token) =>
            found[i] = await ReadAsync(store, location, members[open[i]].Entry!, token).ConfigureAwait(false)).ConfigureAwait(false);
        for (int i = 0; i < open.Length; i++) members[open[i]] = found[i];
        Dictionary<string, ImageMember> first = members.Where(m => !m.IsRepeated).ToDictionary(m => m.Entry?.Digest ?? top.Digest, StringComparer.Ordinal);
        for (int i = 1; i < members.Count; i++)
            if (members[i].IsRepeated) members[i] = members[i].LikeFirst(first[members[i].Entry!.Digest]);
        return members;
    }

    // the same document, held against what this entry states of it
    private ImageMember LikeFirst(ImageMember first)
    {
        try
        {
            if (first.Document is not null) DocumentReading.RequireStated(first.Document, Entry!);
            return this with { Document = first.Document, Failure = first.Failure };
        }
        catch (OciException e) when (e.IsVerdict)
        {
            return this with { Failure = e };
        }
    }

    /// <summary>Reads the document that an entry names.</summary>
    internal static async Task<ImageMember> ReadAsync(IImageStore store, ImageLocation location, Descriptor entry, CancellationToken cancellationToken)
    {
        ImageLocation child = store.Child(location, entry.GetDigest());
        try
        {
            return new ImageMember(child, entry, await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false), null);
        }
        catch (OciException e) when (e.IsVerdict)
        {
            return new ImageMember(child, entry, null, e);
        }
    }

    private sealed class Walk(IImageStore store, ImageLocation location, IOperationLog log, List<ImageMember> members)
    {
        private readonly HashSet<string> _seen = new(StringComparer.Ordinal) { members[0].Document!.Digest };
        private readonly HashSet<string> _entries = new(StringComparer.Ordinal);

        internal async Task AddAsync(ImageIndex index, int depth, CancellationToken cancellationToken)
        {
            foreach (Descriptor entry in index.Manifests)
            {
                if (!MediaTypes.IsKnownManifest(entry.MediaType))
                {
                    log.Warning($"{index.Image}: {entry.Digest} is {entry.MediaType}, which is neither a manifest nor an index; it was left out.");
                    continue;
                }

                // the same said twice is nothing new; the same document called something else is
                if (!_entries.Add($"{entry.Digest} {entry.Size} {entry.MediaType} {entry.Platform}")) continue;
                bool isNew = _seen.Add(entry.Digest);
                if (!isNew || !MediaTypes.IsIndex(entry.MediaType))
                {
                    members.Add(new ImageMember(store.Child(location, entry.GetDigest()), entry, null, null, IsRepeated: !isNew));
                    continue;
                }

                ImageMember member = depth == Limits.IndexDepth ? TooDeep(entry) : await ReadAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
                members.Add(member);
                if (member.Document is ImageIndex nested) await AddAsync(nested, depth + 1, cancellationToken).ConfigureAwait(false);
            }
        }

        private ImageMember TooDeep(Descriptor entry) => new(store.Child(location, entry.GetDigest()), entry, null,
            ErrorCatalogue.MalformedDocument.Error($"{entry.Digest} is an index nested more than {Limits.IndexDepth} deep."));
    }
}
