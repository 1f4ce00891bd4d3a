using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciTools.Stores.Layout;

/// <summary>What OciTools writes into the files of a layout (OCI image-spec, image-layout.md).</summary>
internal static class LayoutEntries
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = Limits.JsonDepth };

    /// <summary>The version file.</summary>
    internal static byte[] Version => "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray();

    /// <summary>An index without entries.</summary>
    internal static byte[] EmptyIndex => "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}"u8.ToArray();

    /// <summary>An index of documents, each with its ref name if it has one.</summary>
    internal static byte[] IndexOf(IEnumerable<(ManifestDocument Document, string? Name)> entries)
    {
        JsonObject index = JsonNode.Parse(EmptyIndex)!.AsObject();
        foreach ((ManifestDocument document, string? name) in entries) index["manifests"]!.AsArray().Add((JsonNode)EntryOf(document, name));
        return Write(index);
    }

    /// <summary>The entry of a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="name">Its ref name; null for none.</param>
    internal static JsonObject EntryOf(ManifestDocument document, string? name)
    {
        JsonObject entry = new() { ["mediaType"] = document.MediaType, ["digest"] = document.Digest, ["size"] = document.Size };
        if (document.ArtifactType is { } type) entry["artifactType"] = type;
        if (name is not null) entry["annotations"] = new JsonObject { [LayoutNames.RefNameKey] = name };
        return entry;
    }

    /// <summary>The bytes of an index.</summary>
    internal static byte[] Write(JsonObject index) => JsonSerializer.SerializeToUtf8Bytes(index, s_json);
}
