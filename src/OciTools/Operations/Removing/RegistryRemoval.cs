using OciTools.Stores;

namespace OciTools.Operations.Removing;

/// <summary>
/// Plans removals from one repository of a registry. A manifest goes when all its tags were named and nothing else needs it; otherwise its tag
/// goes alone. A manifest that was named itself goes, with all that is lost by it said beforehand.
/// </summary>
/// <param name="store">The registry.</param>
/// <param name="repository">Any name in the repository.</param>
/// <param name="noReplace">Whether a tag is never replaced so that it can be removed alone.</param>
internal sealed class RegistryRemoval(IImageRemover store, ImageLocation repository, bool noReplace) : IRemovalPlanner
{
    private readonly TagRemoval _tagRemoval = new(store, noReplace);
    private readonly ReferrerLists _lists = new(store, repository);
    private RepositoryState? _state;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RemovalUnit>> PlanAsync(IReadOnlyList<RemovalName> names, IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        RepositoryState state = _state ??= await RepositoryState.ReadAsync(store, repository, names.Select(name => name.Location.Reference!.Tag).OfType<string>(), cancellationToken).ConfigureAwait(false);
        Dictionary<string, RemovalName> tags = new(StringComparer.Ordinal);
        Dictionary<Digest, RemovalName> manifests = [];
        foreach (RemovalName name in names)
        {
            try
            {
                await SortAsync(state, name, tags, manifests, cancellationToken).ConfigureAwait(false);
            }
            catch (OciException e)
            {
                dialog.Failed(e, name.Text);
            }
        }

        HashSet<Digest> going = [.. tags.Keys.Select(tag => state.Tags[tag]).Distinct().Where(digest => state.TagsOf(digest).All(tags.ContainsKey)), .. manifests.Keys];
        if (going.Count > 0)
        {
            await state.ReadRelationsAsync(going, cancellationToken).ConfigureAwait(false);
            KeepWhatIsNeeded(state, tags, manifests, going);
        }

        List<RemovalUnit> units = [];
        ILookup<Digest, (Digest Index, string Tag)> holders = HoldersOutside(state, going);
        foreach (Digest digest in state.IndexesFirst(going)) units.Add(ManifestUnit(state, digest, tags, manifests, going, holders));
        Dictionary<Digest, (string Reason, ImageLocation[] Siblings)> staying = [];
        foreach ((string tag, RemovalName name) in tags)
        {
            Digest digest = state.Tags[tag];
            if (going.Contains(digest)) continue;
            if (!staying.TryGetValue(digest, out (string Reason, ImageLocation[] Siblings) known)) staying[digest] = known = (Reason(state, digest, tags, holders), Siblings(state, digest, tags));
            units.Add(new TagAlone(name, state.NameOf(tag), digest, known.Reason, _tagRemoval, known.Siblings, store));
        }

        return units;
    }

    /// <inheritdoc/>
    public Task FinishAsync(IRemovalDialog dialog) => _lists.WriteAsync(dialog);

    private async Task SortAsync(RepositoryState state, RemovalName name, Dictionary<string, RemovalName> tags, Dictionary<Digest, RemovalName> manifests, CancellationToken cancellationToken)
    {
        ImageReference reference = name.Location.Reference!;
        if (reference.Tag is not { } tag)
        {
            Digest digest = reference.Digest!;
            if (state.TagsOf(digest).Count == 0 && await store.FindAsync(state.NameOf(digest), cancellationToken).ConfigureAwait(false) is null)
                throw ErrorCatalogue.ImageNotFound.Error($"{reference} is not there.");
            manifests.TryAdd(digest, name);
            return;
        }

        if (!state.Tags.TryGetValue(tag, out Digest? current)) throw state.WhyUnread(tag) ?? ErrorCatalogue.ImageNotFound.Error($"{reference.WithTag(tag)} is not there.");
        if (reference.Digest is { } wanted && wanted != current)
            throw ErrorCatalogue.TagMoved.Error($"{reference.WithTag(tag)} is {current} and not {wanted} any more.");
        tags.TryAdd(tag, name);
    }

