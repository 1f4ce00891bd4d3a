using System.Management.Automation;

namespace OciTools.Completion;

/// <summary>Makes paths that somebody types absolute.</summary>
internal static class UserPath
{
    /// <summary>A path from PowerShell's location, which only PowerShell knows.</summary>
    internal static string Absolute(string path)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (path is "~" || path.StartsWith("~/", StringComparison.Ordinal)) return home + path[1..];
        if (Path.IsPathFullyQualified(path)) return path;
        using PowerShell location = PowerShell.Create(RunspaceMode.CurrentRunspace);
        string? here = location.AddCommand("Microsoft.PowerShell.Management\\Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>().FirstOrDefault()?.ProviderPath;
        return here is null ? path : Path.GetFullPath(path, here);
    }
}
