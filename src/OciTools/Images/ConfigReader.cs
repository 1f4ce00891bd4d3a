using System.Collections.Frozen;
using System.Collections.Specialized;
using System.Text.Json;

namespace OciTools;

/// <summary>Reads the JSON of configs: the document itself, and the part of it that an engine's inspect call repeats.</summary>
internal static class ConfigReader
{
    internal static readonly FrozenSet<string> TopKeys = FrozenSet.Create(StringComparer.Ordinal,
        "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config", "rootfs", "history");

    internal static readonly FrozenSet<string> RunKeys = FrozenSet.Create(StringComparer.Ordinal,
        "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "ArgsEscaped",
        "Memory", "MemorySwap", "CpuShares", "Healthcheck", "OnBuild", "Shell");

    private static readonly FrozenSet<string> s_rootFsKeys = FrozenSet.Create(StringComparer.Ordinal, "type", "diff_ids");

    private static readonly FrozenSet<string> s_historyKeys = FrozenSet.Create(StringComparer.Ordinal,
        "created", "author", "created_by", "comment", "empty_layer");

    private static readonly FrozenSet<string> s_healthKeys = FrozenSet.Create(StringComparer.Ordinal,
        "Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries");

    internal static ImageConfig Read(JsonFields fields, string image, byte[] bytes, string imageId)
    {
        if (fields.Object("rootfs", s_rootFsKeys) is not { } rootFs) throw fields.Missing("rootfs");
        if (rootFs.RequiredString("type") is var type && type != "layers")
            throw ErrorCatalogue.MalformedDocument.Error($"The {rootFs.PathOf("type")} is '{DisplayText.Excerpt(type, 40)}', not 'layers'.");

        RunConfig run = ReadRun(fields.Object("config", RunKeys));
        return new ImageConfig(image, bytes, imageId, run)
        {
            OS = fields.RequiredString("os"),
            Architecture = fields.RequiredString("architecture"),
            Variant = fields.String("variant") is { Length: > 0 } variant ? variant : null,
            OSVersion = fields.String("os.version") is { Length: > 0 } version ? version : null,
            OSFeatures = fields.Strings("os.features") ?? [],
            Created = Date(fields, "created"),
            Author = NullIfEmpty(fields.String("author")),
            DiffIds = DiffIds(rootFs, "diff_ids"),
            History = [.. fields.Array("history").Select(row => ReadHistory(JsonFields.Object(row.Element, row.Path, s_historyKeys)))],
        };
    }

    /// <summary>The execution parameters, which a config and an engine's inspect call have in the same form.</summary>
    internal static RunConfig ReadRun(JsonFields? section)
    {
        if (section is not { } fields) return new RunConfig();
        List<string> environment = fields.Strings("Env") ?? [];
        OrderedDictionary labels = new(StringComparer.Ordinal);
        foreach ((string key, JsonElement value) in fields.Members("Labels"))
            labels[key] = value.ValueKind == JsonValueKind.Null ? "" : JsonFields.Text(value, fields.PathOf("Labels"));

        return new RunConfig
        {
            User = fields.String("User") ?? "",
            Env = ByName(environment),
            EnvList = environment,
            Entrypoint = Command(fields, "Entrypoint"),
            Cmd = Command(fields, "Cmd"),
            WorkingDir = fields.String("WorkingDir") ?? "",
            ExposedPorts = [.. fields.Members("ExposedPorts").Select(m => m.Key)],
            Volumes = [.. fields.Members("Volumes").Select(m => m.Key)],
            Labels = labels,
            Healthcheck = ReadHealthcheck(fields),
            StopSignal = NullIfEmpty(fields.String("StopSignal")),
            Shell = fields.Strings("Shell") ?? [],
            OnBuild = fields.Strings("OnBuild") ?? [],
        };
    }

