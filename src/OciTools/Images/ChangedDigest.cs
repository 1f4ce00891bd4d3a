namespace OciTools;

/// <summary>A digest that an image has no more where it was copied to.</summary>
/// <param name="Subject">What it is the digest of: <c>Manifest</c>, or <c>Layer 0</c> counted from the bottom.</param>
/// <param name="SourceDigest">The digest at the source; for a layer that had none, its diff id.</param>
/// <param name="DestinationDigest">The digest at the destination; null where it has none.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record ChangedDigest(string Subject, string? SourceDigest, string? DestinationDigest, string Reason);
