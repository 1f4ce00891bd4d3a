using OciTools.Stores;
using OciTools.Stores.Registry;

namespace OciTools.Operations.Removing;

/// <summary>What a repository of a registry holds: its tags and what they stand for, the children of its indexes, and what refers to its manifests.</summary>
internal sealed class RepositoryState
{
    private readonly IImageRemover _store;
    private readonly ImageLocation _repository;
    private readonly Dictionary<string, Digest> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, List<string>> _tagsOf = [];
    private string[] _sortedTags = [];
    private readonly Dictionary<string, OciException> _unread = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, string> _mediaTypes = [];
    private readonly Dictionary<Digest, IReadOnlyList<Digest>> _children = [];
    private readonly Dictionary<Digest, IReadOnlyList<string>> _referrers = [];
    private readonly Dictionary<Digest, Digest?> _subjects = [];

    private RepositoryState(IImageRemover store, ImageLocation repository)
    {
        _store = store;
        _repository = repository;
    }

    /// <summary>What each tag stands for.</summary>
    internal IReadOnlyDictionary<string, Digest> Tags => _tags;

    /// <summary>Lists a repository once, and asks for each of its tags.</summary>
    /// <param name="store">The registry.</param>
    /// <param name="repository">Any name in the repository.</param>
    /// <param name="named">Tags to ask for also where they are not listed.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    internal static async Task<RepositoryState> ReadAsync(IImageRemover store, ImageLocation repository, IEnumerable<string> named, CancellationToken cancellationToken)
    {
        RepositoryState state = new(store, repository);
        HashSet<string> names = new(named, StringComparer.Ordinal);
        await foreach (string tag in store.ListTagsAsync(repository, cancellationToken).ConfigureAwait(false))
            if (ReferenceGrammar.IsTag(tag)) names.Add(tag);
        IAsyncEnumerable<(string Tag, Descriptor? Manifest, OciException? Failure)> found =
            InOrder.SelectAsync(names.ToAsyncEnumerable(), Limits.RequestsAtOnce, tag => state.LookAsync(tag, cancellationToken), cancellationToken);
        await foreach ((string tag, Descriptor? manifest, OciException? failure) in found.ConfigureAwait(false))
        {
            if (failure is not null) state._unread[tag] = failure;
            if (manifest is null) continue;
            state._tags[tag] = manifest.GetDigest();
            state._mediaTypes[manifest.GetDigest()] = manifest.MediaType;
            if (!state._tagsOf.TryGetValue(manifest.GetDigest(), out List<string>? own)) state._tagsOf[manifest.GetDigest()] = own = [];
            own.Add(tag);
        }

        foreach (List<string> own in state._tagsOf.Values) own.Sort(StringComparer.Ordinal);
        state._sortedTags = [.. state._tags.Keys.Order(StringComparer.Ordinal)];
        return state;
    }

    /// <summary>Why a tag could not be read; null where it could, or is not there.</summary>
    internal OciException? WhyUnread(string tag) => _unread.GetValueOrDefault(tag);

    internal ImageLocation NameOf(string tag) => ImageLocation.FromReference(_repository.Reference!.WithTag(tag));

    internal ImageLocation NameOf(Digest digest) => _store.Child(_repository, digest);

    /// <summary>The tags of a digest, in their order.</summary>
    internal IReadOnlyList<string> TagsOf(Digest digest) => _tagsOf.GetValueOrDefault(digest) ?? [];

