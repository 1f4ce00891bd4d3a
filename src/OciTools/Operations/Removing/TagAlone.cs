using OciTools.Stores;

namespace OciTools.Operations.Removing;

/// <summary>A tag of a registry whose manifest stays.</summary>
internal sealed class TagAlone(RemovalName name, ImageLocation tag, Digest digest, string reason, TagRemoval removal, IReadOnlyList<ImageLocation> siblings, IImageStore store)
    : RemovalUnit([name])
{
    /// <inheritdoc/>
    internal override bool IsRemote => true;

    /// <inheritdoc/>
    internal override string Describe() => $"{tag}, the tag alone: {digest} stays {DisplayText.Excerpt(reason)}";

    /// <inheritdoc/>
    internal override async Task RunAsync(IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        await RequireAsync(store, tag, digest, cancellationToken).ConfigureAwait(false);
        await removal.RemoveAsync(tag, digest, siblings, cancellationToken).ConfigureAwait(false);
        StoredImage? after = await store.FindAsync(tag, cancellationToken).ConfigureAwait(false);
        bool isThere = await store.FindAsync(store.Child(tag, digest), cancellationToken).ConfigureAwait(false) is not null;
        dialog.Removed(new RemovedImage { Image = tag.ToString(), Kind = RemovedKind.Tag, Digest = digest.ToString(), IsGone = after is null, IsImageGone = !isThere, Reason = $"the manifest stays {reason}" });
    }

    /// <summary>Looks whether a tag stands for what it stood for when the removal was planned.</summary>
    internal static async Task RequireAsync(IImageStore store, ImageLocation tag, Digest digest, CancellationToken cancellationToken)
    {
        Descriptor now = (await store.FindAsync(tag, cancellationToken).ConfigureAwait(false))?.Manifest ?? throw ErrorCatalogue.ImageNotFound.Error($"{tag} is not there any more.");
        if (now.GetDigest() != digest) throw ErrorCatalogue.TagMoved.Error($"{tag} was {digest} when its removal was planned and is {now.Digest} now.");
    }
}
