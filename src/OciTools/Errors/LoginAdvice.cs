namespace OciTools;

/// <summary>How a user logs in to a registry, for what errors recommend.</summary>
internal static class LoginAdvice
{
    /// <summary>The ways to log in, to stand behind "log in" or "log in again".</summary>
    /// <param name="registry">The registry as references name it; null where it is not known.</param>
    internal static string Ways(string? registry = null) => $"with Connect-ImageRegistry{(registry is null ? "" : " " + registry)}, docker login or podman login";

    /// <summary>What helps against a limit on requests.</summary>
    /// <param name="wait">How long to wait, in words: <c>Wait a while</c>.</param>
    internal static string AgainstLimit(string wait) => $"{wait}, or log in {Ways()}: most registries give accounts a higher limit.";
}
