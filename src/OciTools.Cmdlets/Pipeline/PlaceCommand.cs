using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Stores.Registry;

namespace OciTools.Commands;

/// <summary>The base of cmdlets that open places: with which account, and how paths are resolved.</summary>
public abstract class PlaceCommand : AccessCommand
{
    private ImagePlaces? _places;

    private protected PlaceCommand()
    {
    }

    /// <summary>The account for the registry of the first image.</summary>
    [Parameter(HelpMessage = "The account for the registry of the first image; an image of another registry is an error.")]
    [Credential]
    public PSCredential? Credential { get; set; }

    private protected ImagePlaces Places => _places ??= CreatePlaces();

    private protected virtual ImagePlaces CreatePlaces() => new(OpenerFor(Access(AccountOf(Credential))));

    private protected static StoreOpener OpenerFor(RegistryAccess access) => new(() => AdaptersContext.Adapters, access);

    /// <summary>A path of this computer, absolute; relative ones start at PowerShell's location, not at the process's.</summary>
    private protected string ResolvePath(string path)
    {
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return provider.Name == "FileSystem"
                ? resolved
                : throw ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(path)}' is not a path of the file system but of the provider {provider.Name}.");
        }
        catch (Exception e) when (IsPathError(e))
        {
            throw NoPath(path, e);
        }
    }

    /// <summary>Parses the name of an image and makes its path, if it has one, absolute.</summary>
    private protected ImageLocation ParseLocation(string text)
    {
        ImageLocation location = ImageLocation.Parse(text);
        return location.Path is null ? location : location.WithAbsolutePath(ResolvePath(location.Path));
    }

    /// <summary>The files that a pattern finds; an error record where it finds none.</summary>
    private protected IReadOnlyList<string> ExpandPath(string pattern)
    {
        try
        {
            string[] found = [.. SessionState.Path.GetResolvedProviderPathFromPSPath(pattern, out ProviderInfo provider)];
            if (provider.Name != "FileSystem")
                throw ErrorCatalogue.UnsupportedPlace.Error($"'{DisplayText.Excerpt(pattern)}' is not a path of the file system but of the provider {provider.Name}.");
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

    private static OciException NoPath(string path, Exception e) =>
        ErrorCatalogue.PathNotFound.Error($"The path '{DisplayText.Excerpt(path)}' cannot be found: {DisplayText.Excerpt(e.Message)}", e);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _places?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
