namespace OciTools.Stores.Engine;

/// <summary>What decides where the engine is: environment variables, the home directory, the kind of system.</summary>
/// <param name="Variable">Gives a variable; null or empty for none.</param>
/// <param name="Home">The home directory; empty for none.</param>
/// <param name="IsWindows">Whether engines listen on named pipes.</param>
internal sealed record EngineEnvironment(Func<string, string?> Variable, string Home, bool IsWindows)
{
    /// <summary>The environment of this process.</summary>
    internal static EngineEnvironment Current { get; } = new(
        Environment.GetEnvironmentVariable,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
        OperatingSystem.IsWindows());

    /// <summary>The variable, or null where it is not set or empty.</summary>
    internal string? this[string name] => Variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The directory of Docker's configuration: <c>DOCKER_CONFIG</c>, or <c>.docker</c> in the home directory; null for none.</summary>
    internal string? DockerConfig => this["DOCKER_CONFIG"] ?? (Home.Length > 0 ? Path.Combine(Home, ".docker") : null);
}
