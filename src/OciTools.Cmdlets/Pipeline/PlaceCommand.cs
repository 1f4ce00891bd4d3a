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

    private protected static StoreOpener OpenerFor(RegistryAccess access, StoreOpener? other = null) => new(() => AdaptersContext.Adapters, access, other);

    /// <summary>A path of this computer, absolute; relative ones start at PowerShell's location, not at the process's.</summary>
    private protected string ResolvePath(string path) => ProviderPaths.Resolve(SessionState, path);

    /// <summary>Parses the name of an image and makes its path, if it has one, absolute.</summary>
    private protected ImageLocation ParseLocation(string text) => ProviderPaths.Parse(SessionState, text);

    /// <summary>
    /// The same for the work on an input: parsed now, since paths start at the location that PowerShell has now; a name that is none throws
    /// when it is asked for, so that it is the error of that input alone.
    /// </summary>
    private protected Func<ImageLocation> LaterLocation(string text)
    {
        try
        {
            ImageLocation location = ParseLocation(text);
            return () => location;
        }
        catch (OciException e)
        {
            return () => throw e;
        }
    }

    /// <summary>The files that a pattern finds; an error where it finds none.</summary>
    private protected IReadOnlyList<string> ExpandPath(string pattern) => ProviderPaths.Expand(SessionState, pattern);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _places?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
