using System.Text.Json;
using System.Text.Json.Nodes;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>
/// The images that go into a new index. One that is an index itself contributes what it holds, each entry as it stands there, so that
/// attestations stay with their images.
/// </summary>
internal sealed class IndexEntries
{
    private readonly List<Entry> _entries = [];
    private readonly HashSet<string> _digests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _platforms = new(StringComparer.Ordinal);

    internal IReadOnlyList<Entry> All => _entries;

    /// <summary>Finds out what an image contributes.</summary>
    /// <param name="inspector">Opens the place.</param>
    /// <param name="image">The image.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="UnsupportedException">It is no container image, or has no manifest where it lies (<c>NotAnImage</c>, <c>UnsupportedPlace</c>, <c>UnsupportedContent</c>).</exception>
    internal static async Task<IReadOnlyList<Entry>> OfAsync(ImageInspector inspector, ImageLocation image, CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location, OpenedImage? unpacked) = await inspector.FindAsync(image, null, cancellationToken).ConfigureAwait(false);
        if (unpacked is not null)
            throw ErrorCatalogue.UnsupportedPlace.Error($"{DisplayText.Excerpt(location.ToString())} has no manifest where it lies, so no index can name it.",
                recommendation: "Name it in a registry, an OCI layout or an OCI archive; Copy-Image brings it there.");
        ManifestDocument document = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        List<Entry> entries = [];
        if (document is ImageIndex index)
        {
            await AddIndexAsync(store, location, index, 0, entries, [index.Digest], cancellationToken).ConfigureAwait(false);
            return entries;
        }

        Platform platform = await PlatformOfAsync(store, location, (ImageManifest)document, cancellationToken).ConfigureAwait(false);
        JsonObject entry = DocumentJson.Descriptor(document);
        entry["platform"] = JsonOf(platform);
        return [new Entry(store.Child(location, document.GetDigest()), document.GetDigest(), document.Image, platform, entry)];
    }

    /// <summary>Takes what an image contributes; the same document once.</summary>
    /// <exception cref="ConflictException">There is another image for the same platform (<c>DuplicatePlatform</c>).</exception>
    internal void Add(IReadOnlyList<Entry> entries)
    {
        foreach (Entry entry in entries)
        {
            if (!_digests.Add(entry.Digest.ToString())) continue;
            if (entry.Platform is { } platform && !_platforms.TryAdd(platform.Key, entry))
                throw ErrorCatalogue.DuplicatePlatform.Error($"{DisplayText.Excerpt(_platforms[platform.Key].Image)} and {DisplayText.Excerpt(entry.Image)} are both images for {DisplayText.Excerpt(platform.ToString(), 100)}.");
            _entries.Add(entry);
        }
    }

    private static async Task AddIndexAsync(IImageStore store, ImageLocation location, ImageIndex index, int depth, List<Entry> entries, HashSet<string> seen, CancellationToken cancellationToken)
    {
        index.RequireDepth(depth);
        JsonArray written = JsonNode.Parse(index.Bytes.Span, documentOptions: new JsonDocumentOptions { MaxDepth = Limits.JsonDepth })!["manifests"] as JsonArray ?? [];
        for (int i = 0; i < index.Manifests.Count; i++)
        {
            Descriptor child = index.Manifests[i];
            if (!seen.Add(child.Digest)) continue;
            if (!MediaTypes.IsKnownManifest(child.MediaType))
                throw ErrorCatalogue.UnsupportedContent.Error($"{DisplayText.Excerpt(index.Image)} names {child.Digest}, which is {DisplayText.Excerpt(child.MediaType, 100)} and neither a manifest nor an index.");
            if (MediaTypes.IsIndex(child.MediaType))
            {
                ManifestDocument nested = await DocumentReading.ChildAsync(store, location, child, cancellationToken).ConfigureAwait(false);
                await AddIndexAsync(store, location, (ImageIndex)nested, depth + 1, entries, seen, cancellationToken).ConfigureAwait(false);
                continue;
            }

            JsonObject entry = written[i]!.DeepClone().AsObject();
            Platform? platform = child.IsAttestation ? null : child.GetPlatform();
            if (platform is null && !child.IsAttestation && await DocumentReading.ChildAsync(store, location, child, cancellationToken).ConfigureAwait(false) is ImageManifest { IsContainerImage: true } image)
            {
                platform = await PlatformOfAsync(store, store.Child(location, child.GetDigest()), image, cancellationToken).ConfigureAwait(false);
                entry["platform"] = JsonOf(platform);
            }

            ImageLocation name = store.Child(location, child.GetDigest());
            entries.Add(new Entry(name, child.GetDigest(), name.ToString(), platform, entry));
        }
    }

    private static async Task<Platform> PlatformOfAsync(IImageStore store, ImageLocation location, ImageManifest manifest, CancellationToken cancellationToken) =>
        (await DocumentReading.ConfigAsync(store, location, manifest, cancellationToken).ConfigureAwait(false)).GetPlatform();

    private static JsonObject JsonOf(Platform platform)
    {
        JsonObject json = new() { ["architecture"] = platform.Architecture, ["os"] = platform.OS };
        if (platform.OSVersion is { } version) json["os.version"] = version;
        if (platform.OSFeatures.Count > 0) json["os.features"] = new JsonArray([.. platform.OSFeatures.Select(feature => (JsonNode)feature)]);
        if (platform.Variant is { } variant) json["variant"] = variant;
        return json;
    }

    /// <summary>One entry of the new index.</summary>
    /// <param name="Location">Where its manifest is.</param>
    /// <param name="Digest">Its digest.</param>
    /// <param name="Image">Its name, for messages.</param>
    /// <param name="Platform">What it is for; null for an attestation or another artifact.</param>
    /// <param name="Json">The entry as it will stand in the index.</param>
    internal sealed record Entry(ImageLocation Location, Digest Digest, string Image, Platform? Platform, JsonObject Json);
}
