using OciTools.Stores.Http;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// Finds the program of a credential helper. Only absolute entries of PATH count: a program that lies in the current folder, or beside
/// this library, is never started because it has the right name.
/// </summary>
internal static class HelperPrograms
{
    private const int LongestName = 100;

    /// <summary>Whether a helper may have this name: letters, digits, dot, hyphen and underscore of ASCII.</summary>
    internal static bool IsName(string name)
    {
        if (name.Length is 0 or > LongestName || name is "." or "..") return false;
        foreach (char c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')) return false;
        return true;
    }

    /// <summary>The absolute path of the program, or null where no absolute entry of PATH holds it.</summary>
    internal static string? Find(string name, UserEnvironment environment)
    {
        string file = CredentialHelper.ProgramOf(name) + (OperatingSystem.IsWindows() ? ".exe" : "");
        foreach (string entry in (environment.Variable("PATH") ?? "").Split(Path.PathSeparator))
        {
            string folder = OperatingSystem.IsWindows() ? entry.Trim('"') : entry;
            if (folder.Length == 0 || folder.Contains('\0', StringComparison.Ordinal) || !Path.IsPathFullyQualified(folder)) continue;
            string path = Path.Combine(folder, file);
            if (IsProgram(path)) return path;
        }

        return null;
    }

    private static bool IsProgram(string path)
    {
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (!File.Exists(path)) return false;
        try
        {
            return OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Execute) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