    internal static List<string> DiffIds(JsonFields fields, string name)
    {
        List<string> diffIds = fields.Strings(name) ?? [];
        foreach (string diffId in diffIds)
            if (!Digest.TryParse(diffId, out _))
                throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf(name)} holds '{DisplayText.Excerpt(diffId, 80)}', which is no digest.");
        return diffIds;
    }

    /// <summary>An RFC 3339 time as local time; null where it is absent, the epoch, or year 1.</summary>
    internal static DateTime? Date(JsonFields fields, string name)
    {
        if (fields.String(name) is not { Length: > 0 } text) return null;
        if (!Timestamp.TryParse(text, out DateTimeOffset time))
            throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf(name)} is not a time of RFC 3339: '{DisplayText.Excerpt(text, 60)}'.");
        return Known(time);
    }

    /// <summary>Local time; null for the epoch and year 1, which stand for "unknown".</summary>
    internal static DateTime? Known(DateTimeOffset time) =>
        time.ToUnixTimeSeconds() == 0 || time.Year == 1 ? null : time.LocalDateTime;

    internal static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>The health check of the execution parameters; null for none.</summary>
    internal static Healthcheck? ReadHealthcheck(JsonFields fields) => fields.Object("Healthcheck", s_healthKeys) is { } health ? ReadHealth(health) : null;

    private static ConfigHistory ReadHistory(JsonFields fields) => new(
        Date(fields, "created"),
        fields.String("created_by") ?? "",
        NullIfEmpty(fields.String("author")),
        NullIfEmpty(fields.String("comment")),
        fields.Boolean("empty_layer") ?? false);

    private static Healthcheck ReadHealth(JsonFields fields) => new(
        fields.Strings("Test") ?? [],
        Duration(fields, "Interval"),
        Duration(fields, "Timeout"),
        Duration(fields, "StartPeriod"),
        Duration(fields, "StartInterval"),
        fields.Int64("Retries") is { } retries ? (int)Math.Clamp(retries, 0, int.MaxValue) : null);

    // the dictionary that PowerShell knows looks through all names to replace a value, so it gets each name once
    private static OrderedDictionary ByName(List<string> environment)
    {
        OrderedDictionary<string, string> last = new(StringComparer.Ordinal);
        foreach (string entry in environment)
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            last[equals < 0 ? entry : entry[..equals]] = equals < 0 ? "" : entry[(equals + 1)..];
        }

        OrderedDictionary byName = new(StringComparer.Ordinal);
        foreach ((string name, string value) in last) byName.Add(name, value);
        return byName;
    }

    // nanoseconds, 0 for "inherit"
    private static TimeSpan? Duration(JsonFields fields, string name) =>
        fields.Int64(name) is { } nanoseconds and not 0 ? TimeSpan.FromTicks(nanoseconds / 100) : null;

    // builders before Docker 1.10 wrote a single string
    private static List<string> Command(JsonFields fields, string name) =>
        fields.Value(name) is { ValueKind: JsonValueKind.String } single ? [JsonFields.Text(single, fields.PathOf(name))] : fields.Strings(name) ?? [];

    /// <summary>The execution parameters.</summary>
    internal sealed class RunConfig
    {
        internal string User { get; init; } = "";

        internal OrderedDictionary Env { get; init; } = new(StringComparer.Ordinal);

        internal IReadOnlyList<string> EnvList { get; init; } = [];

        internal IReadOnlyList<string> Entrypoint { get; init; } = [];

        internal IReadOnlyList<string> Cmd { get; init; } = [];

        internal string WorkingDir { get; init; } = "";

        internal IReadOnlyList<string> ExposedPorts { get; init; } = [];

        internal IReadOnlyList<string> Volumes { get; init; } = [];

        internal OrderedDictionary Labels { get; init; } = new(StringComparer.Ordinal);

        internal Healthcheck? Healthcheck { get; init; }

        internal string? StopSignal { get; init; }

        internal IReadOnlyList<string> Shell { get; init; } = [];

        internal IReadOnlyList<string> OnBuild { get; init; } = [];
    }
}
