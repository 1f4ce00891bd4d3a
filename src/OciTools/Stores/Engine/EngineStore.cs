using System.Runtime.CompilerServices;
using System.Text;
using OciTools.Stores.DockerArchive;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Engine;

/// <summary>
/// The images of a Docker or Podman engine, by its API. Neither hands out manifests: an image has the config that the inspect call
/// tells, without exact bytes, and the rows of the history call. Only the bytes of layers need an export.
/// </summary>
public sealed class EngineStore : IUnpackedImageStore
{
    private readonly EngineClient _client;
    private readonly EngineCommands _commands;
    private readonly EngineExports _exports;
    private volatile object? _usesContainerd;

    private EngineStore(EngineClient client, Func<Stream, Stream> inflateZstd)
    {
        _client = client;
        _commands = new EngineCommands(client);
        _exports = new EngineExports(client, inflateZstd);
        Cleaner = new EngineCleaner(client);
    }

    /// <summary>Whether the engine that would be opened is one of this computer, at a socket or pipe.</summary>
    public static bool IsLocal
    {
        get
        {
            try
            {
                return EngineEndpoint.Find(EngineEnvironment.Current).All(endpoint => endpoint.Name.StartsWith("unix:", StringComparison.Ordinal) || endpoint.Name.StartsWith("npipe:", StringComparison.Ordinal));
            }
            catch (OciException)
            {
                // ssh, an unknown protocol, or a context that is not there
                return false;
            }
        }
    }

    /// <summary>Says what is used, and removes what is not.</summary>
    internal EngineCleaner Cleaner { get; }

    /// <summary>Whether the engine is Podman.</summary>
    public bool IsPodman => _client.LibpodVersion is not null;

    /// <summary>
    /// Opens the local engine: the one of <c>DOCKER_HOST</c>, else of the Docker context, else the first of the default places that answers,
    /// Docker's before Podman's.
    /// </summary>
    /// <param name="adapters">Gives the connections.</param>
    /// <param name="cancellationToken">Stops the trying.</param>
    /// <exception cref="UnreachableException">No engine answers (<c>EngineNotReachable</c>); the message names all places that were tried.</exception>
    /// <exception cref="UnsupportedException">The named engine is reached by ssh or an unknown protocol (<c>UnsupportedPlace</c>).</exception>
    public static Task<EngineStore> OpenAsync(IAdapters adapters, CancellationToken cancellationToken) =>
        OpenAsync(adapters, EngineEnvironment.Current, cancellationToken);

    /// <summary>Opens the engine that an environment names.</summary>
    internal static async Task<EngineStore> OpenAsync(IAdapters adapters, EngineEnvironment environment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(adapters);
        return new EngineStore(await EngineClient.ConnectAsync(adapters, EngineEndpoint.Find(environment), cancellationToken).ConfigureAwait(false), adapters.Inflate);
    }

