namespace OciTools.Operations.Listing;

/// <summary>A document that refers to another one: read, proved, and looked at whether it does.</summary>
/// <param name="Location">The name of exactly this document.</param>
/// <param name="Document">The document.</param>
/// <param name="Subject">What it refers to.</param>
/// <param name="Source">Where that stands.</param>
/// <param name="Tag">The tag that says so, where that is all that does; null elsewhere.</param>
internal sealed record FoundReferrer(ImageLocation Location, ManifestDocument Document, Digest Subject, ReferrerSource Source, string? Tag = null)
{
    private const string CreatedKey = "org.opencontainers.image.created";

    /// <summary>What it is; null where that cannot be told.</summary>
    internal string? ArtifactType
    {
        get
        {
            if (Document.ArtifactType is { } stated) return stated;
            if (Document is not ImageManifest manifest) return null;
            if (!manifest.IsContainerImage || Source is not (ReferrerSource.CosignTag or ReferrerSource.Index)) return manifest.Config.MediaType;
            string[] types = [.. manifest.Layers.Select(layer => layer.MediaType).Distinct(StringComparer.Ordinal)];
            return types.Length == 1 ? types[0] : null;
        }
    }

    /// <summary>The result.</summary>
    internal ImageReferrer Describe() => new()
    {
        Image = Location.ToString(),
        Digest = Document.Digest,
        MediaType = Document.MediaType,
        ArtifactType = ArtifactType,
        Size = Document.Size,
        Subject = Subject.ToString(),
        Source = Source,
        Annotations = Document.Annotations,
        Created = Document.Annotations.TryGetValue(CreatedKey, out string? text) && Timestamp.TryParse(text, out DateTimeOffset time) ? ConfigReader.Known(time) : null,
    };
}
