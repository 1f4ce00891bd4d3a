using System.Collections;
using System.Globalization;

namespace OciTools.Operations.Comparing;

/// <summary>Compares configs field by field, and their histories row by row.</summary>
internal static class ConfigComparison
{
    internal static IEnumerable<ImageDifference> Compare(ImageDifference template, ImageConfig before, ImageConfig after, bool withTime)
    {
        Dictionary<string, string> right = Fields(after, withTime);
        Dictionary<string, string> left = Fields(before, withTime);
        foreach ((string name, string value) in left)
        {
            if (!right.TryGetValue(name, out string? other)) yield return template with { Kind = "Config", Change = "Removed", Name = name, ReferenceValue = value };
            else if (other != value) yield return template with { Kind = "Config", Change = "Changed", Name = name, ReferenceValue = value, DifferenceValue = other };
        }

        foreach ((string name, string value) in right)
            if (!left.ContainsKey(name)) yield return template with { Kind = "Config", Change = "Added", Name = name, DifferenceValue = value };
    }

    /// <summary>Compares histories by the commands of their rows.</summary>
    /// <param name="template">The names of the images.</param>
    /// <param name="before">The rows of the reference image, the oldest first.</param>
    /// <param name="after">The rows of the difference image, the oldest first.</param>
    /// <param name="withTime">Whether times count, to the second, which is all that an engine keeps.</param>
    internal static IEnumerable<ImageDifference> CompareHistory(ImageDifference template, IReadOnlyList<ImageHistoryEntry> before, IReadOnlyList<ImageHistoryEntry> after, bool withTime)
    {
        foreach ((ImageHistoryEntry? left, ImageHistoryEntry? right, _) in Alignment.Of(before, after, row => Text(row, withTime)))
        {
            if (left is not null && right is not null) continue;
            ImageHistoryEntry row = left ?? right!;
            yield return template with
            {
                Kind = "History",
                Change = left is null ? "Added" : "Removed",
                Name = row.CreatedBy,
                ReferenceValue = left is null ? null : Text(left, withTime),
                DifferenceValue = right is null ? null : Text(right, withTime),
                Layer = row.Layer,
            };
        }
    }

    private static string Text(ImageHistoryEntry row, bool withTime) =>
        withTime && row.Created is { } created ? created.ToString("s", CultureInfo.InvariantCulture) + " " + row.CreatedBy : row.CreatedBy;

    private static Dictionary<string, string> Fields(ImageConfig config, bool withTime)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        Add("OS", config.OS);
        Add("Architecture", config.Architecture);
        Add("Variant", config.Variant);
        Add("OSVersion", config.OSVersion);
        AddList("OSFeatures", config.OSFeatures);
        if (withTime) Add("Created", config.Created?.ToString("o", CultureInfo.InvariantCulture));
        Add("Author", config.Author);
        Add("User", config.User);
        AddMap("Env", config.Env);
        AddList("Entrypoint", config.Entrypoint);
        AddList("Cmd", config.Cmd);
        Add("WorkingDir", config.WorkingDir);
        AddEach("ExposedPorts", config.ExposedPorts);
        AddEach("Volumes", config.Volumes);
        AddMap("Labels", config.Labels);
        if (config.Healthcheck is { } check)
        {
            AddList("Healthcheck.Test", check.Test);
            Add("Healthcheck.Interval", check.Interval?.ToString());
            Add("Healthcheck.Timeout", check.Timeout?.ToString());
            Add("Healthcheck.StartPeriod", check.StartPeriod?.ToString());
            Add("Healthcheck.StartInterval", check.StartInterval?.ToString());
            Add("Healthcheck.Retries", check.Retries?.ToString(CultureInfo.InvariantCulture));
        }

        Add("StopSignal", config.StopSignal);
        AddList("Shell", config.Shell);
        AddList("OnBuild", config.OnBuild);
        return fields;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) fields[name] = value;
        }

        // as JSON writes a list of strings, so that where one ends and the next begins is part of the value
        void AddList(string name, IReadOnlyList<string> list)
        {
            if (list.Count > 0) fields[name] = "[" + string.Join(", ", list.Select(item => $"\"{System.Text.Json.JsonEncodedText.Encode(item, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"")) + "]";
        }

        void AddEach(string name, IReadOnlyList<string> set)
        {
            foreach (string item in set) fields[$"{name}.{item}"] = item;
        }

        void AddMap(string name, IDictionary map)
        {
            foreach (DictionaryEntry entry in map) fields[$"{name}.{entry.Key}"] = entry.Value?.ToString() ?? "";
        }
    }
}
