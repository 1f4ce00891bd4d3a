using OciTools.Stores;
using OciTools.Stores.Registry;

namespace OciTools.Operations;

/// <summary>What a repository of a registry holds: its tags and what they stand for, the children of its indexes, and what refers to its manifests.</summary>
internal sealed class RepositoryState
{
    private readonly IImageRemover _store;
    private readonly ImageLocation _repository;
    private readonly Dictionary<string, Digest> _tags = new(StringComparer.Ordinal);
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
        }

        return state;
    }

    /// <summary>Why a tag could not be read; null where it could, or is not there.</summary>
    internal OciException? WhyUnread(string tag) => _unread.GetValueOrDefault(tag);

    internal ImageLocation NameOf(string tag) => ImageLocation.FromReference(_repository.Reference!.WithTag(tag));

    internal ImageLocation NameOf(Digest digest) => _store.Child(_repository, digest);

    /// <summary>The tags of a digest, in their order.</summary>
    internal IEnumerable<string> TagsOf(Digest digest) => _tags.Where(tag => tag.Value == digest).Select(tag => tag.Key).Order(StringComparer.Ordinal);

    /// <summary>Reads the indexes of the repository and asks what refers to some of its manifests; each once.</summary>
    internal async Task ReadRelationsAsync(IEnumerable<Digest> manifests, CancellationToken cancellationToken)
    {
        foreach (Digest digest in _tags.Values.Distinct().ToArray()) await ReadChildrenAsync(digest, 0, cancellationToken).ConfigureAwait(false);
        foreach (Digest digest in manifests)
        {
            if (_referrers.ContainsKey(digest)) continue;
            _referrers[digest] = await ReferrersAsync(digest, cancellationToken).ConfigureAwait(false);
            _subjects[digest] = await ListedSubjectAsync(digest, cancellationToken).ConfigureAwait(false);
        }
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

    /// <summary>The indexes that hold a manifest and that can be reached from some of the tags; each with the tag that it is reached from.</summary>
    /// <param name="child">The manifest.</param>
    /// <param name="tags">The tags.</param>
    internal IEnumerable<(Digest Index, string Tag)> HoldersOf(Digest child, IEnumerable<string> tags)
    {
        HashSet<Digest> seen = [];
        foreach (string tag in tags)
        {
            Stack<Digest> open = new([_tags[tag]]);
            while (open.TryPop(out Digest? digest))
            {
                if (!seen.Add(digest) || !_children.TryGetValue(digest, out IReadOnlyList<Digest>? children)) continue;
                if (children.Contains(child)) yield return (digest, tag);
                foreach (Digest one in children) open.Push(one);
            }
        }
    }

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

    private async Task ReadChildrenAsync(Digest digest, int depth, CancellationToken cancellationToken)
    {
        if (_children.ContainsKey(digest) || !MediaTypes.IsIndex(_mediaTypes.GetValueOrDefault(digest))) return;
        if (depth > Limits.IndexDepth) throw ErrorCatalogue.MalformedDocument.Error($"The index {DisplayText.Excerpt(NameOf(digest).ToString())} lies more than {Limits.IndexDepth} indexes deep.");
        IReadOnlyList<Descriptor> entries;
        try
        {
            entries = await _store.ReadManifestAsync(NameOf(digest), cancellationToken).ConfigureAwait(false) is ImageIndex index ? index.Manifests : [];
        }
        catch (NotFoundException)
        {
            // an index may name what its repository does not have
            entries = [];
        }

        _children[digest] = [.. entries.Select(entry => entry.GetDigest())];
        foreach (Descriptor entry in entries)
        {
            _mediaTypes.TryAdd(entry.GetDigest(), entry.MediaType);
            await ReadChildrenAsync(entry.GetDigest(), depth + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    // its manifest is read only where a tag may be the list that names it
    private async Task<Digest?> ListedSubjectAsync(Digest digest, CancellationToken cancellationToken)
    {
        string[] tags = [.. _tags.Where(tag => _children.GetValueOrDefault(tag.Value)?.Contains(digest) == true).Select(tag => tag.Key)];
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
        List<string> found = [.. _tags.Keys.Where(tag => tag == list || tag.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        if (_store is not IReferrerStore store) return found;
        await foreach (StoredReferrer referrer in store.ListReferrersAsync(_repository, digest, null, cancellationToken).ConfigureAwait(false))
            found.Add(referrer.Manifest.Digest);
        return found;
    }
}
