using System.Text.Json.Nodes;

namespace OciTools.Operations.Copying;

/// <summary>Writes the manifest of an image that had none (OCI image-spec, manifest.md). The same parts give the same bytes.</summary>
internal static class ManifestWriter
{
    /// <summary>Writes a manifest.</summary>
    /// <param name="config">The config.</param>
    /// <param name="layers">The layers, the lowest first.</param>
    internal static byte[] Write(Descriptor config, IReadOnlyList<Descriptor> layers) => DocumentJson.Write(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciManifest,
        ["config"] = JsonOf(config),
        ["layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)JsonOf(layer))]),
    });

    private static JsonObject JsonOf(Descriptor descriptor) => DocumentJson.Descriptor(descriptor.MediaType, descriptor.Digest, descriptor.Size);
}
