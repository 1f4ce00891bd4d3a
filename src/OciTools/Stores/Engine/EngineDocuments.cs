using System.Collections.Frozen;
using System.Text.Json;

namespace OciTools.Stores.Engine;

/// <summary>Reads the JSON answers of the engine API about images (Docker Engine API, <c>ImageInspect</c>, <c>ImageHistory</c>, <c>ImageList</c>).</summary>
internal static class EngineDocuments
{
    private static readonly FrozenSet<string> s_inspectKeys = FrozenSet.Create(StringComparer.Ordinal,
        "Id", "RepoTags", "RepoDigests", "Created", "Author", "Config", "Architecture", "Variant", "Os", "OsVersion", "RootFS", "Descriptor", "GraphDriver");

    private static readonly FrozenSet<string> s_driverKeys = FrozenSet.Create(StringComparer.Ordinal, "Name");

    private static readonly FrozenSet<string> s_rootFsKeys = FrozenSet.Create(StringComparer.Ordinal, "Type", "Layers");

    private static readonly FrozenSet<string> s_historyKeys = FrozenSet.Create(StringComparer.Ordinal, "Id", "Created", "CreatedBy", "Tags", "Size", "Comment");

    private static readonly FrozenSet<string> s_listKeys = FrozenSet.Create(StringComparer.Ordinal,
        "Id", "RepoTags", "RepoDigests", "Created", "Size", "Descriptor");

    private static readonly FrozenSet<string> s_infoKeys = FrozenSet.Create(StringComparer.Ordinal, "DriverStatus");

    private static readonly FrozenSet<string> s_versionKeys = FrozenSet.Create(StringComparer.Ordinal, "Os", "Arch");

    private static readonly FrozenSet<string> s_healthKeys = FrozenSet.Create(StringComparer.Ordinal, "Healthcheck");

    /// <summary>The id and the tags in the answer to the inspect call.</summary>
    internal static (Digest Id, IReadOnlyList<string> Tags) ReadNames(byte[] bytes, string image)
    {
        JsonFields fields = JsonFields.Parse(bytes, $"engine's description of {DisplayText.Excerpt(image)}", s_inspectKeys, out JsonDocument document);
        using (document) return (RequiredId(fields), fields.Strings("RepoTags") ?? []);
    }

    /// <summary>The answer to the inspect call.</summary>
    /// <param name="bytes">The answer.</param>
    /// <param name="image">The name of the image, for the config and for messages.</param>
    /// <param name="usesContainerd">Whether images lie in containerd's store and go by their manifest; null where the answer itself tells it.</param>
    /// <param name="libpod">The answer of Podman's own inspect call, which knows more; null for Docker.</param>
    internal static EngineImage ReadInspect(byte[] bytes, string image, bool? usesContainerd, byte[]? libpod)
    {
        string what = $"engine's description of {DisplayText.Excerpt(image)}";
        JsonFields fields = JsonFields.Parse(bytes, what, s_inspectKeys, out JsonDocument document);
        using (document)
        {
            Digest id = RequiredId(fields);
            List<string> registryDigests = RegistryDigests(fields);
            bool isManifest = IsManifestId(fields, usesContainerd);
            string? os = fields.String("Os");
            if (string.IsNullOrEmpty(os))
                throw ErrorCatalogue.PlatformNotFound.Error($"The engine holds {DisplayText.Excerpt(image)} without its content for any platform.",
                    recommendation: "Pull the image again for the platform you need.");

            JsonFields? rootFs = fields.Object("RootFS", s_rootFsKeys);
            ConfigReader.RunConfig run = ConfigReader.ReadRun(fields.Object("Config", ConfigReader.RunKeys));
            return new EngineImage(id, isManifest, new ImageConfig(image, null, isManifest ? null : id.ToString(), run)
            {
                EngineId = isManifest ? id.ToString() : null,
                OS = os,
                Architecture = fields.String("Architecture") ?? "",
                Variant = ConfigReader.NullIfEmpty(fields.String("Variant")),

                // Podman puts the version of the builder there.
                OSVersion = libpod is null ? ConfigReader.NullIfEmpty(fields.String("OsVersion")) : null,
                Created = ConfigReader.Date(fields, "Created"),
                Author = ConfigReader.NullIfEmpty(fields.String("Author")),
                DiffIds = rootFs is { } layers ? ConfigReader.DiffIds(layers, "Layers") : [],
                RegistryDigests = registryDigests,
                Healthcheck = run.Healthcheck ?? (libpod is null ? null : ReadHealthcheck(libpod, what)),
            });
        }
    }

    /// <summary>The answer to the history call, the newest row first.</summary>
    internal static IReadOnlyList<EngineHistoryRow> ReadHistory(byte[] bytes, string image)
    {
        string what = $"engine's history of {DisplayText.Excerpt(image)}";
        return ReadArray(bytes, what, s_historyKeys, fields => new EngineHistoryRow(
            Time(fields),
            fields.String("CreatedBy") ?? "",
            Size(fields),
            ConfigReader.NullIfEmpty(fields.String("Comment")),
            Id(fields.String("Id"))?.ToString(),
            fields.Strings("Tags") ?? []));
    }

