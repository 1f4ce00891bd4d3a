using System.Collections.Frozen;
using System.Text.Json;
using OciTools.Stores.Files;

namespace OciTools.Stores.DockerArchive;

/// <summary>One image of <c>manifest.json</c>. Its paths are keys of the archive and never touch the file system.</summary>
/// <param name="Config">The path of the config.</param>
/// <param name="RepoTags">The names, as they are written there.</param>
/// <param name="Layers">The paths of the layers, the lowest first.</param>
internal sealed record ArchiveItem(string Config, IReadOnlyList<string> RepoTags, IReadOnlyList<string> Layers)
{
    private static readonly FrozenSet<string> s_keys = FrozenSet.Create(StringComparer.Ordinal, "Config", "RepoTags", "Layers", "Parent", "LayerSources");

    /// <summary>Reads the whole document.</summary>
    internal static List<ArchiveItem> ReadAll(byte[] bytes, string where)
    {
        string what = $"'{ArchiveContent.ManifestFile}' of '{DisplayText.Excerpt(where)}'";
        using JsonDocument document = JsonFields.ParseJson(bytes, what);
        if (document.RootElement.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(what, "an array");
        List<ArchiveItem> items = [];
        foreach (JsonElement element in document.RootElement.EnumerateArray())
        {
            JsonFields fields = JsonFields.Object(element, $"{what}[{items.Count}]", s_keys);
            List<string> layers = [];
            foreach (string layer in fields.Strings("Layers") ?? []) layers.Add(Path(layer, fields.PathOf("Layers")));
            string[] tags = [.. (fields.Strings("RepoTags") ?? []).Where(tag => tag.Length > 0).Distinct(StringComparer.Ordinal)];
            items.Add(new ArchiveItem(Path(fields.RequiredString("Config"), fields.PathOf("Config")), tags, layers));
        }

        return items;
    }

    /// <summary>The digest that the name of the config states, in the forms that writers use; null for another name.</summary>
    internal Digest? StatedId()
    {
        ReadOnlySpan<char> name = Config.AsSpan(Config.LastIndexOf('/') + 1);
        if (name.StartsWith("sha256:")) name = name[7..];
        if (name.EndsWith(".json")) name = name[..^5];
        return Digest.TryParse($"sha256:{name}", out Digest? digest) ? digest : null;
    }

    private static string Path(string path, string place) => ArchivePath.Normalize(path) is { Length: > 0 } normal
        ? normal
        : throw ErrorCatalogue.MalformedContent.Error($"The {place} is '{DisplayText.Excerpt(path, 100)}', which is no path inside the archive.");
}
