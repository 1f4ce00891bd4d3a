namespace OciTools.Stores.Layout;

/// <summary>Finds the entries of a layout's index by name (OCI image-spec, annotations.md), digest or position.</summary>
internal sealed class LayoutNames
{
    /// <summary>The annotation of an entry that has its name.</summary>
    internal const string RefNameKey = "org.opencontainers.image.ref.name";

    private const string ContainerdNameKey = "io.containerd.image.name";

    private readonly IReadOnlyList<Descriptor> _entries;
    private readonly ImageLocation _root;
    private readonly Dictionary<string, List<int>> _refNames = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, List<int>> _digests = [];

    internal LayoutNames(IReadOnlyList<Descriptor> entries, ImageLocation root)
    {
        _entries = entries;
        _root = root;
        for (int i = 0; i < entries.Count; i++)
        {
            Add(_digests, entries[i].GetDigest(), i);
            if (RefName(entries[i]) is { } name) Add(_refNames, name, i);
        }
    }

    internal int Count => _entries.Count;

    internal Descriptor this[int position] => _entries[position];

    /// <summary>The position of the entry that a location names; null for a digest that no entry has.</summary>
    internal int? Find(ImageLocation location)
    {
        if (location.Digest is { } digest) return _digests.TryGetValue(digest, out List<int>? found) ? found[0] : null;
        if (location.Position is { } position)
            return position < _entries.Count ? position : throw NotFound($"has no image @{position}: it has {_entries.Count}");
        if (location.RefName is { } name) return FindName(name);
        return _entries.Count switch
        {
            0 => throw NotFound("holds no image"),
            1 => 0,
            _ => throw ErrorCatalogue.AmbiguousImage.Error($"{Where} holds {_entries.Count} images: {List(null)}."),
        };
    }

    /// <summary>The position of the only entry that does not refer to another image; null where there are several, or none.</summary>
    internal int? FindOnly(Predicate<Descriptor> isReferrer) => Match(entry => !isReferrer(entry)) is [var only] ? only : null;

    /// <summary>The entry as it is listed and resolved, under its canonical name.</summary>
    internal StoredImage Describe(int position)
    {
        Descriptor entry = _entries[position];
        (string? repository, string? tag) = ImageNames.Split(entry.Annotations.GetValueOrDefault(ContainerdNameKey), RefName(entry));
        return new StoredImage(LocationOf(position), entry) { Repository = repository, Tag = tag };
    }

    internal OciException NotFound(string why) => ImageNames.NotFound(Where, why);

    private string Where => $"'{DisplayText.Excerpt(_root.Path)}'";

    private int FindName(string name)
    {
        List<int> found = _refNames.GetValueOrDefault(name) ?? [];
        if (found.Count == 0)
        {
            string? full = ImageReference.TryParse(name, out ImageReference? reference) ? reference.ToString() : null;
            found = Match(entry => entry.Annotations.GetValueOrDefault(ContainerdNameKey) is { } other && (other == name || other == full));
        }

        if (found.Count == 0) throw NotFound($"holds no image '{DisplayText.Excerpt(name, 100)}'{Others()}");
        foreach (int position in found)
            if (_entries[position].GetDigest() != _entries[found[0]].GetDigest())
                throw ErrorCatalogue.AmbiguousImage.Error($"{Where} holds {found.Count} images named '{DisplayText.Excerpt(name, 100)}': {List(found)}.");
        return found[0];
    }

    private string Others() => _entries.Count == 0 ? "" : "; it has " + List(null);

    private ImageLocation LocationOf(int position)
    {
        Descriptor entry = _entries[position];
        string? name = RefName(entry);
        if (ImageNames.CanBeWritten(name) && _refNames[name!].Count == 1) return _root.WithName(name);
        return _digests[entry.GetDigest()].Count == 1 ? _root.WithName(null, entry.GetDigest()) : _root.WithName(null, position: position);
    }

    private static void Add<T>(Dictionary<T, List<int>> positions, T key, int position)
        where T : notnull
    {
        if (!positions.TryGetValue(key, out List<int>? known)) positions.Add(key, known = []);
        known.Add(position);
    }

    private List<int> Match(Predicate<Descriptor> fits)
    {
        List<int> found = [];
        for (int i = 0; i < _entries.Count; i++)
            if (fits(_entries[i])) found.Add(i);
        return found;
    }

    private string List(List<int>? only)
    {
        if (only is not null) return string.Join(", ", only.Take(20).Select(i => $"@{i} = {_entries[i].Digest}"));
        List<string?> names = [];
        foreach (Descriptor entry in _entries) names.Add(RefName(entry) ?? entry.Annotations.GetValueOrDefault(ContainerdNameKey) ?? entry.Digest);
        return ImageNames.List(names);
    }

    private static string? RefName(Descriptor entry) => entry.Annotations.GetValueOrDefault(RefNameKey);
}