    /// <summary>The answer to the list call: one image for every tag, and one for an image without any.</summary>
    /// <param name="bytes">The answer.</param>
    /// <param name="usesContainerd">As for <see cref="ReadInspect"/>.</param>
    internal static List<StoredImage> ReadList(byte[] bytes, bool? usesContainerd)
    {
        List<StoredImage> images = [];
        ReadArray(bytes, "engine's list of images", s_listKeys, fields =>
        {
            Digest id = RequiredId(fields);
            List<string> registryDigests = RegistryDigests(fields);
            EngineListing listing = new(id.ToString(), Size(fields), Time(fields), registryDigests)
            {
                ImageId = IsManifestId(fields, usesContainerd) ? null : id.ToString(),
            };

            int before = images.Count;
            foreach (string text in fields.Strings("RepoTags") ?? [])
                if (ImageReference.TryParse(text, out ImageReference? name) && name.Tag is { } tag && name.Digest is null)
                    images.Add(new StoredImage(ImageLocation.FromEngine(text), null) { Repository = name.Name, Tag = tag, Engine = listing });

            if (images.Count == before)
                images.Add(new StoredImage(ImageLocation.FromEngine(id.ToString()), null)
                {
                    Repository = registryDigests.Count > 0 ? ImageReference.Parse(registryDigests[0]).Name : null,
                    Engine = listing,
                });
            return 0;
        });
        return images;
    }

    /// <summary>The storage driver in the answer to the inspect call; null for none.</summary>
    internal static string? ReadDriver(byte[] inspect)
    {
        JsonFields fields = JsonFields.Parse(inspect, "engine's description of an image", s_inspectKeys, out JsonDocument document);
        using (document) return fields.Object("GraphDriver", s_driverKeys)?.String("Name");
    }

    /// <summary>Whether the answer to the info call says that images lie in containerd's store.</summary>
    internal static bool ReadUsesContainerd(byte[] bytes)
    {
        JsonFields fields = JsonFields.Parse(bytes, "engine's description of itself", s_infoKeys, out JsonDocument document);
        using (document)
            foreach ((JsonElement pair, _) in fields.Array("DriverStatus"))
                if (pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
                    && pair[0].ValueKind == JsonValueKind.String && pair[0].ValueEquals("driver-type")
                    && pair[1].ValueKind == JsonValueKind.String && pair[1].ValueEquals("io.containerd.snapshotter.v1")) return true;
        return false;
    }

    /// <summary>The engine's own platform in the answer to the version call; null where it says none.</summary>
    internal static Platform? ReadPlatform(byte[] bytes)
    {
        JsonFields fields = JsonFields.Parse(bytes, "engine's version", s_versionKeys, out JsonDocument document);
        using (document)
        {
            (string? os, string? architecture) = (fields.String("Os"), fields.String("Arch"));
            return string.IsNullOrEmpty(os) || string.IsNullOrEmpty(architecture) ? null : Platform.FromDocument(os, architecture, null, null, null);
        }
    }

    // Podman's compatible call leaves the health check out, its own call has it.
    private static Healthcheck? ReadHealthcheck(byte[] libpod, string what)
    {
        JsonFields fields = JsonFields.Parse(libpod, what, s_healthKeys, out JsonDocument document);
        using (document) return ConfigReader.ReadHealthcheck(fields);
    }

    // Since version 1.48 the answer has the descriptor of the manifest or index exactly where that names the image.
    private static bool IsManifestId(JsonFields fields, bool? usesContainerd) => usesContainerd ?? fields.Value("Descriptor") is not null;

    internal static List<T> ReadArray<T>(byte[] bytes, string what, FrozenSet<string> keys, Func<JsonFields, T> read)
    {
        using JsonDocument document = JsonFields.ParseJson(bytes, what);
        if (document.RootElement.ValueKind == JsonValueKind.Null) return [];
        if (document.RootElement.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(what, "an array");
        List<T> items = new(document.RootElement.GetArrayLength());
        foreach (JsonElement element in document.RootElement.EnumerateArray()) items.Add(read(JsonFields.Object(element, $"{what}, [{items.Count}]", keys)));
        return items;
    }

    // Old engines and Podman write the id without its algorithm in some answers.
    internal static Digest? Id(string? text) =>
        Digest.TryParse(text, out Digest? id) || Digest.TryParse("sha256:" + text, out id) ? id : null;

    internal static Digest RequiredId(JsonFields fields)
    {
        string text = fields.RequiredString("Id");
        return Id(text) ?? throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf("Id")} is not the id of an image: '{DisplayText.Excerpt(text, 80)}'.");
    }

    // <none>@<none> stands for none
    private static List<string> RegistryDigests(JsonFields fields)
    {
        List<string> digests = [];
        foreach (string text in fields.Strings("RepoDigests") ?? [])
            if (ImageReference.TryParse(text, out ImageReference? name) && name.Digest is not null && !digests.Contains(name.ToString()))
                digests.Add(name.ToString());
        return digests;
    }

    private static long Size(JsonFields fields) => Math.Max(0, fields.Int64("Size") ?? 0);

    // seconds since 1970; what no date can hold, and the dates that stand for "unknown", are null
    internal static DateTime? Time(JsonFields fields) =>
        fields.Int64("Created") is { } seconds and >= -62_135_596_800 and <= 253_402_300_799 ? ConfigReader.Known(DateTimeOffset.FromUnixTimeSeconds(seconds)) : null;
}
