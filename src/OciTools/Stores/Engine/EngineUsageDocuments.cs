using System.Collections.Frozen;
using System.Text.Json;

namespace OciTools.Stores.Engine;

/// <summary>Reads the JSON answers of the engine API that say what is used (Docker Engine API, <c>ImageList</c>, <c>ContainerList</c>, <c>SystemDataUsage</c>, <c>ImageDelete</c>, <c>BuildPrune</c>).</summary>
internal static class EngineUsageDocuments
{
    private static readonly FrozenSet<string> s_imageKeys = FrozenSet.Create(StringComparer.Ordinal,
        "Id", "ParentId", "RepoTags", "RepoDigests", "Created", "Size", "SharedSize", "Labels");

    private static readonly FrozenSet<string> s_containerKeys = FrozenSet.Create(StringComparer.Ordinal, "Id", "Names", "ImageID", "State");

    private static readonly FrozenSet<string> s_usageKeys = FrozenSet.Create(StringComparer.Ordinal, "Images", "BuildCache");

    private static readonly FrozenSet<string> s_cacheKeys = FrozenSet.Create(StringComparer.Ordinal,
        "ID", "Parent", "Parents", "Description", "InUse", "Shared", "Size", "CreatedAt", "LastUsedAt");

    private static readonly FrozenSet<string> s_deletedKeys = FrozenSet.Create(StringComparer.Ordinal, "Deleted");

    private static readonly FrozenSet<string> s_prunedKeys = FrozenSet.Create(StringComparer.Ordinal, "CachesDeleted");

    private static readonly FrozenSet<string> s_namesKeys = FrozenSet.Create(StringComparer.Ordinal, "Id", "RepoTags", "RepoDigests");

    /// <summary>The images of the list call for all images, with the sizes of the disk usage call.</summary>
    /// <param name="list">The answer to the list call.</param>
    /// <param name="usage">The answer to the disk usage call.</param>
    internal static List<EngineUsedImage> ReadImages(byte[] list, byte[] usage)
    {
        Dictionary<Digest, long?> sizes = [];
        Use(usage, s_usageKeys, "disk usage", fields =>
        {
            foreach ((JsonElement element, string path) in fields.Array("Images"))
            {
                JsonFields image = JsonFields.Object(element, path, s_imageKeys);
                long shared = image.Int64("SharedSize") ?? -1;
                sizes[EngineDocuments.RequiredId(image)] = shared < 0 ? null : Math.Max(0, (image.Int64("Size") ?? 0) - shared);
            }
        });
        return EngineDocuments.ReadArray(list, "engine's list of images", s_imageKeys, fields =>
        {
            Digest id = EngineDocuments.RequiredId(fields);
            Dictionary<string, string> labels = new(StringComparer.Ordinal);
            foreach ((string key, JsonElement value) in fields.Members("Labels")) labels[key] = JsonFields.Text(value, fields.PathOf("Labels"));
            return new EngineUsedImage(id, EngineDocuments.Id(fields.String("ParentId")), Names(fields, "RepoTags"), Names(fields, "RepoDigests"), EngineDocuments.Time(fields), labels)
            {
                // what is only a step on the way to others has no bytes of its own beside them
                OwnSize = sizes.TryGetValue(id, out long? size) ? size : 0,
            };
        });
    }

    /// <summary>The containers of the list call for all containers.</summary>
    internal static List<EngineContainer> ReadContainers(byte[] list) => EngineDocuments.ReadArray(list, "engine's list of containers", s_containerKeys, fields =>
    {
        string name = fields.Strings("Names") is [{ } first, ..] ? first.TrimStart('/') : fields.String("Id") ?? "";
        return new EngineContainer(name, EngineDocuments.Id(fields.String("ImageID")), fields.String("State") is "running" or "paused" or "restarting");
    });

    /// <summary>The build cache of the disk usage call.</summary>
    internal static List<EngineCacheRecord> ReadCache(byte[] usage)
    {
        List<EngineCacheRecord> records = [];
        Use(usage, s_usageKeys, "disk usage", fields =>
        {
            foreach ((JsonElement element, string path) in fields.Array("BuildCache"))
            {
                JsonFields record = JsonFields.Object(element, path, s_cacheKeys);
                List<string> parents = record.Strings("Parents") ?? [];
                if (record.String("Parent") is { Length: > 0 } parent) parents.Add(parent);
                records.Add(new EngineCacheRecord(record.RequiredString("ID"), parents, record.String("Description") ?? "", record.Boolean("InUse") ?? false,
                    record.Boolean("Shared") ?? false, Math.Max(0, record.Int64("Size") ?? 0), ConfigReader.Date(record, "LastUsedAt") ?? ConfigReader.Date(record, "CreatedAt")));
            }
        });
        return records;
    }

    /// <summary>The id and all names of an image, in the answer to the inspect call.</summary>
    internal static (Digest Id, IReadOnlyList<string> Names) ReadNames(byte[] inspect)
    {
        (Digest Id, IReadOnlyList<string> Names) found = default;
        Use(inspect, s_namesKeys, "description of an image", fields => found = (EngineDocuments.RequiredId(fields), [.. Names(fields, "RepoTags"), .. Names(fields, "RepoDigests")]));
        return found;
    }

    /// <summary>The ids of the images that the call to remove one has deleted.</summary>
    internal static List<Digest> ReadDeleted(byte[] answer) =>
        [.. EngineDocuments.ReadArray(answer, "engine's answer about what it removed", s_deletedKeys, fields => EngineDocuments.Id(fields.String("Deleted"))).OfType<Digest>()];

    /// <summary>The ids of the records that the call to clear the build cache has deleted.</summary>
    internal static List<string> ReadPruned(byte[] answer)
    {
        List<string> ids = [];
        Use(answer, s_prunedKeys, "answer about what it removed", fields => ids.AddRange(fields.Strings("CachesDeleted") ?? []));
        return ids;
    }

    // <none> stands for none
    private static List<string> Names(JsonFields fields, string key) =>
        [.. (fields.Strings(key) ?? []).Where(name => name.Length > 0 && !name.StartsWith("<none>", StringComparison.Ordinal)).Distinct()];

    private static void Use(byte[] answer, FrozenSet<string> keys, string what, Action<JsonFields> read)
    {
        JsonFields fields = JsonFields.Parse(answer, $"engine's {what}", keys, out JsonDocument document);
        using (document) read(fields);
    }
}
