using OciTools.Operations.Listing;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>Finds what is to be taken along with an image: what refers to it or to one of its platforms, and what refers to that in turn.</summary>
/// <param name="places">Opens the places.</param>
/// <param name="replace">Whether a tag of cosign may be taken from another document.</param>
/// <param name="log">Takes what is left out.</param>
internal sealed class ReferrerCopy(ImagePlaces places, bool replace, IOperationLog log)
{
    private const int SubjectsAtOnce = 4;

    private readonly HashSet<string> _subjects = new(StringComparer.Ordinal);
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, HashSet<string>> _listed = [];
    private readonly List<NameConflict> _conflicts = [];

    /// <summary>Adds to the copy of an image what refers to it.</summary>
    /// <param name="plan">The copy of the image.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="UnsupportedException">The image has no manifest on one of the sides (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="RefusedException">There are too many (<c>EndlessList</c>).</exception>
    internal async Task<CopyPlan> AddAsync(CopyPlan plan, CancellationToken cancellationToken)
    {
        if (plan is not ManifestCopy image)
            throw ErrorCatalogue.UnsupportedPlace.Error($"{DisplayText.Excerpt(plan.Image)} is copied without its manifest, so nothing that refers to it can be taken along.",
                recommendation: "Copy between registries, OCI layouts and OCI archives, or leave out -IncludeReferrers.");
        IImageTarget? target = image.Destination.Transport == ImageTransport.OciArchive ? null : (await places.OpenTargetAsync(image.Destination, cancellationToken).ConfigureAwait(false)).Store;
        ReferrerSearch search = new(image.Store, log);
        List<AttachedDocument> missing = [];
        List<Digest> subjects = await SubjectsAsync(image, cancellationToken).ConfigureAwait(false);
        for (int depth = 0; subjects.Count > 0; depth++)
        {
            List<Digest> next = [];
            IAsyncEnumerable<List<FoundReferrer>> all = InOrder.SelectAsync(subjects.ToAsyncEnumerable(), SubjectsAtOnce,
                async subject => await search.FindAsync(image.Source, subject, null, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false), cancellationToken);
            await foreach (FoundReferrer found in all.SelectMany(some => some).ConfigureAwait(false))
            {
                // cosign may have attached one document to several images
                if (!_found.Add($"{found.Document.Digest} {found.Tag}")) continue;
                if (_found.Count > Limits.Referrers) throw Endless(image, $"it is referred to by more than {Limits.Referrers} documents");
                if (depth == Limits.ReferrerDepth) throw Endless(image, $"what refers to it is referred to, more than {Limits.ReferrerDepth} times over");
                if (_subjects.Add(found.Document.Digest)) next.Add(found.Document.GetDigest());
                if (await AttachAsync(image, target, found, cancellationToken).ConfigureAwait(false) is { } attached) missing.Add(attached);
            }

            subjects = next;
        }

        return image.With(missing, _found.Count, _conflicts);
    }

    // the image and the images of its platforms; attestations in an index travel with it
    private async Task<List<Digest>> SubjectsAsync(ManifestCopy image, CancellationToken cancellationToken)
    {
        List<Digest> subjects = [];
        Queue<(Descriptor Entry, int Depth)> open = new([(image.Top, 0)]);
        while (open.TryDequeue(out (Descriptor Entry, int Depth) one))
        {
            if (one.Entry.IsAttestation || !MediaTypes.IsKnownManifest(one.Entry.MediaType) || !_subjects.Add(one.Entry.Digest)) continue;
            subjects.Add(one.Entry.GetDigest());
            if (!MediaTypes.IsIndex(one.Entry.MediaType) || one.Depth > Limits.IndexDepth) continue;
            ManifestDocument document = await image.Store.ReadManifestAsync(image.Store.Child(image.Source, one.Entry.GetDigest()), cancellationToken).ConfigureAwait(false);
            if (document is not ImageIndex index) continue;
            foreach (Descriptor child in index.Manifests) open.Enqueue((child, one.Depth + 1));
        }

        return subjects;
    }

    // null where it is there already
    private async Task<AttachedDocument?> AttachAsync(ManifestCopy image, IImageTarget? target, FoundReferrer found, CancellationToken cancellationToken)
    {
        List<ManifestDocument> documents = await ImageCopy.WithChildrenAsync(image.Store, image.Source, found.Document, cancellationToken).ConfigureAwait(false);
        AttachedDocument attached = new(documents, found.Tag);
        if (target is null) return attached;

        // an entry without a name is not found by one; it is written once
        ImageLocation name = attached.NameAt(target, image.Destination);
        if (name is { Transport: ImageTransport.Oci, RefName: null }) return attached;
        Digest? current = await ImageTagging.DigestAtAsync(target, name, cancellationToken).ConfigureAwait(false);
        _conflicts.AddRange(ImageTagging.Conflicts(target, name, current, found.Document.Digest, replace));
        if (current != found.Document.GetDigest()) return attached;
        return found.Document.Subject is null || await IsListedAsync(image, target, found, cancellationToken).ConfigureAwait(false) ? null : attached;
    }

    // what is in a registry may still be missing in the tag that stands for its list
    private async Task<bool> IsListedAsync(ManifestCopy image, IImageTarget target, FoundReferrer found, CancellationToken cancellationToken)
    {
        if (target is not IReferrerStore place || image.Destination.Transport != ImageTransport.Registry) return true;
        Digest subject = found.Document.Subject!.GetDigest();
        if (!_listed.TryGetValue(subject, out HashSet<string>? listed))
        {
            IAsyncEnumerable<string> digests = place.ListReferrersAsync(image.Destination, subject, null, cancellationToken).Select(entry => entry.Manifest.Digest);
            listed = await digests.ToHashSetAsync(StringComparer.Ordinal, cancellationToken).ConfigureAwait(false);
            _listed.Add(subject, listed);
        }

        return listed.Contains(found.Document.Digest);
    }

    private static OciException Endless(ManifestCopy image, string why) => ErrorCatalogue.EndlessList.Error($"What refers to {DisplayText.Excerpt(image.Image)} does not end: {why}.",
        recommendation: "Copy the image without its referrers, and ask who attaches so much to it.");
}
