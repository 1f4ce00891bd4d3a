namespace OciTools.Stores;

/// <summary>A place that may know which documents refer to another one: a registry, a layout.</summary>
public interface IReferrerStore : IImageStore
{
    /// <summary>
    /// What is said to refer to a document, as it comes. It is as the place wrote it: whoever takes one reads its manifest and looks whether it
    /// does.
    /// </summary>
    /// <param name="image">Any name in the repository or place.</param>
    /// <param name="subject">The digest of the document; it need not be there.</param>
    /// <param name="artifactType">The only type that is wanted; null for all. The place may give others too.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="RefusedException">The list leads to another place or does not end (<c>PageRefused</c>, <c>EndlessList</c>).</exception>
    IAsyncEnumerable<StoredReferrer> ListReferrersAsync(ImageLocation image, Digest subject, string? artifactType, CancellationToken cancellationToken);
}

/// <summary>A document that is said to refer to another one.</summary>
/// <param name="Manifest">Media type, digest and size of its manifest.</param>
/// <param name="Source">Where it is said.</param>
public sealed record StoredReferrer(Descriptor Manifest, ReferrerSource Source);
