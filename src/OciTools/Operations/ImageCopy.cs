using System.Diagnostics;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>
/// Copies images between places, byte for byte, so that every digest stays: blobs first, then manifests, then the indexes above them, the
/// name at the end. What the destination has is not sent.
/// </summary>
/// <param name="places">Opens the places.</param>
public sealed class ImageCopy(ImagePlaces places)
{
    /// <summary>Finds out what would be copied.</summary>
    /// <param name="inspector">Opens images of the same places.</param>
    /// <param name="image">The image.</param>
    /// <param name="destination">The name that it gets.</param>
    /// <param name="platform">Selects the image of an index; null copies the index with all its images.</param>
    /// <param name="replace">Whether the name may be taken from another image.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="ConflictException">The name stands for another image (<c>TagExists</c>).</exception>
    /// <exception cref="UnsupportedException">Nothing is read from there, or written there (<c>UnsupportedPlace</c>).</exception>
    public async Task<Plan> PlanAsync(ImageInspector inspector, ImageLocation image, ImageLocation destination, Platform? platform, bool replace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(destination);
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        StoredImage found = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        if (found.Manifest is not { } top)
            throw ErrorCatalogue.UnsupportedPlace.Error($"{DisplayText.Excerpt(found.ToString())} has no manifest where it lies, so it cannot be copied byte for byte.",
                recommendation: "Copy it from a registry, an OCI layout or an OCI archive.");
        (IImageTarget target, ImageLocation name) = await places.OpenTargetAsync(destination, cancellationToken).ConfigureAwait(false);
        // a layout holds many images under no name
        bool isNameless = name is { Transport: ImageTransport.Oci, RefName: null, Digest: null, Position: null };
        Digest? current = isNameless ? null : await ImageTagging.DigestAtAsync(target, name, cancellationToken).ConfigureAwait(false);
        if (platform is null && current == top.GetDigest()) return new Plan(store, found.Location, target, name, null, [], []) { Top = top, IsThere = true };

        ManifestDocument document = await store.ReadManifestAsync(found.Location, cancellationToken).ConfigureAwait(false);
        if (platform is not null && document is ImageIndex index)
        {
            Descriptor entry = await new PlatformChoice(store, found.Location, inspector.Log).ChooseAsync(index, platform, cancellationToken).ConfigureAwait(false);
            document = await DocumentReading.ChildAsync(store, found.Location, entry, cancellationToken).ConfigureAwait(false);
        }
        else if (platform is not null)
        {
            _ = await inspector.OpenAsync(found.Location, platform, cancellationToken).ConfigureAwait(false);
        }

        ImageLocation source = document.GetDigest() == top.GetDigest() ? found.Location : store.Child(found.Location, document.GetDigest());
        if (current == document.GetDigest()) return new Plan(store, source, target, name, document, [], []) { Top = document.ToDescriptor(), IsThere = true };
        if (current is not null && !replace)
            throw ImageTagging.Taken(name, current, source, document.GetDigest());
        if (name.Reference?.Digest is { } wanted && wanted != document.GetDigest())
            throw ErrorCatalogue.DigestMismatch.Mismatch($"{DisplayText.Excerpt(source.ToString())} is {document.Digest} and cannot be written under {wanted}.", wanted.ToString(), document.Digest);

        // children before parents
        List<ManifestDocument> documents = [];
        await AddChildrenAsync(store, found.Location, document, documents, [document.Digest], 0, cancellationToken).ConfigureAwait(false);
        documents.Add(document);
        return new Plan(store, source, target, name, document, documents, BlobsOf(documents)) { Top = document.ToDescriptor(), Replaced = current };
    }

