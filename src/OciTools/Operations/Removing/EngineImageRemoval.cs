using OciTools.Stores.Engine;

namespace OciTools.Operations.Removing;

/// <summary>Names of one image of an engine that go, and the image with its last name.</summary>
internal sealed class EngineImageRemoval : RemovalUnit
{
    private readonly EngineStore _engine;
    private readonly Digest _id;
    private readonly bool _force;
    private readonly bool _isById;
    private readonly List<RemovalName> _going = [];
    private readonly List<string> _others = [];
    private readonly IReadOnlyList<string> _tags;

    internal EngineImageRemoval(EngineStore engine, Digest id, IReadOnlyList<RemovalName> names, IReadOnlyList<string> tags, bool force)
        : base(names)
    {
        (_engine, _id, _tags, _force) = (engine, id, tags, force);
        _isById = names.Any(name => name.Location.Reference is null);
        HashSet<string> named = [.. names.Select(name => name.Location.Reference?.ToString()).OfType<string>()];
        foreach (RemovalName name in names)
            if (name.Location.Reference is not null) _going.Add(name);
        foreach (string tag in tags)
            if (!ImageReference.TryParse(tag, out ImageReference? reference) || !named.Contains(reference.ToString())) _others.Add(tag);
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<string> Losses => _isById ? [.. _others.Select(tag => $"the tag docker-daemon:{tag}")] : [];

    /// <inheritdoc/>
    internal override string Describe()
    {
        string list = string.Join(", ", _going.Select(name => name.Location));
        if (_isById) return _going.Count == 0 ? $"docker-daemon:{_id}" : $"docker-daemon:{_id}, with {list}";
        return _others.Count == 0 ? $"{list}, and the image {_id} with its last name" : $"{list}, the name alone: the image {_id} stays as {DisplayText.Excerpt(_others[0])}";
    }

    /// <inheritdoc/>
    internal override async Task RunAsync(IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        ImageLocation image = _engine.Child(Names[0].Location, _id);
        if (_isById) await RequireNoNewNameAsync(image, cancellationToken).ConfigureAwait(false);
        List<ImageLocation> gone = [];
        foreach (RemovalName name in _going)
        {
            try
            {
                await RemoveNameAsync(name.Location, cancellationToken).ConfigureAwait(false);
                gone.Add(name.Location);
            }
            catch (NotFoundException) when (gone.Count > 0)
            {
                // an engine takes a repository's name by digest with its last tag
                gone.Add(name.Location);
            }
            catch (OciException e)
            {
                dialog.Failed(e, name.Text);
            }
        }

        OciException? failure = _isById ? await RemoveImageAsync(image, cancellationToken).ConfigureAwait(false) : null;
        bool isImageGone = !await EngineRemoval.IsThereAsync(_engine, image, cancellationToken).ConfigureAwait(false);
        foreach (ImageLocation name in gone)
        {
            bool isGone = !await EngineRemoval.IsThereAsync(_engine, name, cancellationToken).ConfigureAwait(false);
            dialog.Removed(new RemovedImage { Image = name.ToString(), Kind = RemovedKind.Tag, Digest = _id.ToString(), IsGone = isGone, IsImageGone = isImageGone, Reason = isImageGone ? "it was the last name of its image" : $"the image stays as {_others.FirstOrDefault() ?? "another one needs it"}" });
        }

        if (!_isById) return;
        if (failure is null) dialog.Removed(new RemovedImage { Image = image.ToString(), Kind = RemovedKind.Image, Digest = _id.ToString(), IsGone = isImageGone, IsImageGone = isImageGone, AlsoLost = Losses, Reason = "it was named by its id" });
        else foreach (RemovalName name in Names.Except(_going)) dialog.Failed(failure, name.Text);
    }

    // a name that the image has got since would be lost with it, and nobody was asked about that
    private async Task RequireNoNewNameAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        (_, IReadOnlyList<string> tags) = await _engine.ReadNamesAsync(image, cancellationToken).ConfigureAwait(false);
        if (tags.FirstOrDefault(tag => !_tags.Contains(tag)) is { } isNew)
            throw ErrorCatalogue.ImageInUse.Error($"{image} stays: it has got the name {DisplayText.Excerpt(isNew)} since its removal was planned.", recommendation: "Run the command again: it says then that this name would be lost too.");
    }

    private async Task RemoveNameAsync(ImageLocation name, CancellationToken cancellationToken)
    {
        (Digest id, _) = await _engine.ReadNamesAsync(name, cancellationToken).ConfigureAwait(false);
        if (id != _id) throw ErrorCatalogue.TagMoved.Error($"{name} was {_id} when its removal was planned and is {id} now.");
        await _engine.RemoveAsync(name, _force, cancellationToken).ConfigureAwait(false);
    }

    // the other names first, one by one, so that no container loses its image because the image has many names; why it could not be, if so
    private async Task<OciException?> RemoveImageAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        try
        {
            foreach (string tag in _others)
            {
                try
                {
                    await RemoveNameAsync(ImageLocation.FromEngine(tag), cancellationToken).ConfigureAwait(false);
                }
                catch (OciException e) when (e is NotFoundException || e.ErrorId == ErrorCatalogue.TagMoved.Id)
                {
                    // it is none of this image's any more
                }
            }

            if (await EngineRemoval.IsThereAsync(_engine, image, cancellationToken).ConfigureAwait(false)) await _engine.RemoveAsync(image, _force, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (OciException e)
        {
            return e;
        }
    }
}
