using System.Management.Automation;

namespace OciTools.Commands;

/// <summary>Turns what users write as paths into absolute paths of the file system.</summary>
internal static class ProviderPaths
{
    /// <summary>A path of this computer, absolute; relative ones start at PowerShell's location, not at the process's.</summary>
    internal static string Resolve(SessionState session, string path)
    {
        try
        {
            string resolved = session.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return provider.Name == "FileSystem" ? resolved : throw ForeignProvider(path, provider);
        }
        catch (Exception e) when (IsPathError(e))
        {
            throw NoPath(path, e);
        }
    }

    /// <summary>Parses the name of an image and makes its path, if it has one, absolute.</summary>
    internal static ImageLocation Parse(SessionState session, string text)
    {
        ImageLocation location = ImageLocation.Parse(text);
        return location.Path is null ? location : location.WithAbsolutePath(Resolve(session, location.Path));
    }

    /// <summary>Whether a file or an OCI layout lies at a path, taken as it is written and seen from PowerShell's location.</summary>
    internal static bool IsImageFile(SessionState session, string path)
    {
        string full = System.IO.Path.Combine(session.Path.CurrentFileSystemLocation.ProviderPath, path);
        return File.Exists(full) || File.Exists(System.IO.Path.Combine(full, "oci-layout"));
    }

    /// <summary>The files that a pattern finds; an error where it finds none.</summary>
    internal static IReadOnlyList<string> Expand(SessionState session, string pattern)
    {
        try
        {
            string[] found = [.. session.Path.GetResolvedProviderPathFromPSPath(pattern, out ProviderInfo provider)];
            if (provider.Name != "FileSystem") throw ForeignProvider(pattern, provider);
            return found.Length > 0 ? found : throw ErrorCatalogue.PathNotFound.Error($"No file fits '{DisplayText.Excerpt(pattern)}'.");
        }
        catch (Exception e) when (IsPathError(e))
        {
            throw NoPath(pattern, e);
        }
    }

    // an unknown drive, a pattern that cannot be read, a provider that fails or has no paths
    private static bool IsPathError(Exception e) =>
        e is (RuntimeException and not PipelineStoppedException) or ArgumentException or NotSupportedException or PSInvalidOperationException;

    private static OciException ForeignProvider(string path, ProviderInfo provider) =>
        ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(path)}' is not a path of the file system but of the provider {provider.Name}.");

    private static OciException NoPath(string path, Exception e) =>
        ErrorCatalogue.PathNotFound.Error($"The path '{DisplayText.Excerpt(path)}' cannot be found: {DisplayText.Excerpt(e.Message)}", e);
}