    /// <summary>Copies an image.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="progress">Takes the bytes.</param>
    /// <param name="cancellationToken">Stops the copying; the name is given at the end only.</param>
    public static async Task<CopiedImage> RunAsync(Plan plan, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(progress);
        long start = Stopwatch.GetTimestamp();
        long sent = 0;
        long reused = 0;
        if (!plan.IsThere)
        {
            foreach (Descriptor blob in plan.Blobs) progress.Expect(blob.Size);
            ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.LayersAtOnce, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(plan.Blobs.OrderByDescending(blob => blob.Size), options, async (blob, token) =>
            {
                bool isSent = await PutAsync(plan, blob, progress, token).ConfigureAwait(false);
                if (isSent) Interlocked.Add(ref sent, blob.Size);
                else Interlocked.Add(ref reused, blob.Size);
            }).ConfigureAwait(false);
            foreach (ManifestDocument document in plan.Documents)
            {
                bool isTop = ReferenceEquals(document, plan.Documents[^1]);
                await plan.Target.PutManifestAsync(isTop ? plan.Destination : plan.Target.Child(plan.Destination, document.GetDigest()), document, cancellationToken).ConfigureAwait(false);
                sent += document.Size;
            }
        }

        return new CopiedImage
        {
            Image = plan.Image,
            Destination = plan.Destination.ToString(),
            SourceDigest = plan.Top.Digest,
            DestinationDigest = plan.Top.Digest,
            BytesSent = sent,
            BytesReused = reused,
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }

    private static async Task<bool> PutAsync(Plan plan, Descriptor blob, ITransferProgress progress, CancellationToken cancellationToken)
    {
        if (await plan.Target.HasBlobAsync(plan.Destination, blob, cancellationToken).ConfigureAwait(false))
        {
            progress.Advance(blob.Size);
            return false;
        }

        // other places than the registry of the image have nothing to take it from
        bool isSameRegistry = plan.Source.Reference?.Registry is { } registry && registry == plan.Destination.Reference?.Registry;
        bool isTaken = await plan.Target.PutBlobAsync(plan.Destination, blob, isSameRegistry ? plan.Source : null,
            async token => new ReportingStream(await OpenAsync(plan, blob, token).ConfigureAwait(false), progress), cancellationToken).ConfigureAwait(false);
        if (isTaken) progress.Advance(blob.Size);
        return !isTaken;
    }

    // what a descriptor carries was proved when it was read, and need not be anywhere else
    private static async Task<Stream> OpenAsync(Plan plan, Descriptor blob, CancellationToken cancellationToken) => blob.GetData() is { } data
        ? new MemoryStream(data, writable: false)
        : await plan.Store.OpenBlobAsync(plan.Source, blob, cancellationToken).ConfigureAwait(false);

    private static async Task AddChildrenAsync(
        IImageStore store, ImageLocation location, ManifestDocument parent, List<ManifestDocument> documents, HashSet<string> seen, int depth, CancellationToken cancellationToken)
    {
        if (parent is not ImageIndex index) return;
        if (depth > Limits.IndexDepth) throw ErrorCatalogue.MalformedDocument.Error($"The index {DisplayText.Excerpt(index.Image)} nests indexes more than {Limits.IndexDepth} deep.");
        foreach (Descriptor entry in index.Manifests)
        {
            if (!MediaTypes.IsKnownManifest(entry.MediaType) || !seen.Add(entry.Digest)) continue;
            ManifestDocument child = await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
            await AddChildrenAsync(store, location, child, documents, seen, depth + 1, cancellationToken).ConfigureAwait(false);
            documents.Add(child);
        }
    }

    private static List<Descriptor> BlobsOf(List<ManifestDocument> documents)
    {
        Dictionary<string, Descriptor> blobs = new(StringComparer.Ordinal);
        foreach (ManifestDocument document in documents)
        {
            if (document is ImageIndex index)
            {
                // an index may name other content than manifests
                foreach (Descriptor entry in index.Manifests)
                    if (!MediaTypes.IsKnownManifest(entry.MediaType)) blobs.TryAdd(entry.Digest, entry);
                continue;
            }

            ImageManifest manifest = (ImageManifest)document;
            blobs.TryAdd(manifest.Config.Digest, manifest.Config);
            foreach (Descriptor layer in manifest.Layers)
                if (!MediaTypes.IsNonDistributable(layer.MediaType)) blobs.TryAdd(layer.Digest, layer);
        }

        return [.. blobs.Values];
    }

    /// <summary>What a copy would do.</summary>
    public sealed class Plan
    {
        internal Plan(IImageStore store, ImageLocation source, IImageTarget target, ImageLocation destination, ManifestDocument? document, List<ManifestDocument> documents, List<Descriptor> blobs)
        {
            Store = store;
            Source = source;
            Target = target;
            Destination = destination;
            Image = document?.Image ?? source.ToString();
            Documents = documents;
            Blobs = blobs;
        }

        /// <summary>The canonical name of the image.</summary>
        public string Image { get; }

        /// <summary>Whether the destination has exactly this image under this name already, so that nothing is sent.</summary>
        public bool IsThere { get; init; }

        /// <summary>The bytes of all blobs; the destination may have some of them.</summary>
        public long Size => Blobs.Sum(blob => blob.Size);

        internal IImageStore Store { get; }

        internal ImageLocation Source { get; }

        internal IImageTarget Target { get; }

        internal ImageLocation Destination { get; }

        internal Descriptor Top { get; init; } = null!;

        internal Digest? Replaced { get; init; }

        internal List<ManifestDocument> Documents { get; }

        internal List<Descriptor> Blobs { get; }

        /// <summary>The copy in words, for a question to the user.</summary>
        public string Describe()
        {
            string what = $"{DisplayText.Excerpt(Image)} to {DisplayText.Excerpt(Destination.ToString())}";
            if (IsThere) return $"{what}, which is there already";
            return $"{what}: {Documents.Count} manifests, {Blobs.Count} blobs of {Size} bytes, as far as they are not there{(Replaced is null ? "" : $"; the name is taken from {Replaced}")}";
        }
    }
}
