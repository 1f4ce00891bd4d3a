using System.Collections.Frozen;

namespace OciTools;

/// <summary>A document that refers to an image: a signature, an SBOM, an attestation. What it states comes from its manifest, whose digest was proved.</summary>
public sealed record ImageReferrer
{
    /// <summary>The canonical name of exactly this document, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The digest of its manifest.</summary>
    public required string Digest { get; init; }

    /// <summary>The media type of its manifest.</summary>
    public required string MediaType { get; init; }

    /// <summary>
    /// What it is: the type that the manifest states, else that of its config. Where that is only the config of a container image, as cosign
    /// and BuildKit write it, the type that all its layers have; null where they have several.
    /// </summary>
    public string? ArtifactType { get; init; }

    /// <summary>The size of its manifest, in bytes.</summary>
    public long Size { get; init; }

    /// <summary>The digest of the document that it refers to.</summary>
    public required string Subject { get; init; }

    /// <summary>Where it stands that it refers to it.</summary>
    public ReferrerSource Source { get; init; }

    /// <summary>The annotations of its manifest; empty for none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>When it was made, in local time, if an annotation says so; null where none does.</summary>
    public DateTime? Created { get; init; }

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;
}