    // a manifest that was not named itself stays for an index that stays, and for what refers to it; what stays may need others
    private static void KeepWhatIsNeeded(RepositoryState state, Dictionary<string, RemovalName> tags, Dictionary<Digest, RemovalName> manifests, HashSet<Digest> going)
    {
        while (true)
        {
            ILookup<Digest, (Digest Index, string Tag)> holders = HoldersOutside(state, going);
            if (going.RemoveWhere(digest => !manifests.ContainsKey(digest) && (state.ReferrersOf(digest).Any(name => !IsGoing(state, digest, name, tags, going)) || Holders(state, digest, holders, going).Any())) == 0) return;
        }
    }

    // what is reached from the tags that stay
    private static ILookup<Digest, (Digest Index, string Tag)> HoldersOutside(RepositoryState state, HashSet<Digest> going) =>
        state.HoldersFrom(state.Tags.Where(tag => !going.Contains(tag.Value)).Select(tag => tag.Key).Order(StringComparer.Ordinal));

    // an entry in a list of referrers goes with what it names, as it does where the registry keeps the list itself
    private static IEnumerable<(Digest Index, string Tag)> Holders(RepositoryState state, Digest digest, ILookup<Digest, (Digest Index, string Tag)> holders, HashSet<Digest> going) =>
        holders[digest].Where(holder => !going.Contains(holder.Index) && !state.IsListOf(holder.Index, digest));

    // a list goes with all that it names: empty, it says nothing
    private static bool IsGoing(RepositoryState state, Digest subject, string referrer, Dictionary<string, RemovalName> tags, HashSet<Digest> going)
    {
        if (tags.ContainsKey(referrer) || (Digest.TryParse(referrer, out Digest? digest) && going.Contains(digest))) return true;
        return state.Tags.TryGetValue(referrer, out Digest? tagged) && (going.Contains(tagged) || state.ListUnder(referrer, subject)?.All(going.Contains) == true);
    }

    private ManifestWithTags ManifestUnit(RepositoryState state, Digest digest, Dictionary<string, RemovalName> tags, Dictionary<Digest, RemovalName> manifests, HashSet<Digest> going, ILookup<Digest, (Digest Index, string Tag)> holders)
    {
        string[] own = [.. state.TagsOf(digest)];
        List<RemovalName> names = [.. own.Where(tags.ContainsKey).Select(tag => tags[tag])];
        manifests.TryGetValue(digest, out RemovalName? named);
        if (named is not null) names.Insert(0, named);
        List<string> losses = [];
        losses.AddRange(own.Where(tag => !tags.ContainsKey(tag)).Select(tag => $"the tag {state.NameOf(tag)}"));
        losses.AddRange(Holders(state, digest, holders, going).Select(holder => $"a part of the index {holder.Index} ({state.NameOf(holder.Tag)})"));
        losses.AddRange(state.ReferrersOf(digest).Where(name => !IsGoing(state, digest, name, tags, going)).Select(name => $"{name}, which refers to it"));
        return new ManifestWithTags(names, state.NameOf(digest), digest, [.. own.Where(tags.ContainsKey).Select(tag => (tags[tag], state.NameOf(tag)))], named, losses, store, _tagRemoval, state.SubjectOf(digest), _lists);
    }

    private static string Reason(RepositoryState state, Digest digest, Dictionary<string, RemovalName> tags, ILookup<Digest, (Digest Index, string Tag)> holders)
    {
        if (state.TagsOf(digest).FirstOrDefault(tag => !tags.ContainsKey(tag)) is { } other) return $"for {state.NameOf(other)}";
        if (Holders(state, digest, holders, []).FirstOrDefault() is { Index: { } index } holder) return $"for the index {index} ({state.NameOf(holder.Tag)})";
        return state.ReferrersOf(digest) is [var referrer, ..] ? $"for {referrer}, which refers to it" : "where it is";
    }

    // the tags that would be gone with it in a registry that takes the removal of a tag for that of its manifest
    private static ImageLocation[] Siblings(RepositoryState state, Digest digest, Dictionary<string, RemovalName> tags) =>
        [.. state.TagsOf(digest).Where(other => !tags.ContainsKey(other)).Select(state.NameOf)];
}
