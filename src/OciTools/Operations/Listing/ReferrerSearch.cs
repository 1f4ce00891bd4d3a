using System.Runtime.CompilerServices;
using OciTools.Stores;

namespace OciTools.Operations.Listing;

/// <summary>
/// Finds what refers to a document in every way that there is: the list of the place, the tags of cosign, and the attestations in an index.
/// A list is a claim; what is on it counts when its own manifest says the same.
/// </summary>
/// <param name="store">The place.</param>
/// <param name="log">Takes what is left out.</param>
internal sealed class ReferrerSearch(IImageStore store, IOperationLog log)
{
    private const string KindKey = "vnd.docker.reference.type";
    private const string SubjectKey = "vnd.docker.reference.digest";

    private const int MostNamed = 10;

    /// <summary>What refers to a document, each once, as it is found.</summary>
    /// <param name="location">Any name in the repository or place.</param>
    /// <param name="subject">The digest of the document.</param>
    /// <param name="artifactType">The only type that is wanted; null for all. Others may come too.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    internal async IAsyncEnumerable<FoundReferrer> FindAsync(ImageLocation location, Digest subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (store is not IReferrerStore place) yield break;
        HashSet<string> seen = new(StringComparer.Ordinal) { subject.ToString() };
        IAsyncEnumerable<StoredReferrer> listed = place.ListReferrersAsync(location, subject, artifactType, cancellationToken).Where(entry => seen.Add(entry.Manifest.Digest));
        IAsyncEnumerable<(StoredReferrer Claim, FoundReferrer? Found, string? WhyNot)> proved =
            InOrder.SelectAsync(listed, Limits.RequestsAtOnce, entry => ProveAsync(location, subject, entry, cancellationToken), cancellationToken);
        int leftOut = 0;
        await foreach ((StoredReferrer claim, FoundReferrer? found, string? whyNot) in proved.ConfigureAwait(false))
        {
            if (found is not null) yield return found;
            else if (leftOut++ < MostNamed) log.Warning($"{claim.Manifest.Digest} is listed as a referrer of {subject} and left out: {whyNot!.TrimEnd('.')}.");
        }

        if (leftOut > MostNamed) log.Warning($"Left out as well: {DisplayText.Count(leftOut - MostNamed, "more document")} listed as referring to {subject}.");
        FoundReferrer?[] tagged = await Task.WhenAll(CosignTag.Suffixes.Select(suffix => TaggedAsync(location, subject, suffix, cancellationToken))).ConfigureAwait(false);
        foreach (FoundReferrer? found in tagged)
            if (found is not null && seen.Add(found.Document.Digest)) yield return found;
    }

    /// <summary>The attestations that an index holds of its images.</summary>
    /// <param name="location">The name of the index.</param>
    /// <param name="index">The index.</param>
    /// <param name="subject">The only image whose attestations are wanted; null for all.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    internal async IAsyncEnumerable<FoundReferrer> InIndexAsync(ImageLocation location, ImageIndex index, Digest? subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FoundReferrer?> proved = InOrder.SelectAsync(Attestations(index, subject).ToAsyncEnumerable(), Limits.RequestsAtOnce, async attestation =>
        {
            ImageMember member = await ImageMember.ReadAsync(store, location, attestation.Entry, cancellationToken).ConfigureAwait(false);
            if (member.Document is not null) return new FoundReferrer(member.Location, member.Document, attestation.Subject, ReferrerSource.Index);
            log.Warning($"{index.Image}: the attestation {attestation.Entry.Digest} is left out. {member.Failure!.Message}");
            return null;
        }, cancellationToken);
        await foreach (FoundReferrer? found in proved.ConfigureAwait(false))
            if (found is not null) yield return found;
    }

    private static IEnumerable<(Descriptor Entry, Digest Subject)> Attestations(ImageIndex index, Digest? subject)
    {
        foreach (Descriptor entry in index.Manifests)
        {
            if (!entry.Annotations.ContainsKey(KindKey) || !Digest.TryParse(entry.Annotations.GetValueOrDefault(SubjectKey), out Digest? named)) continue;
            if ((subject is null || subject == named) && MediaTypes.IsKnownManifest(entry.MediaType)) yield return (entry, named);
        }
    }

    private async Task<(StoredReferrer Claim, FoundReferrer? Found, string? WhyNot)> ProveAsync(ImageLocation location, Digest subject, StoredReferrer claim, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsKnownManifest(claim.Manifest.MediaType))
            return (claim, null, $"it is {DisplayText.Excerpt(claim.Manifest.MediaType, 100)}, which is neither a manifest nor an index");
        try
        {
            ManifestDocument document = await DocumentReading.ChildAsync(store, location, claim.Manifest, cancellationToken).ConfigureAwait(false);
            return document.Subject?.GetDigest() == subject
                ? (claim, new FoundReferrer(store.Child(location, document.GetDigest()), document, subject, claim.Source), null)
                : (claim, null, document.Subject is null ? "its manifest names no subject" : $"its manifest names {document.Subject.Digest} as its subject");
        }
        catch (OciException e) when (e.IsVerdict || e.Kind == ErrorKind.Unsupported)
        {
            return (claim, null, e.Message);
        }
    }

    // cosign names the image by the tag alone; a manifest that names another one does not belong here
    private async Task<FoundReferrer?> TaggedAsync(ImageLocation location, Digest subject, string suffix, CancellationToken cancellationToken)
    {
        string tag = CosignTag.NameOf(subject, suffix);
        if (!ReferenceGrammar.IsTag(tag)) return null;
        ImageLocation name = location.Reference is { } reference ? ImageLocation.FromReference(reference.WithTag(tag)) : location.WithName(tag);
        try
        {
            ManifestDocument document = await store.ReadManifestAsync(name, cancellationToken).ConfigureAwait(false);
            if (document.Subject is null || document.Subject.GetDigest() == subject)
                return new FoundReferrer(store.Child(name, document.GetDigest()), document, subject, ReferrerSource.CosignTag, tag);
            log.Warning($"{name} is left out: its manifest names {document.Subject.Digest} as its subject.");
            return null;
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (OciException e) when (e.IsVerdict || e.Kind == ErrorKind.Unsupported)
        {
            log.Warning($"{name} is left out. {e.Message}");
            return null;
        }
    }
}
