using System.Runtime.CompilerServices;
using OciTools.Stores;

namespace OciTools.Operations.Listing;

/// <summary>Lists what refers to an image: signatures, SBOMs, attestations.</summary>
/// <param name="inspector">Opens the place; takes decisions and warnings.</param>
public sealed class ImageReferrers(ImageInspector inspector)
{
    /// <summary>What refers to an image, as it is found. Each manifest was read and names the image, but for the tags of cosign and the attestations in an index.</summary>
    /// <param name="image">The name; an image that is named by its digest need not be there.</param>
    /// <param name="platform">Selects the image of an index, whose referrers are listed; null lists those of the index, and the attestations in it.</param>
    /// <param name="artifactType">The only type that is wanted, for the registry to filter; null for all. Others may come too.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="NotFoundException">There is no such image (<c>ImageNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">The place keeps no manifest that anything could refer to (<c>UnsupportedPlace</c>).</exception>
    public async IAsyncEnumerable<ImageReferrer> ListAsync(ImageLocation image, Platform? platform, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location, OpenedImage? unpacked) = await inspector.FindAsync(image, platform, cancellationToken).ConfigureAwait(false);
        if (unpacked is not null)
            throw ErrorCatalogue.UnsupportedPlace.Error($"{DisplayText.Excerpt(location.ToString())} has no manifest where it lies, so that nothing can refer to it.",
                recommendation: "Name the image in its registry, or in an OCI layout or OCI archive.");
        (ManifestDocument? top, Digest subject, NotFoundException? absent) = await SubjectAsync(store, location, platform, cancellationToken).ConfigureAwait(false);

        ReferrerSearch search = new(store, inspector.Log);
        HashSet<string> seen = new(StringComparer.Ordinal);
        await foreach (FoundReferrer found in search.FindAsync(location, subject, artifactType, cancellationToken).ConfigureAwait(false))
            if (seen.Add(found.Document.Digest)) yield return found.Describe();
        if (top is ImageIndex index)
        {
            await foreach (FoundReferrer found in search.InIndexAsync(location, index, platform is null ? null : subject, cancellationToken).ConfigureAwait(false))
                if (seen.Add(found.Document.Digest)) yield return found.Describe();
        }

        if (absent is not null && seen.Count == 0) throw absent;
    }

    private async Task<(ManifestDocument? Top, Digest Subject, NotFoundException? Absent)> SubjectAsync(IImageStore store, ImageLocation location, Platform? platform, CancellationToken cancellationToken)
    {
        ManifestDocument top;
        try
        {
            top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (platform is null && (location.Reference?.Digest ?? location.Digest) is not null)
        {
            // what refers to it may be there before it, or longer than it
            return (null, (location.Reference?.Digest ?? location.Digest)!, e);
        }

        if (platform is null) return (top, top.GetDigest(), null);
        if (top is ImageIndex index)
        {
            Descriptor entry = await new PlatformChoice(store, location, inspector.Log).ChooseAsync(index, platform, cancellationToken).ConfigureAwait(false);
            return (top, entry.GetDigest(), null);
        }

        _ = await inspector.OpenAsync(location, platform, cancellationToken).ConfigureAwait(false);
        return (top, top.GetDigest(), null);
    }
}