    /// <summary>Reads the indexes of the repository and asks what refers to some of its manifests; each once.</summary>
    internal async Task ReadRelationsAsync(IEnumerable<Digest> manifests, CancellationToken cancellationToken)
    {
        await ReadChildrenAsync(cancellationToken).ConfigureAwait(false);
        ILookup<Digest, Digest> holders = _children.SelectMany(index => index.Value.Select(child => (Child: child, Index: index.Key))).ToLookup(one => one.Child, one => one.Index);
        IAsyncEnumerable<(Digest Digest, IReadOnlyList<string> Referrers, Digest? Subject)> found =
            InOrder.SelectAsync(manifests.Where(digest => !_referrers.ContainsKey(digest)).ToArray().ToAsyncEnumerable(), Limits.RequestsAtOnce, RelateAsync, cancellationToken);
        await foreach ((Digest digest, IReadOnlyList<string> referrers, Digest? subject) in found.ConfigureAwait(false)) (_referrers[digest], _subjects[digest]) = (referrers, subject);

        async Task<(Digest Digest, IReadOnlyList<string> Referrers, Digest? Subject)> RelateAsync(Digest digest) => (
            digest,
            await ReferrersAsync(digest, cancellationToken).ConfigureAwait(false),
            await ListedSubjectAsync(digest, [.. holders[digest].SelectMany(TagsOf)], cancellationToken).ConfigureAwait(false));
    }

    /// <summary>What a manifest refers to, where the list of that is kept under a tag and names the manifest; null otherwise.</summary>
    internal Digest? SubjectOf(Digest digest) => _subjects.GetValueOrDefault(digest);

    /// <summary>Whether an index is the list that names a manifest as a referrer, and nothing else.</summary>
    internal bool IsListOf(Digest index, Digest referrer) =>
        SubjectOf(referrer) is { } subject && TagsOf(index).All(tag => tag == ReferrersTag.NameOf(subject));

    /// <summary>What the list of the referrers of a manifest names, where a tag is that list; null otherwise.</summary>
    internal IReadOnlyList<Digest>? ListUnder(string tag, Digest subject) => tag == ReferrersTag.NameOf(subject) ? _children.GetValueOrDefault(_tags[tag]) : null;

    /// <summary>What refers to a manifest, by name: the tags of the old ways, and the digests that the registry lists.</summary>
    internal IReadOnlyList<string> ReferrersOf(Digest digest) => _referrers.GetValueOrDefault(digest) ?? [];

    /// <summary>The indexes that can be reached from some of the tags, by what they hold; each with the tag that it is reached from.</summary>
    /// <param name="tags">The tags.</param>
    internal ILookup<Digest, (Digest Index, string Tag)> HoldersFrom(IEnumerable<string> tags)
    {
        List<(Digest Child, Digest Index, string Tag)> holders = [];
        HashSet<Digest> seen = [];
        foreach (string tag in tags)
        {
            Stack<Digest> open = new([_tags[tag]]);
            while (open.TryPop(out Digest? digest))
            {
                if (!seen.Add(digest)) continue;
                foreach (Digest child in ChildrenOf(digest))
                {
                    holders.Add((child, digest, tag));
                    open.Push(child);
                }
            }
        }

        return holders.ToLookup(one => one.Child, one => (one.Index, one.Tag));
    }

    /// <summary>Some manifests in their order, but each index before what it holds.</summary>
    internal IEnumerable<Digest> IndexesFirst(IReadOnlyCollection<Digest> manifests)
    {
        HashSet<Digest> held = [];
        HashSet<Digest> seen = [];
        // what is left later may hold what was left before
        Dictionary<Digest, int> left = [];
        Stack<(Digest Digest, bool IsLeaving)> open = new(manifests.Select(digest => (digest, false)));
        while (open.TryPop(out (Digest Digest, bool IsLeaving) one))
        {
            if (one.IsLeaving) left[one.Digest] = left.Count;
            if (one.IsLeaving || !seen.Add(one.Digest)) continue;
            open.Push((one.Digest, true));
            foreach (Digest child in ChildrenOf(one.Digest))
            {
                held.Add(child);
                open.Push((child, false));
            }
        }

        return manifests.OrderBy(digest => held.Contains(digest) ? seen.Count - left[digest] : 0);
    }

    private IReadOnlyList<Digest> ChildrenOf(Digest digest) => _children.GetValueOrDefault(digest) ?? [];

