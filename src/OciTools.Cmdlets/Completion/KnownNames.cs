namespace OciTools.Completion;

/// <summary>What this process has seen, so that it can be offered when somebody types: names of images, tags of repositories, layers.</summary>
internal static class KnownNames
{
    private const int MostImages = 256;
    private const int MostRepositories = 64;
    private const int MostTags = 10_000;

    private static readonly Lock s_lock = new();
    private static readonly RecentSet<bool> s_images = new(MostImages);
    private static readonly RecentSet<SortedDictionary<string, bool>> s_tags = new(MostRepositories);
    private static readonly RecentSet<SortedDictionary<int, KnownLayer>> s_layers = new(MostImages);

    /// <summary>The names that were used, the last one first.</summary>
    internal static string[] Images
    {
        get
        {
            lock (s_lock) return s_images.Keys();
        }
    }

    /// <summary>A name found an image.</summary>
    internal static void Use(string image)
    {
        lock (s_lock) s_images.Get(image, () => true);
    }

    /// <summary>A repository has a tag.</summary>
    /// <param name="repository">The whole name: <c>docker.io/library/nginx</c>.</param>
    /// <param name="tag">The tag.</param>
    internal static void AddTag(string repository, string tag)
    {
        lock (s_lock)
        {
            SortedDictionary<string, bool> tags = s_tags.Get(repository, () => new SortedDictionary<string, bool>(StringComparer.Ordinal));
            if (tags.Count < MostTags) tags[tag] = true;
        }
    }

    /// <summary>The tags of a repository that were listed; none where nobody asked.</summary>
    internal static string[] TagsOf(string repository)
    {
        lock (s_lock) return s_tags.Find(repository) is { } tags ? [.. tags.Keys] : [];
    }

    /// <summary>An image has a layer.</summary>
    /// <param name="image">Its whole name, with an absolute path.</param>
    /// <param name="layer">The layer.</param>
    internal static void AddLayer(string image, KnownLayer layer)
    {
        lock (s_lock) s_layers.Get(image, () => [])[layer.Index] = layer;
    }

    /// <summary>The layers of an image that were listed; none where nobody asked.</summary>
    internal static KnownLayer[] LayersOf(string image)
    {
        lock (s_lock) return s_layers.Find(image) is { } layers ? [.. layers.Values] : [];
    }

    // values by name, of which those that were not asked for longest are forgotten
    private sealed class RecentSet<T>(int most)
    {
        private readonly Dictionary<string, LinkedListNode<(string Key, T Value)>> _byKey = new(StringComparer.Ordinal);
        private readonly LinkedList<(string Key, T Value)> _order = new();

        internal string[] Keys() => [.. _order.Select(one => one.Key)];

        internal T? Find(string key) => _byKey.TryGetValue(key, out LinkedListNode<(string Key, T Value)>? node) ? node.Value.Value : default;

        internal T Get(string key, Func<T> make)
        {
            if (_byKey.TryGetValue(key, out LinkedListNode<(string Key, T Value)>? node))
            {
                _order.Remove(node);
                _order.AddFirst(node);
                return node.Value.Value;
            }

            if (_byKey.Count == most)
            {
                _byKey.Remove(_order.Last!.Value.Key);
                _order.RemoveLast();
            }

            T value = make();
            _byKey[key] = _order.AddFirst((key, value));
            return value;
        }
    }
}
