using System.Text.Json.Nodes;

namespace OciTools.Stores.Layout;

/// <summary>What OciTools writes into the files of a layout (OCI image-spec, image-layout.md).</summary>
internal static class LayoutEntries
{
    /// <summary>The version file.</summary>
    internal static byte[] Version => "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray();

    /// <summary>An index without entries.</summary>
    internal static byte[] EmptyIndex => "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}"u8.ToArray();

    /// <summary>An index of documents, each with its ref name if it has one.</summary>
    internal static byte[] IndexOf(IEnumerable<(ManifestDocument Document, string? Name)> entries)
    {
        JsonObject index = JsonNode.Parse(EmptyIndex)!.AsObject();
        foreach ((ManifestDocument document, string? name) in entries) index["manifests"]!.AsArray().Add((JsonNode)EntryOf(document, name));
        return DocumentJson.Write(index);
    }

    /// <summary>The entry of a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="name">Its ref name; null for none.</param>
    internal static JsonObject EntryOf(ManifestDocument document, string? name)
    {
        JsonObject entry = DocumentJson.Descriptor(document);
        if (document.ArtifactType is { } type) entry["artifactType"] = type;
        if (name is not null) entry["annotations"] = new JsonObject { [LayoutNames.RefNameKey] = name };
        return entry;
    }
}
