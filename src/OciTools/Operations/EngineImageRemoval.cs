using OciTools.Stores.Engine;

namespace OciTools.Operations;

/// <summary>Names of one image of an engine that go, and the image with its last name.</summary>
internal sealed class EngineImageRemoval : RemovalUnit
{
    private readonly EngineStore _engine;
    private readonly Digest _id;
    private readonly bool _force;
    private readonly bool _isById;
    private readonly List<ImageLocation> _going = [];
    private readonly List<string> _others = [];

    internal EngineImageRemoval(EngineStore engine, Digest id, IReadOnlyList<RemovalName> names, IReadOnlyList<string> tags, bool force)
        : base(names)
    {
        (_engine, _id, _force) = (engine, id, force);
        _isById = names.Any(name => name.Location.Reference is null);
        HashSet<string> named = [.. names.Select(name => name.Location.Reference?.ToString()).OfType<string>()];
        foreach (RemovalName name in names)
            if (name.Location.Reference is not null) _going.Add(name.Location);
        foreach (string tag in tags)
            if (!ImageReference.TryParse(tag, out ImageReference? reference) || !named.Contains(reference.ToString())) _others.Add(tag);
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<string> Losses => _isById ? [.. _others.Select(tag => $"the tag docker-daemon:{tag}")] : [];

    /// <inheritdoc/>
    internal override string Describe()
    {
        string list = string.Join(", ", _going);
        if (_isById) return _going.Count == 0 ? $"docker-daemon:{_id}" : $"docker-daemon:{_id}, with {list}";
        return _others.Count == 0 ? $"{list}, and the image {_id} with its last name" : $"{list}, the name alone: the image {_id} stays as {DisplayText.Excerpt(_others[0])}";
    }

    /// <inheritdoc/>
    internal override async Task RunAsync(IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        ImageLocation image = _engine.Child(_going.FirstOrDefault() ?? Names[0].Location, _id);
        foreach (ImageLocation name in _going) await _engine.RemoveAsync(name, _force, cancellationToken).ConfigureAwait(false);
        if (_isById)
        {
            // by their names, so that no container loses its image because the image has many names
            foreach (string tag in _others) await _engine.RemoveAsync(ImageLocation.FromEngine(tag), _force, cancellationToken).ConfigureAwait(false);
            if (await EngineRemoval.IsThereAsync(_engine, image, cancellationToken).ConfigureAwait(false)) await _engine.RemoveAsync(image, _force, cancellationToken).ConfigureAwait(false);
        }

        bool isImageGone = !await EngineRemoval.IsThereAsync(_engine, image, cancellationToken).ConfigureAwait(false);
        foreach (ImageLocation name in _going)
        {
            bool isGone = !await EngineRemoval.IsThereAsync(_engine, name, cancellationToken).ConfigureAwait(false);
            dialog.Removed(new RemovedImage { Image = name.ToString(), Kind = RemovedKind.Tag, Digest = _id.ToString(), IsGone = isGone, IsImageGone = isImageGone, Reason = isImageGone ? "it was the last name of its image" : $"the image stays as {_others.FirstOrDefault() ?? "another one needs it"}" });
        }

        if (_isById) dialog.Removed(new RemovedImage { Image = image.ToString(), Kind = RemovedKind.Image, Digest = _id.ToString(), IsGone = isImageGone, IsImageGone = isImageGone, AlsoLost = Losses, Reason = "it was named by its id" });
    }
}
