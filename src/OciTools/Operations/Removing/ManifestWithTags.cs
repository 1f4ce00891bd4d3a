using OciTools.Stores;
using OciTools.Stores.Registry;

namespace OciTools.Operations.Removing;

/// <summary>A manifest or index of a registry that goes, and with it all its tags.</summary>
internal sealed class ManifestWithTags(IReadOnlyList<RemovalName> names, ImageLocation manifest, Digest digest, IReadOnlyList<(RemovalName Name, ImageLocation Tag)> tags, RemovalName? named,
    IReadOnlyList<string> losses, IImageRemover store, TagRemoval removal, Digest? subject, ReferrerLists lists) : RemovalUnit(names)
{
    /// <inheritdoc/>
    internal override IReadOnlyList<string> Losses { get; } = losses;

    /// <inheritdoc/>
    internal override bool IsRemote => true;

    /// <inheritdoc/>
    internal override string Describe()
    {
        string list = string.Join(", ", tags.Select(tag => tag.Tag));
        string listed = subject is null ? "" : $", and its entry in {ReferrersTag.NameOf(subject)}, the list of what refers to {subject}";
        return named is null
            ? $"{list}, with the manifest {digest}, which nothing else names{listed}"
            : tags.Count == 0 ? $"{manifest}{listed}" : $"{manifest}, with {list}{listed}";
    }

    /// <inheritdoc/>
    internal override async Task RunAsync(IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        List<(RemovalName Name, ImageLocation Tag)> there = [];
        foreach ((RemovalName name, ImageLocation tag) in tags)
        {
            try
            {
                await TagAlone.RequireAsync(store, tag, digest, cancellationToken).ConfigureAwait(false);
                there.Add((name, tag));
            }
            catch (Exception e) when (e is ConflictException or NotFoundException)
            {
                dialog.Failed(e, name.Text);
            }
        }

        if (named is null && there.Count == 0) return;
        RemovalAnswer answer = await store.RemoveAsync(manifest, cancellationToken).ConfigureAwait(false);
        if (answer.State == RemovalState.NotOffered)
        {
            if (named is not null) throw ErrorCatalogue.RemovalNotOffered.Error($"{manifest} cannot be removed: {answer.Refusal!.Message}", answer.Refusal);
            removal.NoManifests = answer.Refusal;
            foreach ((RemovalName name, ImageLocation tag) in there)
                await new TagAlone(name, tag, digest, "since the registry removes no manifests", removal, [], store).RunAsync(dialog, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (await store.FindAsync(manifest, cancellationToken).ConfigureAwait(false) is not null)
            throw ErrorCatalogue.NotRemoved.Error($"{manifest} is still there, although the registry said that it is removed.");
        if (subject is not null) lists.Add(subject, digest, Names[0].Text);
        if (named is not null)
            dialog.Removed(new RemovedImage { Image = manifest.ToString(), Kind = RemovedKind.Manifest, Digest = digest.ToString(), IsGone = true, IsImageGone = true, AlsoLost = Losses, Reason = "it was named itself" });
        foreach ((_, ImageLocation tag) in there)
        {
            StoredImage? after = await store.FindAsync(tag, cancellationToken).ConfigureAwait(false);
            dialog.Removed(new RemovedImage { Image = tag.ToString(), Kind = RemovedKind.Tag, Digest = digest.ToString(), IsGone = after is null, IsImageGone = true, Reason = named is null ? "nothing else named its manifest" : "its manifest was named" });
        }
    }
}
