using System.Security.Cryptography;
using OciTools.Stores;

namespace OciTools.Operations.Removing;

/// <summary>
/// Removes tags of one repository and leaves their manifests: as the specification has it where the registry does so, else by a manifest that is
/// put under the tag, and that tag alone, and is then removed. What the registry can do is found out at the first tag.
/// </summary>
/// <param name="store">The registry.</param>
/// <param name="noReplace">Whether the second way is forbidden.</param>
internal sealed class TagRemoval(IImageRemover store, bool noReplace)
{
    // what was begun is finished also when the user has stopped the command: a tag must not be left under a placeholder
    private static readonly TimeSpan s_finishTime = TimeSpan.FromMinutes(1);

    private OciException? _noTags;
    private bool _isTrusted;
    private bool _removesManifests;

    /// <summary>Why manifests are not removed; null where they are, or where that is not known yet.</summary>
    internal OciException? NoManifests { get; set; }

    /// <summary>Removes a tag.</summary>
    /// <param name="name">The name with the tag.</param>
    /// <param name="digest">What it stands for.</param>
    /// <param name="siblings">Other tags of the same manifest, which must stay.</param>
    /// <param name="cancellationToken">Stops it before anything is changed.</param>
    /// <exception cref="UnsupportedException">The registry does not do it (<c>RemovalNotOffered</c>).</exception>
    internal async Task RemoveAsync(ImageLocation name, Digest digest, IReadOnlyList<ImageLocation> siblings, CancellationToken cancellationToken)
    {
        // once a registry was seen to take a tag alone, there is nothing to give back
        ManifestDocument? manifest = _isTrusted ? null : await store.ReadManifestAsync(store.Child(name, digest), cancellationToken).ConfigureAwait(false);
        if (_noTags is null && await TryByTagAsync(name, digest, manifest, siblings, cancellationToken).ConfigureAwait(false)) return;
        if (noReplace)
        {
            throw ErrorCatalogue.RemovalNotOffered.Error($"{name} cannot be removed alone, and -NoReplace forbids to replace it for that: {_noTags!.Message}", _noTags,
                "Leave -NoReplace out, or name all tags of the manifest; Get-ImageTag -Detailed | Group-Object Digest shows them.");
        }

        manifest ??= await store.ReadManifestAsync(store.Child(name, digest), cancellationToken).ConfigureAwait(false);
        await ReplaceAsync(name, manifest, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> TryByTagAsync(ImageLocation name, Digest digest, ManifestDocument? manifest, IReadOnlyList<ImageLocation> siblings, CancellationToken cancellationToken)
    {
        RemovalAnswer answer = await store.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource finish = new(s_finishTime);
        if (await store.FindAsync(name, finish.Token).ConfigureAwait(false) is { Manifest: { } still } && still.GetDigest() == digest)
        {
            _noTags = answer.Refusal ?? ErrorCatalogue.NotRemoved.Error($"{name} is still there, although the registry said that it is removed");
            return false;
        }

        if (manifest is not null) await GiveBackAsync(name, manifest, siblings, finish.Token).ConfigureAwait(false);
        return true;
    }

    // a registry may take the removal of a tag for that of its manifest, with all its tags
    private async Task GiveBackAsync(ImageLocation name, ManifestDocument manifest, IReadOnlyList<ImageLocation> siblings, CancellationToken cancellationToken)
    {
        List<ImageLocation> lost = [];
        ImageLocation own = store.Child(name, manifest.GetDigest());
        foreach (ImageLocation witness in siblings.Append(own))
            if (await store.FindAsync(witness, cancellationToken).ConfigureAwait(false) is null) lost.Add(witness);
        _isTrusted = lost.Count == 0;
        if (_isTrusted) return;
        _noTags = ErrorCatalogue.RemovalNotOffered.Error($"the registry takes the removal of a tag for that of its manifest, and {string.Join(", ", lost)} had to be given back");
        try
        {
            await store.PutManifestAsync(own, manifest, cancellationToken).ConfigureAwait(false);
            foreach (ImageLocation one in lost)
                if (one != own) await store.PutManifestAsync(one, manifest, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e)
        {
            throw ErrorCatalogue.TagsLost.Error($"With {name} the registry has removed {string.Join(", ", lost)}, which stood for {manifest.Digest}: {e.Message}", e);
        }
    }

    private async Task ReplaceAsync(ImageLocation name, ManifestDocument manifest, CancellationToken cancellationToken)
    {
        await FindOutAsync(name, cancellationToken).ConfigureAwait(false);
        if (!await store.HasBlobAsync(name, Placeholder.Config, cancellationToken).ConfigureAwait(false))
            await store.PutBlobAsync(name, Placeholder.Config, null, _ => Task.FromResult(Placeholder.OpenConfig()), cancellationToken).ConfigureAwait(false);
        ManifestDocument placeholder = Placeholder.Make(name, manifest);
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenSource finish = new(s_finishTime);
        try
        {
            await store.PutManifestAsync(name, placeholder, finish.Token).ConfigureAwait(false);
            RemovalAnswer answer = await store.RemoveAsync(store.Child(name, placeholder.GetDigest()), finish.Token).ConfigureAwait(false);
            if (answer.Refusal is not null) throw NotOffered(name, answer.Refusal);
            if (await store.FindAsync(name, finish.Token).ConfigureAwait(false) is { Manifest: { } still } && still.GetDigest() == placeholder.GetDigest())
                throw ErrorCatalogue.NotRemoved.Error($"{name} is still there, although the registry said that it is removed.");
        }
        catch (Exception e) when (e is OciException or OperationCanceledException)
        {
            await PutBackAsync(name, manifest, placeholder, e).ConfigureAwait(false);
            throw;
        }
    }

    // before anything is replaced: a manifest that nobody has is asked to be removed
    private async Task FindOutAsync(ImageLocation name, CancellationToken cancellationToken)
    {
        if (!_removesManifests && NoManifests is null)
        {
            Digest nobodys = Digest.Compute(RandomNumberGenerator.GetBytes(32));
            RemovalAnswer answer = await store.RemoveAsync(store.Child(name, nobodys), cancellationToken).ConfigureAwait(false);
            if (answer.State == RemovalState.NotOffered) NoManifests = answer.Refusal;
            else _removesManifests = true;
        }

        if (NoManifests is { } why) throw NotOffered(name, why);
    }

    private async Task PutBackAsync(ImageLocation name, ManifestDocument manifest, ManifestDocument placeholder, Exception cause)
    {
        using CancellationTokenSource finish = new(s_finishTime);
        try
        {
            if (await store.FindAsync(name, finish.Token).ConfigureAwait(false) is { Manifest: { } now } && now.GetDigest() != placeholder.GetDigest()) return;
            await store.PutManifestAsync(name, manifest, finish.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OciException or OperationCanceledException)
        {
            throw ErrorCatalogue.TagsLost.Error($"{name} stood for {manifest.Digest} and stands for a placeholder ({placeholder.Digest}) that could not be removed: {cause.Message} Nor could it be put back: {e.Message}", e);
        }
    }

    private static OciException NotOffered(ImageLocation name, OciException why) =>
        ErrorCatalogue.RemovalNotOffered.Error($"{name} cannot be removed: {why.Message}", why);
}