    /// <inheritdoc/>
    public async Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        await GetInspectAsync(location, cancellationToken).ConfigureAwait(false);
        return new StoredImage(location, null) { Repository = location.Reference?.Name, Tag = location.Reference?.Tag };
    }

    /// <summary>Always fails: an engine does not hand out manifests. The message lists the registry digests to ask instead.</summary>
    /// <inheritdoc/>
    public async Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken) =>
        throw NoManifest((await ReadAsync(location, cancellationToken).ConfigureAwait(false)).Config);

    /// <summary>Always fails: an engine knows layers by their diff ids only.</summary>
    /// <inheritdoc/>
    public async Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) =>
        throw NoManifest((await ReadAsync(location, cancellationToken).ConfigureAwait(false)).Config);

    /// <summary>Always fails: an engine knows layers by their diff ids only.</summary>
    /// <inheritdoc/>
    public async Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) =>
        throw NoManifest((await ReadAsync(location, cancellationToken).ConfigureAwait(false)).Config);

    /// <summary>Always fails: an engine knows layers by their diff ids only.</summary>
    /// <inheritdoc/>
    public async Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken) =>
        throw NoManifest((await ReadAsync(location, cancellationToken).ConfigureAwait(false)).Config);

    /// <inheritdoc/>
    public ImageLocation Child(ImageLocation location, Digest digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return ImageLocation.FromEngine(digest.ToString());
    }

    /// <inheritdoc/>
    public async Task<UnpackedImage> InspectAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        EngineImage image = await ReadAsync(location, cancellationToken).ConfigureAwait(false);

        // By id, so that both answers speak of one image, whatever happens to the tag in between.
        byte[] history = await _client.GetDocumentAsync($"images/{image.Id}/history", $"history of {location}", ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Digest> diffIds = image.Config.GetDiffIds();
        UnpackedLayer[] layers = new UnpackedLayer[diffIds.Count];
        for (int i = 0; i < layers.Length; i++) layers[i] = new UnpackedLayer(diffIds[i], null);
        return new UnpackedImage(location, image.Config, layers) { EngineHistory = EngineDocuments.ReadHistory(history, location.ToString()) };
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenUnverifiedLayerAsync(ImageLocation location, int layer, CancellationToken cancellationToken)
    {
        EngineImage image = await ReadAsync(location, cancellationToken).ConfigureAwait(false);
        if (layer < 0 || layer >= image.Config.DiffIds.Count)
            throw ErrorCatalogue.LayerNotFound.Error($"'{DisplayText.Excerpt(location.ToString())}' has no layer {layer}: it has {image.Config.DiffIds.Count}.");
        return await _exports.UseAsync(image, location, archive => archive.OpenUnverifiedLayerAsync(location, layer, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IUnpackedImageStore> ExportAsync(ImageLocation location, CancellationToken cancellationToken) =>
        new EngineExport(_exports, await ReadAsync(location, cancellationToken).ConfigureAwait(false), location);

    /// <summary>The platform that the engine runs on; null where it does not say.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Platform?> PlatformAsync(CancellationToken cancellationToken) =>
        EngineDocuments.ReadPlatform(await _client.GetDocumentAsync("version", "version", ErrorCatalogue.ProtocolViolation, cancellationToken).ConfigureAwait(false));

    /// <summary>Loads an image: what is sent is read by the engine while it comes, and nothing of it stays where the sending fails.</summary>
    /// <param name="location">The name that it gets.</param>
    /// <param name="image">The image.</param>
    /// <param name="cancellationToken">Stops the loading.</param>
    /// <exception cref="UnreachableException">The engine fails (<c>ServerFailed</c>).</exception>
    /// <exception cref="IntegrityException">The engine has another image under the name afterwards (<c>DigestMismatch</c>).</exception>
    public async Task LoadAsync(ImageLocation location, PackedImage image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArgumentNullException.ThrowIfNull(image);
        await _commands.PostAsync("images/load?quiet=0", $"load {location}", (output, token) => DockerArchiveWriter.WriteAsync(image, location.Reference is { } name ? $"{name.Name}:{name.Tag}" : null, output, token),
            null, ErrorCatalogue.ProtocolViolation, cancellationToken).ConfigureAwait(false);
        Digest id = Digest.Compute(image.Config.Span);
        EngineImage loaded = await ReadAsync(location, cancellationToken).ConfigureAwait(false);

        // containerd's store makes a manifest of its own
        if (!loaded.IsManifestId && loaded.Id != id)
            throw ErrorCatalogue.DigestMismatch.Mismatch($"The engine took {location} and has the image {loaded.Id} under that name, not {id}.", id.ToString(), loaded.Id.ToString());
    }

    /// <summary>Lets the engine pull an image from a registry itself, so that it keeps the registry's digest, and gives it a name.</summary>
    /// <param name="image">The image, by the digest of its manifest or index.</param>
    /// <param name="platform">The image of an index; null for the engine's own.</param>
    /// <param name="destination">The name that it gets.</param>
    /// <param name="credential">The credential for the registry; null for none.</param>
    /// <param name="cancellationToken">Stops the pulling.</param>
    /// <exception cref="UnreachableException">The engine cannot pull it (<c>ServerFailed</c>).</exception>
    internal async Task PullAsync(ImageReference image, Platform? platform, ImageLocation destination, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        string query = $"fromImage={Uri.EscapeDataString(image.Name)}&tag={Uri.EscapeDataString(image.Digest!.ToString())}";
        if (platform is not null) query += $"&platform={Uri.EscapeDataString(platform.ToString())}";
        await _commands.PostAsync($"images/create?{query}", $"pull {image}", null, EngineCredential.Headers(image.Registry, credential, _client.Endpoint), ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
        await TagAsync(ImageLocation.FromEngine(image.ToString()), destination, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives an image another name.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">The name, with a tag.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="NotFoundException">There is no such image (<c>ImageNotFound</c>).</exception>
    internal Task TagAsync(ImageLocation image, ImageLocation name, CancellationToken cancellationToken)
    {
        ImageReference reference = name.Reference!;
        return _commands.SendAsync(HttpMethod.Post, $"images/{EngineClient.Escape(image.EngineName)}/tag?repo={Uri.EscapeDataString(reference.Name)}&tag={Uri.EscapeDataString(reference.Tag!)}",
            $"tag {image}", ErrorCatalogue.ImageNotFound, cancellationToken);
    }

    /// <summary>Always null: an engine exports an image as a whole.</summary>
    /// <inheritdoc/>
    public Task<byte[]?> ReadUnverifiedLayerPartAsync(ImageLocation location, int layer, long offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult<byte[]?>(null);

    /// <summary>All images with a name, and those without one that no other image is built on: one item for every tag.</summary>
    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredImage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] list = await _client.GetDocumentAsync("images/json", "list of images", ErrorCatalogue.ProtocolViolation, cancellationToken).ConfigureAwait(false);
        bool? usesContainerd = await UsesContainerdAsync(null, cancellationToken).ConfigureAwait(false);
        foreach (StoredImage image in EngineDocuments.ReadList(list, usesContainerd))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return image;
        }
    }

    /// <summary>The id of an image and all its tags.</summary>
    /// <param name="location">The name, of this engine.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="NotFoundException">There is no such image (<c>ImageNotFound</c>).</exception>
    public async Task<(Digest Id, IReadOnlyList<string> Tags)> ReadNamesAsync(ImageLocation location, CancellationToken cancellationToken) =>
        EngineDocuments.ReadNames(await GetInspectAsync(location, cancellationToken).ConfigureAwait(false), location.ToString());

    /// <summary>Removes a name of an image, and with its last name the image; or an image by its id.</summary>
    /// <param name="location">The name, of this engine.</param>
    /// <param name="force">Whether an image goes that containers were made of which do not run.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="NotFoundException">There is no such image (<c>ImageNotFound</c>).</exception>
    /// <exception cref="ConflictException">A container needs it, or it has more names (<c>ImageInUse</c>).</exception>
    public async Task RemoveAsync(ImageLocation location, bool force, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        string path = $"images/{EngineClient.Escape(location.EngineName)}?force={(force ? "true" : "false")}";
        await _commands.SendAsync(HttpMethod.Delete, path, $"remove the image {location}", ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes what was exported.</summary>
    public ValueTask DisposeAsync() => _exports.DisposeAsync();

    private async Task<EngineImage> ReadAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        byte[] inspect = await GetInspectAsync(location, cancellationToken).ConfigureAwait(false);
        bool? usesContainerd = await UsesContainerdAsync(inspect, cancellationToken).ConfigureAwait(false);
        byte[]? libpod = null;
        if (IsPodman)
            libpod = await _client.GetLibpodDocumentAsync($"images/{EngineClient.Escape(location.EngineName)}/json", $"image {location}", cancellationToken).ConfigureAwait(false);
        return EngineDocuments.ReadInspect(inspect, location.ToString(), usesContainerd, libpod);
    }

    private Task<byte[]> GetInspectAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        if (location.Transport != ImageTransport.DockerDaemon) throw new ArgumentException("The image does not lie in an engine.", nameof(location));
        if (location.EngineName.Length == 0) throw ErrorCatalogue.InvalidImageName.Error("docker-daemon: alone is the engine; it needs the name or the id of an image behind it.");
        return _client.GetDocumentAsync($"images/{EngineClient.Escape(location.EngineName)}/json", $"image {location}", ErrorCatalogue.ImageNotFound, cancellationToken);
    }

    // In containerd's store an image goes by the digest of its manifest or index, not of its config. From version 1.48 on each answer
    // tells it (null); before, the name of the driver mostly does, else the engine's description of itself, which takes it a while.
    private async Task<bool?> UsesContainerdAsync(byte[]? inspect, CancellationToken cancellationToken)
    {
        if (IsPodman) return false;
        if (_client.IsAtLeast(1, 48)) return null;
        if (_usesContainerd is bool known) return known;
        bool uses = (inspect is null ? null : EngineDocuments.ReadDriver(inspect)) switch
        {
            "overlay2" or "vfs" or "overlay" or "aufs" or "devicemapper" or "windowsfilter" => false,
            "overlayfs" or "native" or "stargz" => true,
            _ => EngineDocuments.ReadUsesContainerd(
                await _client.GetDocumentAsync("info", "description of itself", ErrorCatalogue.ProtocolViolation, cancellationToken).ConfigureAwait(false)),
        };
        _usesContainerd = uses;
        return uses;
    }

    private static OciException NoManifest(ImageConfig config)
    {
        StringBuilder message = new($"The engine does not hand out the manifest of {config.Image}.");
        if (config.RegistryDigests.Count == 0)
        {
            message.Append(" It names no registry digest to ask for instead.");
            return ErrorCatalogue.NoManifest.Error(message.ToString(), recommendation: "Use Get-ImageConfig, Get-ImageHistory and Get-ImageLayer here, or push the image and ask the registry.");
        }

        message.Append(" Registry digests to ask for instead, by the engine's claim: ").AppendJoin(", ", config.RegistryDigests).Append('.');
        return ErrorCatalogue.NoManifest.Error(message.ToString());
    }
}
