namespace OciTools;

/// <summary>Where it stands that one document refers to another.</summary>
public enum ReferrerSource
{
    /// <summary>The registry lists it (OCI distribution-spec, Listing Referrers).</summary>
    Api,

    /// <summary>A tag of the repository lists it, where the registry has no list of its own (OCI distribution-spec, Referrers Tag Schema).</summary>
    FallbackTag,

    /// <summary>The tag that cosign gives it says so: <c>sha256-HEX.sig</c>, <c>.att</c> or <c>.sbom</c>. Its manifest need not name the image.</summary>
    CosignTag,

    /// <summary>The index of the image holds it as an attestation of one of its images, as BuildKit writes them. Its manifest does not name the image.</summary>
    Index,

    /// <summary>It lies in the same layout or archive, and its manifest names the image.</summary>
    Layout,
}
