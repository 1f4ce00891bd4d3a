namespace OciTools.Operations.Copying;

/// <summary>What is copied, and how.</summary>
public sealed record CopyOptions
{
    /// <summary>Selects the image of an index; null copies the index with all its images, or chooses one where the destination keeps no index.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Whether the name may be taken from another image, and an archive be replaced.</summary>
    public bool Replace { get; init; }

    /// <summary>Whether what refers to the image is copied along: signatures, SBOMs, attestations, and what refers to those.</summary>
    public bool IncludeReferrers { get; init; }

    /// <summary>Whether an engine pulls the image itself.</summary>
    public bool UseEngine { get; init; }

    /// <summary>Whether the plan finds out which blobs are not at the destination, to say what would be sent; else each is asked for when its turn comes.</summary>
    public bool ListsMissing { get; init; }
}
