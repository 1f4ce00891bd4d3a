using System.Runtime.CompilerServices;
using System.Text;
using OciTools.Operations;
using OciTools.Stores;

namespace OciTools.UnitTests.Support;

/// <summary>A place in memory, filled by a test; says what was asked of it.</summary>
internal sealed class MemoryStore : ICatalogStore
{
    private readonly Dictionary<string, (byte[] Bytes, string MediaType)> _manifests = [];
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly Dictionary<string, string> _tags = [];

    internal List<string> Requests { get; } = [];

    internal List<string> Repositories { get; } = [];

    internal string AddBlob(string content)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        string digest = Digest.Compute(bytes).ToString();
        _blobs[digest] = bytes;
        return digest;
    }

    internal string AddManifest(string json, string mediaType, string? tag = null)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        string digest = Digest.Compute(bytes).ToString();
        _manifests[digest] = (bytes, mediaType);
        if (tag is not null) _tags[tag] = digest;
        return digest;
    }

    /// <summary>Adds an image for a platform and gives the digest of its manifest.</summary>
    internal string AddImage(string os, string architecture, string? variant = null, string? tag = null, string history = "[]", string[]? layers = null)
    {
        layers ??= ["layer of " + os + architecture + variant];
        string[] digests = [.. layers.Select(AddBlob)];
        return AddImageOf(tag, [.. layers.Zip(digests, (content, digest) => (digest, Encoding.UTF8.GetByteCount(content), MediaTypes.OciLayer))], digests,
            $"\"os\":\"{os}\",\"architecture\":\"{architecture}\"{(variant is null ? "" : $",\"variant\":\"{variant}\"")}", history);
    }

    /// <summary>Takes a manifest away, so that an index names a child that is not there.</summary>
    internal void RemoveManifest(string digest) => _manifests.Remove(digest);

    /// <summary>Keeps bytes under a digest, also one that they do not have.</summary>
    internal void AddLayerBytes(string digest, byte[] bytes) => _blobs[digest] = bytes;

    /// <summary>Keeps a document under a digest, also one that it does not have.</summary>
    internal void AddManifestBytes(string digest, byte[] bytes, string mediaType, string tag)
    {
        _manifests[digest] = (bytes, mediaType);
        _tags[tag] = digest;
    }

    /// <summary>Adds an image of layers that the test describes.</summary>
    internal string AddImageOf(string? tag, (string Digest, int Size, string MediaType)[] layers, string[] diffIds, string platform = "\"os\":\"linux\",\"architecture\":\"amd64\"", string history = "[]")
    {
        string config = $"{{{platform},\"history\":{history},\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[{string.Join(',', diffIds.Select(d => $"\"{d}\""))}]}}}}";
        string id = AddBlob(config);
        string descriptors = string.Join(',', layers.Select(l => $"{{\"mediaType\":\"{l.MediaType}\",\"digest\":\"{l.Digest}\",\"size\":{l.Size}}}"));
        return AddManifest(
            $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciManifest}\",\"config\":{{\"mediaType\":\"{MediaTypes.OciConfig}\",\"digest\":\"{id}\",\"size\":{Encoding.UTF8.GetByteCount(config)}}},\"layers\":[{descriptors}]}}",
            MediaTypes.OciManifest, tag);
    }

    /// <summary>Takes a blob away, so that a manifest names one that is not there.</summary>
    internal void RemoveBlob(string digest) => _blobs.Remove(digest);

    internal byte[] BytesOf(string digest) => _blobs[digest];

    /// <summary>The digest of the config that a manifest names.</summary>
    internal string ConfigOf(string manifest) => ((ImageManifest)ManifestDocument.Parse(_manifests[manifest].Bytes, "a test")).Config.Digest;

    internal int SizeOf(string digest) => _manifests[digest].Bytes.Length;

    /// <summary>Adds an index of entries given as (digest, platform JSON or null, extra JSON).</summary>
    internal string AddIndex(string? tag, params (string Digest, string? Platform, string Extra)[] entries)
    {
        string list = string.Join(',', entries.Select(e =>
            $"{{\"mediaType\":\"{_manifests[e.Digest].MediaType}\",\"digest\":\"{e.Digest}\",\"size\":{_manifests[e.Digest].Bytes.Length}{(e.Platform is null ? "" : ",\"platform\":" + e.Platform)}{e.Extra}}}"));
        return AddManifest($"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{list}]}}", MediaTypes.OciIndex, tag);
    }

    public Task<StoredImage> ResolveAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        lock (Requests) Requests.Add("HEAD " + location);
        string digest = Find(location);
        (byte[] bytes, string mediaType) = _manifests[digest];
        return Task.FromResult(new StoredImage(location, new Descriptor(mediaType, Digest.Parse(digest), bytes.Length)));
    }

    public Task<ManifestDocument> ReadManifestAsync(ImageLocation location, CancellationToken cancellationToken)
    {
        lock (Requests) Requests.Add("GET " + location);
        string digest = Find(location);
        (byte[] bytes, string mediaType) = _manifests[digest];
        return Task.FromResult(ManifestDocument.Parse(bytes, location.ToString(), mediaType, Digest.Parse(digest)));
    }

    public Task<Stream> OpenBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        lock (Requests) Requests.Add("BLOB " + descriptor.Digest);
        return _blobs.TryGetValue(descriptor.Digest, out byte[]? bytes)
            ? Task.FromResult<Stream>(new VerifiedStream(new MemoryStream(bytes), descriptor, "a blob"))
            : throw ErrorCatalogue.BlobNotFound.Error("no such blob");
    }

    public Task<long?> FindBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
    {
        lock (Requests) Requests.Add("FIND " + descriptor.Digest);
        return Task.FromResult(_blobs.TryGetValue(descriptor.Digest, out byte[]? bytes) ? (long?)bytes.Length : null);
    }

    public Task<byte[]?> ReadUnverifiedPartAsync(ImageLocation location, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken)
    {
        lock (Requests) Requests.Add("PART " + descriptor.Digest);
        return _blobs.TryGetValue(descriptor.Digest, out byte[]? bytes)
            ? Task.FromResult<byte[]?>([.. bytes.Skip((int)offset).Take(count)])
            : throw ErrorCatalogue.BlobNotFound.Error("no such blob");
    }

    public IAsyncEnumerable<string> ListRepositoriesAsync(CancellationToken cancellationToken) => Repositories.ToAsyncEnumerable();

    public ImageLocation Child(ImageLocation location, Digest digest) => ImageLocation.FromReference(location.Reference!.WithDigest(digest));

    public async IAsyncEnumerable<StoredImage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string tag in _tags.Keys) yield return await ResolveAsync(ImageLocation.Parse("example.com/app:" + tag), cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string Find(ImageLocation location)
    {
        string? digest = location.Reference!.Digest?.ToString();
        digest ??= _tags.GetValueOrDefault(location.Reference.Tag!);
        return digest is not null && _manifests.ContainsKey(digest) ? digest : throw ErrorCatalogue.ImageNotFound.Error("no such image");
    }
}

/// <summary>Opens the same store for every image.</summary>
internal sealed class FixedOpener(IImageStore store) : IStoreOpener
{
    public void Check(ImageLocation image)
    {
    }

    public Task<OpenPlace> OpenAsync(ImageLocation image, CancellationToken cancellationToken) =>
        Task.FromResult(new OpenPlace(store, image.Transport));
}

/// <summary>Keeps what an operation reports.</summary>
internal sealed class KeptLog : IOperationLog
{
    internal List<string> Lines { get; } = [];

    internal List<string> Warnings { get; } = [];

    public void Verbose(string message)
    {
        lock (Lines) Lines.Add(message);
    }

    public void Warning(string message)
    {
        lock (Warnings) Warnings.Add(message);
    }
}
