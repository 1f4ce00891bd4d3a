namespace OciTools.Operations;

/// <summary>The history of an image, joined with its layers.</summary>
/// <param name="Rows">The rows, the newest first; layers without a row follow, the uppermost first.</param>
/// <param name="Warning">Why rows and layers could not be joined, for a person; null where nothing is wrong.</param>
public sealed record JoinedHistory(IReadOnlyList<ImageHistoryEntry> Rows, string? Warning);
