using OciTools.Stores.Http;

namespace OciTools.Stores.Engine;

/// <summary>What decides where the engine is: environment variables, the home folder, the kind of system.</summary>
/// <param name="User">The variables and the home folder.</param>
/// <param name="IsWindows">Whether engines listen on named pipes.</param>
internal sealed record EngineEnvironment(UserEnvironment User, bool IsWindows)
{
    /// <summary>The environment of this process.</summary>
    internal static EngineEnvironment Current { get; } = new(UserEnvironment.Current, OperatingSystem.IsWindows());

    /// <summary>The variable; null where it is unset or empty.</summary>
    internal string? this[string name] => User.Variable(name);
}
