namespace OciTools.Stores.DockerArchive;

/// <summary>Finds the images of an archive by Docker reference or position.</summary>
internal sealed class ArchiveNames
{
    private readonly IReadOnlyList<ArchiveItem> _items;
    private readonly ImageLocation _root;
    private readonly Dictionary<string, List<int>> _tags = new(StringComparer.Ordinal);

    internal ArchiveNames(IReadOnlyList<ArchiveItem> items, ImageLocation root)
    {
        _items = items;
        _root = root;
        for (int i = 0; i < items.Count; i++)
        {
            foreach (string tag in items[i].RepoTags)
            {
                List<int> positions = _tags.TryGetValue(Normal(tag), out List<int>? known) ? known : _tags[Normal(tag)] = [];
                if (positions is not [.., var last] || last != i) positions.Add(i);
            }
        }
    }

    internal int Count => _items.Count;

    internal ArchiveItem this[int position] => _items[position];

    /// <summary>The position and the tag that a location names; position -1 for a location by digest, which takes a look at the configs.</summary>
    internal (int Position, string? Tag) Find(ImageLocation location)
    {
        if (location.Transport == ImageTransport.DockerDaemon && _items.Count == 1) return (0, null);
        if (location.Position is { } position)
            return position < _items.Count ? (position, null) : throw NotFound($"has no image @{position}: it has {_items.Count}");
        if ((location.Reference?.ToString() ?? location.RefName) is { } name) return FindName(name);
        if (location.Digest is not null) return (-1, null);
        return _items.Count switch
        {
            0 => throw NotFound("holds no image"),
            1 => (0, null),
            _ => throw ErrorCatalogue.AmbiguousImage.Error($"{Where} holds {_items.Count} images: {List()}."),
        };
    }

    /// <summary>The canonical name: by the tag, or else the first tag that names nothing else, or else the position.</summary>
    internal ImageLocation LocationOf(int position, string? tag)
    {
        if (_root.Transport == ImageTransport.DockerDaemon) return _root;
        if (tag is not null && IsOwn(tag)) return _root.WithName(tag);
        foreach (string own in _items[position].RepoTags)
            if (IsOwn(own)) return _root.WithName(own);
        return _root.WithName(null, position: position);
    }

    /// <summary>Repository and tag of the name.</summary>
    internal (string? Repository, string? Tag) NameOf(int position, string? tag)
    {
        string? name = tag ?? (_items[position].RepoTags is [var first, ..] ? first : null);
        return ImageNames.Split(name, name);
    }

    internal OciException NotFound(string why) => ImageNames.NotFound(Where, why);

    private string Where => $"'{DisplayText.Excerpt(_root.Path ?? _root.ToString())}'";

    private (int Position, string? Tag) FindName(string name)
    {
        if (!_tags.TryGetValue(Normal(name), out List<int>? found))
            throw NotFound($"holds no image '{DisplayText.Excerpt(name, 100)}'{(_items.Count == 0 ? "" : "; it has " + List())}");
        foreach (int position in found)
            if (_items[position].Config != _items[found[0]].Config)
                throw ErrorCatalogue.AmbiguousImage.Error(
                    $"{Where} holds {found.Count} images named '{DisplayText.Excerpt(name, 100)}': {string.Join(", ", found.Take(20).Select(i => $"@{i}"))}.");
        foreach (string tag in _items[found[0]].RepoTags)
            if (Normal(tag) == Normal(name)) return (found[0], tag);
        return (found[0], null);
    }

    private bool IsOwn(string tag) => ImageNames.CanBeWritten(tag) && _tags[Normal(tag)].Count == 1;

    private string List()
    {
        List<string?> names = [];
        foreach (ArchiveItem item in _items) names.Add(string.Join(" or ", item.RepoTags.Take(5)));
        return ImageNames.List(names);
    }

    private static string Normal(string tag) => ImageReference.TryParse(tag, out ImageReference? reference) ? reference.ToString() : tag;
}
