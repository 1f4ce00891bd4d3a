using System.Text;

namespace OciTools.Stores.Http;

/// <summary>Finds the folder with certificates for a registry, where Docker and the container tools look for it (containers-certs.d(5)).</summary>
internal sealed class CertificateFolders
{
    private readonly List<string> _roots;

    /// <summary>The folders of this computer and user.</summary>
    /// <param name="environment">Where the home folder and the variables come from; null for the process's own.</param>
    /// <param name="roots">The <c>certs.d</c> folders to use instead, the first first; null for the usual ones.</param>
    public CertificateFolders(UserEnvironment? environment = null, IEnumerable<string>? roots = null)
    {
        _roots = roots is null ? Usual(environment ?? UserEnvironment.Current) : [.. roots];
    }

    /// <summary>The first folder for the registry, absolute; null for none.</summary>
    /// <param name="registry">Host, and port if the name of the image has one: as the container tools have it, <c>host</c> and <c>host:443</c> are two folders.</param>
    public string? Find(string registry)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        if (!TryName(registry, OperatingSystem.IsWindows(), out string name)) return null;
        foreach (string root in _roots)
        {
            string folder = Path.Combine(root, name);
            if (Directory.Exists(folder)) return Path.GetFullPath(folder);
        }

        return null;
    }

    /// <summary>The name of the folder for a registry. Docker on Windows drops the colons, which no file name there may hold.</summary>
    internal static bool TryName(string registry, bool windows, out string name)
    {
        name = "";
        StringBuilder text = new(registry.Length);
        foreach (char c in registry)
        {
            if (c == ':' && windows) continue;
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')) return false;
            text.Append(char.ToLowerInvariant(c));
        }

        name = text.ToString();
        return name.AsSpan().IndexOfAnyExcept('.') >= 0;
    }

    private static List<string> Usual(UserEnvironment environment)
    {
        List<string> roots = [];
        if (environment.Home is { } home)
        {
            roots.Add(Path.Combine(home, ".config", "containers", "certs.d"));
            roots.Add(Path.Combine(home, ".docker", "certs.d"));
            // where a rootless Docker engine looks
            roots.Add(Path.Combine(environment.Variable("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"), "docker", "certs.d"));
        }

        if (!OperatingSystem.IsWindows()) roots.AddRange(["/etc/containers/certs.d", "/etc/docker/certs.d"]);
        else if (environment.Variable("ProgramData") is { } data) roots.Add(Path.Combine(data, "docker", "certs.d"));
        return roots;
    }
}
