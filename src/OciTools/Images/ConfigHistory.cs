namespace OciTools;

/// <summary>One row of the history in a config, the oldest first (OCI image-spec, config.md, property <c>history</c>).</summary>
/// <param name="Created">When the row was made, in local time; null where unknown, and for the epoch that reproducible builds write.</param>
/// <param name="CreatedBy">The command; empty where the config does not say.</param>
/// <param name="Author">The author; null for none.</param>
/// <param name="Comment">The comment; null for none.</param>
/// <param name="EmptyLayer">Whether the row made no layer.</param>
public sealed record ConfigHistory(DateTime? Created, string CreatedBy, string? Author, string? Comment, bool EmptyLayer)
{
    /// <summary>The command.</summary>
    public override string ToString() => CreatedBy;
}