    // what is no manifest that is known here shares its digest with none that is; anything else that fails leaves open what would be lost
    private async Task<(string Tag, Descriptor? Manifest, OciException? Failure)> LookAsync(string tag, CancellationToken cancellationToken)
    {
        try
        {
            return (tag, (await _store.FindAsync(NameOf(tag), cancellationToken).ConfigureAwait(false))?.Manifest, null);
        }
        catch (OciException e) when (e.Kind is ErrorKind.Unsupported or ErrorKind.Malformed)
        {
            return (tag, null, e);
        }
    }

    private async Task ReadChildrenAsync(CancellationToken cancellationToken)
    {
        Digest[] level = Unread(_tagsOf.Keys);
        for (int depth = 0; level.Length > 0; depth++)
        {
            if (depth > Limits.IndexDepth) throw ErrorCatalogue.MalformedDocument.Error($"The index {DisplayText.Excerpt(NameOf(level[0]).ToString())} lies more than {Limits.IndexDepth} indexes deep.");
            List<Digest> below = [];
            await foreach ((Digest digest, IReadOnlyList<Descriptor> entries) in InOrder.SelectAsync(level.ToAsyncEnumerable(), Limits.RequestsAtOnce, EntriesOfAsync, cancellationToken).ConfigureAwait(false))
            {
                _children[digest] = [.. entries.Select(entry => entry.GetDigest()).Distinct()];
                foreach (Descriptor entry in entries) _mediaTypes.TryAdd(entry.GetDigest(), entry.MediaType);
                below.AddRange(_children[digest]);
            }

            level = Unread(below);
        }

        Digest[] Unread(IEnumerable<Digest> digests) => [.. digests.Distinct().Where(digest => !_children.ContainsKey(digest) && MediaTypes.IsIndex(_mediaTypes.GetValueOrDefault(digest)))];

        async Task<(Digest Digest, IReadOnlyList<Descriptor> Entries)> EntriesOfAsync(Digest digest)
        {
            try
            {
                return (digest, await _store.ReadManifestAsync(NameOf(digest), cancellationToken).ConfigureAwait(false) is ImageIndex index ? index.Manifests : []);
            }
            catch (NotFoundException)
            {
                // an index may name what its repository does not have
                return (digest, []);
            }
        }
    }

    // its manifest is read only where a tag may be the list that names it
    private async Task<Digest?> ListedSubjectAsync(Digest digest, string[] tags, CancellationToken cancellationToken)
    {
        if (tags.Length == 0 || _store is not IReferrerStore store) return null;
        ManifestDocument document;
        try
        {
            document = await _store.ReadManifestAsync(NameOf(digest), cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e) when (e is NotFoundException || e.Kind is ErrorKind.Unsupported or ErrorKind.Malformed)
        {
            return null;
        }

        if (document.Subject?.GetDigest() is not { } subject || !tags.Contains(ReferrersTag.NameOf(subject))) return null;

        // where the registry keeps a list by itself, nobody reads the tag
        await foreach (StoredReferrer referrer in store.ListReferrersAsync(_repository, subject, null, cancellationToken).ConfigureAwait(false))
            if (referrer.Manifest.Digest == document.Digest) return referrer.Source == ReferrerSource.FallbackTag ? subject : null;
        return null;
    }

    private async Task<IReadOnlyList<string>> ReferrersAsync(Digest digest, CancellationToken cancellationToken)
    {
        string prefix = $"{digest.Algorithm}-{digest.Hex}.";
        string list = ReferrersTag.NameOf(digest);
        List<string> found = [];
        if (_tags.ContainsKey(list)) found.Add(list);
        int first = Array.BinarySearch(_sortedTags, prefix, StringComparer.Ordinal);
        for (int i = first < 0 ? ~first : first; i < _sortedTags.Length && _sortedTags[i].StartsWith(prefix, StringComparison.Ordinal); i++) found.Add(_sortedTags[i]);
        if (_store is not IReferrerStore store) return found;
        await foreach (StoredReferrer referrer in store.ListReferrersAsync(_repository, digest, null, cancellationToken).ConfigureAwait(false))
            found.Add(referrer.Manifest.Digest);
        return found;
    }
}
