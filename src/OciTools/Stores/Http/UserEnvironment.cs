namespace OciTools.Stores.Http;

/// <summary>The environment variables and the home folder that files and settings are looked up in; the process's own unless a test gives others.</summary>
public sealed class UserEnvironment
{
    private readonly Func<string, string?> _variable;

    /// <summary>An environment of its own.</summary>
    /// <param name="variable">Gives the value of a variable, or null.</param>
    /// <param name="home">The home folder, absolute; null for none.</param>
    /// <param name="userId">The numeric id of the user on Unix; null where there is none.</param>
    public UserEnvironment(Func<string, string?> variable, string? home, uint? userId = null)
    {
        ArgumentNullException.ThrowIfNull(variable);
        _variable = variable;
        Home = string.IsNullOrEmpty(home) ? null : home;
        UserId = userId;
    }

    /// <summary>The environment of this process. Variables are read when they are asked for.</summary>
    public static UserEnvironment Current { get; } = new(
        Environment.GetEnvironmentVariable,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
        OperatingSystem.IsWindows() ? null : NativeMethods.EffectiveUserId());

    /// <summary>The home folder; null for none.</summary>
    public string? Home { get; }

    /// <summary>The folder of Docker's configuration: <c>DOCKER_CONFIG</c>, or <c>.docker</c> in the home folder; null for none.</summary>
    internal string? DockerFolder => Variable("DOCKER_CONFIG") ?? (Home is null ? null : Path.Combine(Home, ".docker"));

    /// <summary>The numeric id of the user on Unix; null where there is none.</summary>
    public uint? UserId { get; }

    /// <summary>The value of a variable; null where it is unset or empty.</summary>
    /// <param name="name">The name of the variable.</param>
    public string? Variable(string name) => _variable(name) is { Length: > 0 } value ? value : null;

    private static class NativeMethods
    {
        internal static uint EffectiveUserId() => geteuid();

#pragma warning disable SYSLIB1054 // generated marshalling needs unsafe code, and there is nothing to marshal
        [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "geteuid")]
        [System.Runtime.InteropServices.DefaultDllImportSearchPaths(System.Runtime.InteropServices.DllImportSearchPath.SafeDirectories)]
        private static extern uint geteuid();
#pragma warning restore SYSLIB1054
    }
}
