namespace OciTools;

/// <summary>How a container of the image is checked for health.</summary>
/// <param name="Test">The command: <c>NONE</c>, or <c>CMD</c> or <c>CMD-SHELL</c> and its arguments; empty inherits.</param>
/// <param name="Interval">The time between two checks; null inherits.</param>
/// <param name="Timeout">The time after which a check counts as failed; null inherits.</param>
/// <param name="StartPeriod">The time a container may need before failures count; null inherits.</param>
/// <param name="StartInterval">The time between two checks during the start period; null inherits.</param>
/// <param name="Retries">The failures in a row that make a container unhealthy; null inherits.</param>
public sealed record Healthcheck(
    IReadOnlyList<string> Test,
    TimeSpan? Interval,
    TimeSpan? Timeout,
    TimeSpan? StartPeriod,
    TimeSpan? StartInterval,
    int? Retries)
{
    /// <summary>The command in one line.</summary>
    public override string ToString() => string.Join(' ', Test);
}
