using System.Text;
using System.Text.Json;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

/// <summary>A home folder of its own with credentials files and helpers, deleted at the end.</summary>
internal sealed class CredentialHome : IDisposable
{
    internal const string Canary = "hunter2-canary";

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    internal CredentialHome()
    {
        Folder = Directory.CreateTempSubdirectory("ocitools-credentials-").FullName;
        Bin = Directory.CreateDirectory(Path.Combine(Folder, "bin")).FullName;
        this["PATH"] = Bin;
        this["XDG_RUNTIME_DIR"] = Path.Combine(Folder, "run");
    }

    internal string Folder { get; }

    internal string Bin { get; }

    internal string this[string variable]
    {
        set => _variables[variable] = value;
    }

    internal UserEnvironment Environment => new(_variables.GetValueOrDefault, Folder);

    internal string DockerFile => Path.Combine(Folder, ".docker", "config.json");

    internal string RuntimeFile => Path.Combine(Folder, "run", "containers", "auth.json");

    internal string ConfigurationFile => Path.Combine(Folder, ".config", "containers", "auth.json");

    internal static string Auth(string user, string password = "pw") => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    internal static string Auths(params (string Key, string User)[] entries) =>
        JsonSerializer.Serialize(new { auths = entries.ToDictionary(e => e.Key, e => new { auth = Auth(e.User) }, StringComparer.Ordinal) });

    internal static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    internal static string AddProgram(string folder, string name, string script)
    {
        string path = Path.Combine(folder, "docker-credential-" + name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        MakeExecutable(path);
        return path;
    }

    internal static void MakeExecutable(string path)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    internal string AddHelper(string name, string script) => AddProgram(Bin, name, script);

    internal CredentialFiles Files(double seconds = 20) => new(Environment, TimeSpan.FromSeconds(seconds));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
