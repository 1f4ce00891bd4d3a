namespace OciTools.Operations.Removing;

/// <summary>A name that is to be removed.</summary>
/// <param name="Text">The name as it was given.</param>
/// <param name="Location">What it means; its path, if it has one, is absolute.</param>
public sealed record RemovalName(string Text, ImageLocation Location);
