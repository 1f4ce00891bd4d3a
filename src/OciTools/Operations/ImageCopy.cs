using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>
/// Copies images between places, byte for byte, so that every digest stays: blobs first, then manifests, then the indexes above them, the
/// name at the end. What the destination has is not sent.
/// </summary>
/// <param name="places">Opens the places.</param>
public sealed class ImageCopy(ImagePlaces places) : IDisposable
{
    private readonly BlobQueue _queue = new();

    /// <summary>Finds out what would be copied.</summary>
    /// <param name="inspector">Opens images of the same places.</param>
    /// <param name="image">The image.</param>
    /// <param name="destination">The name that it gets.</param>
    /// <param name="platform">Selects the image of an index; null copies the index with all its images.</param>
    /// <param name="replace">Whether the name may be taken from another image.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="ConflictException">The name stands for another image (<c>TagExists</c>).</exception>
    /// <exception cref="UnsupportedException">Nothing is read from there, or written there (<c>UnsupportedPlace</c>).</exception>
    public async Task<CopyPlan> PlanAsync(ImageInspector inspector, ImageLocation image, ImageLocation destination, Platform? platform, bool replace, CancellationToken cancellationToken)
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
        if (platform is null && current == top.GetDigest()) return new ManifestCopy(store, found.Location, target, name, top, [], _queue) { IsThere = true };

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
        if (current == document.GetDigest()) return new ManifestCopy(store, source, target, name, document.ToDescriptor(), [], _queue) { IsThere = true };
        if (current is not null && !replace)
            throw ImageTagging.Taken(name, current, source, document.GetDigest());
        if (name.Reference?.Digest is { } wanted && wanted != document.GetDigest())
            throw ErrorCatalogue.DigestMismatch.Mismatch($"{DisplayText.Excerpt(source.ToString())} is {document.Digest} and cannot be written under {wanted}.", wanted.ToString(), document.Digest);

        // children before parents
        List<ManifestDocument> documents = [];
        await AddChildrenAsync(store, found.Location, document, documents, [document.Digest], 0, cancellationToken).ConfigureAwait(false);
        documents.Add(document);
        return new ManifestCopy(store, source, target, name, document.ToDescriptor(), documents, _queue) { Replaced = current?.ToString() };
    }

    /// <summary>Copies an image.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="progress">Takes the bytes.</param>
    /// <param name="cancellationToken">Stops the copying; the name is given at the end only.</param>
    public static async Task<CopiedImage> RunAsync(CopyPlan plan, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(progress);
        return await plan.RunAsync(progress, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

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
}
