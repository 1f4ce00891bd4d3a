using OciTools.Stores;
using OciTools.Stores.Engine;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Operations;

/// <summary>Opens registries, engines, layouts and archives with the options of one command.</summary>
public sealed class StoreOpener : IStoreOpener
{
    private readonly Lazy<IAdapters> _adapters;
    private readonly RegistryAccess _access;
    private readonly ICredentialSource _credentials = CredentialChain.OfUser();
    private readonly CredentialScope _scope;

    /// <param name="adapters">Gives the adapters when they are first needed.</param>
    /// <param name="access">How registries are reached; its credential is for the registry of the first image.</param>
    /// <param name="other">The one that has the same credential, which then is for one registry on both sides; null where each has its own.</param>
    public StoreOpener(Func<IAdapters> adapters, RegistryAccess access, StoreOpener? other = null)
    {
        _adapters = new Lazy<IAdapters>(adapters);
        _access = access;
        _scope = other?._scope ?? new CredentialScope();
    }

    /// <inheritdoc/>
    public void Check(ImageLocation image)
    {
        if (_access.Credential is null || image?.Transport != ImageTransport.Registry) return;
        string registry = image.Reference!.Registry;
        string own = _scope.Take(registry);
        if (registry != own)
            throw ErrorCatalogue.CredentialForOtherRegistry.Error(
                $"{DisplayText.Excerpt(image.ToString())} lies in {registry}, and the credential given is for {own}.");
    }

    /// <inheritdoc/>
    public async Task<OpenPlace> OpenAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        switch (image?.Transport)
        {
            case ImageTransport.Registry:
                return new OpenPlace(new RegistryStore(image.Reference!.Registry, _adapters.Value, _access, _credentials), ImageTransport.Registry);
            case ImageTransport.DockerDaemon:
                return new OpenPlace(await EngineStore.OpenAsync(_adapters.Value, cancellationToken).ConfigureAwait(false), ImageTransport.DockerDaemon);
            case null:
                throw new ArgumentNullException(nameof(image));
            default:
                (ImageLocation found, IImageStore store) = await PathProbe.OpenAsync(image, stream => _adapters.Value.Inflate(stream), cancellationToken).ConfigureAwait(false);
                return new OpenPlace(store, found.Transport);
        }
    }

    private sealed class CredentialScope
    {
        private string? _registry;

        // the registry that was the first
        internal string Take(string registry) => Interlocked.CompareExchange(ref _registry, registry, null) ?? registry;
    }
}
