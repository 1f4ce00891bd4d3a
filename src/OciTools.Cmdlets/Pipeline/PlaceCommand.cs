using System.Management.Automation;
using OciTools.Loading;
using OciTools.Operations;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;

namespace OciTools.Commands;

/// <summary>The base of cmdlets that open places: how registries are reached and trusted, how paths are resolved.</summary>
public abstract class PlaceCommand : PumpCommand
{
    private ImagePlaces? _places;

    private protected PlaceCommand()
    {
    }

    /// <summary>The account for the registry of the first image.</summary>
    [Parameter(HelpMessage = "The account for the registry of the first image; an image of another registry is an error.")]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Hosts that credentials may be sent to besides the registry itself.</summary>
    [Parameter(HelpMessage = "Hosts of token servers that may get the credentials, besides the registry itself.")]
    [ValidateNotNullOrEmpty]
    public string[]? TrustedRealm { get; set; }

    /// <summary>Takes the certificate of the named registries without a check.</summary>
    [Parameter(HelpMessage = "Takes the certificates of the named registries without a check; not those of token servers and redirect targets elsewhere.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>Speaks http to the named registries.</summary>
    [Parameter(HelpMessage = "Speaks http, not https, to the named registries.")]
    [Alias("Insecure")]
    public SwitchParameter PlainHttp { get; set; }

    private protected ImagePlaces Places => _places ??= new ImagePlaces(new StoreOpener(() => AdaptersContext.Adapters, new RegistryAccess
    {
        Credential = Credential?.GetNetworkCredential(),
        TrustedRealms = TrustedRealm ?? [],
        SkipCertificateCheck = SkipCertificateCheck.IsPresent,
        PlainHttp = PlainHttp.IsPresent,
        Log = IsVerbose || IsDebug ? new RequestLog(this) : null,
    }));

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

    // requests belong to the place, which several inputs share
    private sealed class RequestLog(PlaceCommand command) : IRequestLog
    {
        public void Request(string line)
        {
            if (command.IsVerbose) command.Post(new PipelineMessage.Verbose(line));
        }

        public void Detail(string line)
        {
            if (command.IsDebug) command.Post(new PipelineMessage.Debug(line));
        }
    }
}
