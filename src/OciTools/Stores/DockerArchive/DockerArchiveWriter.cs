using System.Text.Json;
using OciTools.Stores.Files;

namespace OciTools.Stores.DockerArchive;

/// <summary>
/// Writes an image as <c>docker save</c> does and <c>docker load</c> and <c>podman load</c> read it (moby, image/spec/v1.2.md, Combined
/// Image JSON + Filesystem Changeset Format). Layers go as they are; the file that names them comes last.
/// </summary>
internal static class DockerArchiveWriter
{
    /// <summary>Writes an archive of one image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">The name and tag that it has; null for none.</param>
    /// <param name="output">Where the archive goes.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    internal static async Task WriteAsync(PackedImage image, string? name, Stream output, CancellationToken cancellationToken)
    {
        TarOutput tar = new(output);
        HashSet<string> written = new(StringComparer.Ordinal);
        foreach (PackedLayer layer in image.Layers)
        {
            // the same layer may lie in an image twice
            if (written.Add(NameOf(layer))) await tar.WriteFileAsync(NameOf(layer), layer.Size, layer.WriteAsync, cancellationToken).ConfigureAwait(false);
        }

        string config = Digest.Compute(image.Config.Span).Hex + ".json";
        await tar.WriteFileAsync(config, image.Config, cancellationToken).ConfigureAwait(false);
        await tar.WriteFileAsync(ArchiveContent.ManifestFile, Manifest(config, name, image.Layers), cancellationToken).ConfigureAwait(false);
        await tar.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string NameOf(PackedLayer layer) => layer.DiffId.Hex + layer.Compression switch
    {
        "gzip" => ".tar.gz",
        "zstd" => ".tar.zst",
        _ => ".tar",
    };

    private static byte[] Manifest(string config, string? name, IReadOnlyList<PackedLayer> layers)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartArray();
            json.WriteStartObject();
            json.WriteString("Config", config);
            if (name is null) json.WriteNull("RepoTags");
            else
            {
                json.WriteStartArray("RepoTags");
                json.WriteStringValue(name);
                json.WriteEndArray();
            }

            json.WriteStartArray("Layers");
            foreach (PackedLayer layer in layers) json.WriteStringValue(NameOf(layer));
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        return bytes.ToArray();
    }
}
