using System.Globalization;
using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>
/// Which image of an index is meant. A named platform decides; without one: the host's own, linux on the host's architecture, the only
/// one there is, else an error that lists what there is. Attestations are never chosen.
/// </summary>
internal sealed class PlatformChoice(IImageStore store, ImageLocation location, IOperationLog log)
{
    private const int MostUnnamedEntries = 64;

    /// <summary>The entry for the platform. It may stand in an index below the given one.</summary>
    internal async Task<Descriptor> ChooseAsync(ImageIndex index, Platform? wanted, CancellationToken cancellationToken)
    {
        List<Candidate> candidates = [.. index.Manifests.Where(IsImage).Select(m => new Candidate(m, m.GetPlatform()))];
        Descriptor? chosen = Select(index, candidates, wanted);
        if (chosen is null && (index.Manifests.Any(m => MediaTypes.IsIndex(m.MediaType)) || candidates.Exists(c => c.Platform is null)))
        {
            candidates = await ExpandAsync(index, cancellationToken).ConfigureAwait(false);
            chosen = Select(index, candidates, wanted);
        }

        if (chosen is null && wanted is null && candidates.Count == 1)
        {
            chosen = candidates[0].Descriptor;
            log.Verbose($"{DisplayText.Clean(index.Image)}: took {candidates[0].Name}, the only image of the index.");
        }

        return chosen ?? throw NotFound(index, candidates, wanted);
    }

    /// <summary>Every image entry of the index and of the indexes in it, each once, attestations left out.</summary>
    internal async Task<List<Candidate>> ExpandAsync(ImageIndex index, CancellationToken cancellationToken)
    {
        List<Candidate> candidates = [];
        await ExpandAsync(index, 0, candidates, [index.Digest], cancellationToken).ConfigureAwait(false);
        return candidates;
    }

    // An index that lists the same index many times, and that one another, would take as many reads as their product.
    private async Task ExpandAsync(ImageIndex index, int depth, List<Candidate> candidates, HashSet<string> seen, CancellationToken cancellationToken)
    {
        index.RequireDepth(depth);
        int unnamed = 0;
        foreach (Descriptor entry in index.Manifests)
        {
            if (MediaTypes.IsIndex(entry.MediaType))
            {
                if (!seen.Add(entry.Digest)) continue;
                ManifestDocument child = await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
                if (child is ImageIndex nested) await ExpandAsync(nested, depth + 1, candidates, seen, cancellationToken).ConfigureAwait(false);
            }
            else if (IsImage(entry) && seen.Add($"{entry.Digest} {entry.Platform}"))
            {
                Platform? platform = entry.GetPlatform();
                if (platform is null && unnamed++ < MostUnnamedEntries) platform = await PlatformOfAsync(entry, cancellationToken).ConfigureAwait(false);
                candidates.Add(new Candidate(entry, platform));
            }
        }
    }

    private static bool IsImage(Descriptor entry) =>
        !entry.IsAttestation && !MediaTypes.IsIndex(entry.MediaType) && (entry.ArtifactType is null || MediaTypes.IsImageConfig(entry.ArtifactType) || entry.Platform is not null);

    private async Task<Platform?> PlatformOfAsync(Descriptor entry, CancellationToken cancellationToken)
    {
        return await DocumentReading.ChildAsync(store, location, entry, cancellationToken).ConfigureAwait(false) is ImageManifest { IsContainerImage: true } manifest
            ? (await DocumentReading.ConfigAsync(store, store.Child(location, entry.GetDigest()), manifest, cancellationToken).ConfigureAwait(false)).GetPlatform()
            : null;
    }

    private Descriptor? Select(ImageIndex index, List<Candidate> candidates, Platform? wanted)
    {
        if (wanted is not null) return Best(candidates, wanted)?.Descriptor;
        Platform host = Platform.Host;
        if (Best(candidates, host) is { } own)
        {
            log.Verbose($"{DisplayText.Clean(index.Image)}: took {own.Name}, the platform of this host.");
            return own.Descriptor;
        }

        Platform linux = Platform.FromDocument("linux", host.Architecture, host.Variant, null, null);
        if (host.OS != "linux" && Best(candidates, linux) is { } second)
        {
            log.Verbose($"{DisplayText.Clean(index.Image)}: took {second.Name}, linux on the architecture of this host.");
            return second.Descriptor;
        }

        return null;
    }

    private static Candidate? Best(List<Candidate> candidates, Platform wanted)
    {
        Candidate? best = null;
        int bestRank = int.MaxValue;
        foreach (Candidate candidate in candidates)
        {
            if (candidate.Platform is null || wanted.Rank(candidate.Platform) is not { } rank) continue;
            bool newer = rank == bestRank && CompareVersions(candidate.Platform.OSVersion, best!.Platform!.OSVersion) > 0;
            if (rank >= bestRank && !newer) continue;
            best = candidate;
            bestRank = rank;
        }

        return best;
    }

    private static int CompareVersions(string? left, string? right)
    {
        int[] a = Numbers(left);
        int[] b = Numbers(right);
        for (int i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            int difference = (i < a.Length ? a[i] : 0).CompareTo(i < b.Length ? b[i] : 0);
            if (difference != 0) return difference;
        }

        return 0;

        static int[] Numbers(string? version) => version is null
            ? []
            : [.. version.Split('.').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)];
    }

    private static OciException NotFound(ImageIndex index, List<Candidate> candidates, Platform? wanted)
    {
        string there = candidates.Count == 0 ? "none" : DisplayText.Excerpt(string.Join(", ", candidates.Select(c => c.Name).Distinct()), 500);
        string asked = wanted is null ? $"this host ({Platform.Host}) or linux on its architecture" : wanted.ToString();
        return ErrorCatalogue.PlatformNotFound.Error($"{DisplayText.Excerpt(index.Image)} has no image for {asked}; it has: {there}.");
    }

    /// <summary>An image entry and the platform it is for, where that is known.</summary>
    internal sealed record Candidate(Descriptor Descriptor, Platform? Platform)
    {
        internal string Name => Platform?.ToString() ?? Descriptor.Digest;
    }
}
