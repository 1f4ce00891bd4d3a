namespace OciTools.Operations.Clearing;

/// <summary>What of the unused content of a place is cleared.</summary>
/// <param name="All">Also images that have a name, where no container uses them, and all of an engine's build cache that is not in use.</param>
/// <param name="OlderThan">Only what is older; null for any age.</param>
/// <param name="Filter">Only what fits.</param>
public sealed record ClearingChoices(bool All, TimeSpan? OlderThan, ClearingFilter Filter)
{
    /// <summary>Whether something is old enough; what has no date is not.</summary>
    internal bool IsOldEnough(DateTime? time) => OlderThan is not { } age || (time is { } known && DateTime.UtcNow - known.ToUniversalTime() > age);
}
