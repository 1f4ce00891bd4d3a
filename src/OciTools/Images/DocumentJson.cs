using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciTools;

/// <summary>Writes the documents that OciTools makes itself (OCI image-spec, descriptor.md). The same parts give the same bytes.</summary>
internal static class DocumentJson
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = Limits.JsonDepth };

    /// <summary>The bytes of a document.</summary>
    internal static byte[] Write(JsonObject document) => JsonSerializer.SerializeToUtf8Bytes(document, s_json);

    /// <summary>A descriptor with what every one has.</summary>
    internal static JsonObject Descriptor(string mediaType, string digest, long size) => new() { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = size };

    /// <summary>A descriptor of a document.</summary>
    internal static JsonObject Descriptor(ManifestDocument document) => Descriptor(document.MediaType, document.Digest, document.Size);
}
