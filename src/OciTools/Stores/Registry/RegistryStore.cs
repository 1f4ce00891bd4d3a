using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Registry;

/// <summary>The images of one registry, by the distribution specification (section Pull).</summary>
public sealed class RegistryStore : IImageRemover, ICatalogStore, IReferrerStore
{
    // one line, in the order of preference; schema 1 only so that it is named in the error instead of "not found"
    private const string ManifestTypes = $"{MediaTypes.OciIndex}, {MediaTypes.OciManifest}, {MediaTypes.DockerList}, {MediaTypes.DockerManifest}, {MediaTypes.DockerSchema1Signed}, {MediaTypes.DockerSchema1}";

    private readonly RegistryClient _client;
    private readonly RegistryUploads _uploads;
    private readonly RegistryLists _lists;
    private readonly RegistryReferrers _referrers;
    private readonly ReferrersTagUpdate _referrersTags;
    private readonly RegistryDeletion _deletion;
    private volatile bool _isHeadProved;
    private volatile ImageReference? _written;

    /// <summary>Opens a registry. Nothing is sent yet.</summary>
    /// <param name="registry">The registry as references name it: <c>docker.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</param>
    /// <param name="adapters">Where HTTP comes from.</param>
    /// <param name="access">How the registry is reached.</param>
    /// <param name="credentials">Where the credential comes from if the user gave none.</param>
    /// <exception cref="MalformedException">No address can be built of the name (<c>InvalidImageName</c>).</exception>
    public RegistryStore(string registry, IAdapters adapters, RegistryAccess access, ICredentialSource credentials)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(adapters);
        ArgumentNullException.ThrowIfNull(access);
        ArgumentNullException.ThrowIfNull(credentials);
        _client = new RegistryClient(registry, adapters, access, credentials);
        _uploads = new RegistryUploads(_client);
        _lists = new RegistryLists(_client);
        _referrers = new RegistryReferrers(_client, this);
        _referrersTags = new ReferrersTagUpdate(_client, this, _uploads);
        _deletion = new RegistryDeletion(_client);
    }

    /// <summary>The registry, as references name it.</summary>
    public string Registry => _client.Endpoint.Registry;

    /// <summary>The credential for a repository, for an engine that shall pull from it; null for none.</summary>
    internal Task<RegistryCredential?> CredentialAsync(string repository, CancellationToken cancellationToken) => _client.CredentialAsync(repository, cancellationToken);

    /// <inheritdoc/>
    public async Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken) =>
        (await HeadAsync(location, cancellationToken).ConfigureAwait(false)).Image ?? await GetAsync(location, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<StoredImage?> FindAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        (StoredImage? image, bool isSaidMissing) = await HeadAsync(location, cancellationToken).ConfigureAwait(false);
        if (image is not null || (isSaidMissing && await ProveHeadAsync(cancellationToken).ConfigureAwait(false))) return image;
        try
        {
            return await GetAsync(location, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    // An image, or none where HEAD is refused, says too little, or says that there is none. That is listened to where a registry of the protocol
    // says it: a proxy or an old server may know no HEAD.
    private async Task<(StoredImage? Image, bool IsSaidMissing)> HeadAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        ImageReference reference = ReferenceOf(location);
        RegistryRequest request = ManifestRequest(HttpMethod.Head, reference);
        using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            if (FromHead(response, reference, request.What) is not { } descriptor) return (null, false);
            _isHeadProved = true;
            return (Stored(location, reference, descriptor), false);
        }

        if ((int)response.StatusCode is 400 or 403 or 404 or 405 or 501)
            return (null, response.StatusCode == HttpStatusCode.NotFound && response.Headers.Contains("Docker-Distribution-API-Version"));
        throw await RegistryErrors.FromAsync(response, request.What, ErrorCatalogue.ImageNotFound, _client.Pace, cancellationToken).ConfigureAwait(false);
    }

    // There are registries of the protocol that answer every HEAD of a manifest with 404. One is believed when its HEAD has found a manifest:
    // any, or the one that was written last.
    private async Task<bool> ProveHeadAsync(CancellationToken cancellationToken)
    {
        if (!_isHeadProved && _written is { } written) await HeadAsync(ImageLocation.FromReference(written), cancellationToken).ConfigureAwait(false);
        return _isHeadProved;
    }

    private async Task<StoredImage> GetAsync(ImageLocation location, CancellationToken cancellationToken) =>
        Stored(location, ReferenceOf(location), (await ReadManifestAsync(location, cancellationToken).ConfigureAwait(false)).ToDescriptor());

    /// <inheritdoc/>
    public async Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        ImageReference reference = ReferenceOf(location);
        RegistryRequest request = ManifestRequest(HttpMethod.Get, reference);
        using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            throw await RegistryErrors.FromAsync(response, request.What, ErrorCatalogue.ImageNotFound, _client.Pace, cancellationToken).ConfigureAwait(false);

        byte[] body = await ResponseDocument.ReadAsync(response, Limits.Manifest, request.What, _client.Pace, cancellationToken).ConfigureAwait(false);
        Digest? stated = null;
        foreach (Digest digest in StatedDigests(response))
        {
            Require(digest, body, $"{request.What}, where {RegistryErrors.Host(response)} states {digest},");
            stated ??= digest;
        }

        if (reference.Digest is { } asked) Require(asked, body, request.What);
        return ManifestDocument.Parse(body, reference.ToString(), MediaTypes.FromHeader(ContentType(response)), reference.Digest ?? stated);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        RegistryRequest request = BlobRequest(location, descriptor);
        BlobStream blob = await BlobStream.OpenAsync(_client, request, descriptor.Size, cancellationToken).ConfigureAwait(false);
        return new VerifiedStream(blob, descriptor, request.What);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenRestAsync(ImageLocation location, Descriptor descriptor, ContentPrefix prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        RegistryRequest request = BlobRequest(location, descriptor);
        BlobStream rest = BlobStream.OpenAt(_client, request, descriptor.Size, prefix.Length);
        return Task.FromResult<Stream>(new VerifiedStream(rest, descriptor, request.What, prefix));
    }

    /// <inheritdoc/>
    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) =>
        BlobLookup.FindAsync(_client, BlobRequest(location, descriptor), cancellationToken);

    /// <inheritdoc/>
    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken) =>
        BlobLookup.ReadPartAsync(_client, BlobRequest(location, descriptor), offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken) =>
        BlobLookup.HasAsync(_client, BlobRequest(location, descriptor), descriptor.Size, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(open);
        ImageReference target = ReferenceOf(location);
        string? mountFrom = source is null ? null : ReferenceOf(source).Repository;
        return _uploads.PutBlobAsync(target, descriptor, mountFrom == target.Repository ? null : mountFrom, open, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task PutManifestAsync(ImageLocation location, ManifestDocument document, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(document);
        ImageReference reference = ReferenceOf(location);
        if (document.Subject is not null)
        {
            // its tag comes last: what has one is listed among the referrers too
            bool isListed = await _uploads.PutManifestAsync(reference.WithDigest(document.GetDigest()), document, cancellationToken).ConfigureAwait(false);
            if (!isListed) await _referrersTags.AddAsync(reference, document, cancellationToken).ConfigureAwait(false);
            if (reference.Digest is not null) return;
        }

        await _uploads.PutManifestAsync(reference, document, cancellationToken).ConfigureAwait(false);
        _written = reference;
    }

    /// <inheritdoc/>
    public ImageLocation Child(ImageLocation location, Digest digest) => ImageLocation.FromReference(ReferenceOf(location).WithDigest(digest));

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredImage> ListAsync(CancellationToken cancellationToken) =>
        throw ErrorCatalogue.UnsupportedPlace.Error($"The images of the registry {Registry} cannot be listed.", null, "Get-ImageTag lists the tags of one repository; listing images is for an engine, a layout or an archive.");

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListTagsAsync(ImageLocation repository, CancellationToken cancellationToken) =>
        _lists.TagsAsync(ReferenceOf(repository), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListRepositoriesAsync(CancellationToken cancellationToken) => _lists.RepositoriesAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredReferrer> ListReferrersAsync(ImageLocation image, Digest subject, string? artifactType, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return _referrers.ListAsync(ReferenceOf(image), subject, artifactType, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RemovalAnswer> RemoveAsync(ImageLocation location, CancellationToken cancellationToken) =>
        _deletion.DeleteAsync(ReferenceOf(location), cancellationToken);

    /// <inheritdoc/>
    public Task UnlistAsync(ImageLocation repository, Digest subject, IEnumerable<Digest> artifacts, CancellationToken cancellationToken) =>
        _referrersTags.RemoveAsync(ReferenceOf(repository), subject, artifacts, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ImageReference ReferenceOf(ImageLocation location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return location.Transport == ImageTransport.Registry && location.Reference is { } reference && reference.Registry == Registry
            ? reference
            : throw new ArgumentException($"The image {location} is not of the registry {Registry}.", nameof(location));
    }

    private RegistryRequest BlobRequest(ImageLocation location, Descriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return RegistryRequest.ForBlob(ReferenceOf(location), descriptor);
    }

    private static RegistryRequest ManifestRequest(HttpMethod method, ImageReference reference) =>
        new(method, reference.Repository, $"/v2/{reference.Repository}/manifests/{reference.Target}", $"The manifest of {reference}") { Accept = ManifestTypes };

    private static StoredImage Stored(ImageLocation location, ImageReference reference, Descriptor descriptor) =>
        new(location, descriptor) { Repository = reference.Name, Tag = reference.Tag };

    // Null where the answer says too little, so that the document has to be asked.
    private static Descriptor? FromHead(HttpResponseMessage response, ImageReference reference, string what)
    {
        string? mediaType = MediaTypes.FromHeader(ContentType(response));
        if (MediaTypes.IsSchema1(mediaType)) throw ErrorCatalogue.ManifestSchema1.Error($"{what} is a Docker image manifest of schema 1.");
        if (!MediaTypes.IsKnownManifest(mediaType)) return null;

        Digest? stated = null;
        if (!response.Headers.NonValidated.TryGetValues("Docker-Content-Digest", out HeaderStringValues values)) return null;
        foreach (string value in values)
        {
            if (!Digest.TryParse(value.Trim(), out Digest? digest) || (stated is not null && stated != digest)) return null;
            stated = digest;
        }

        if (stated is null) return null;
        if (reference.Digest is { } asked)
        {
            if (stated.Algorithm != asked.Algorithm) return null;
            if (stated != asked)
                throw ErrorCatalogue.DigestMismatch.Mismatch($"{what} has the digest {stated}, says {RegistryErrors.Host(response)}, where {asked} was asked for.", asked.ToString(), stated.ToString());
        }

        long size = response.Content.Headers.ContentEncoding.Count == 0 && response.Content.Headers.ContentLength is > 0 and var length ? length : -1;
        if (size > Limits.Manifest) throw BoundedReading.TooLarge(what, Limits.Manifest);
        return new Descriptor(mediaType!, stated, size);
    }

    private static void Require(Digest expected, byte[] body, string what)
    {
        Digest actual = Digest.Compute(body, expected.Algorithm);
        if (actual != expected) throw ErrorCatalogue.DigestMismatch.Mismatch($"{what} has the digest {actual}.", expected.ToString(), actual.ToString());
    }

    // What cannot be read as a digest states nothing; what can must be true.
    private static IEnumerable<Digest> StatedDigests(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Docker-Content-Digest", out HeaderStringValues values)) yield break;
        foreach (string value in values)
            if (Digest.TryParse(value.Trim(), out Digest? digest)) yield return digest;
    }

    private static string? ContentType(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out HeaderStringValues values) ? values.ToString() : null;
}
