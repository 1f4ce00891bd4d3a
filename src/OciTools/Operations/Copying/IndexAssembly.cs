using System.Text.Json.Nodes;
using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>Puts one image for several platforms together out of several images. The same images and annotations give the same bytes.</summary>
/// <param name="places">Opens the places.</param>
/// <param name="copy">Copies the images to where the index goes.</param>
public sealed class IndexAssembly(ImagePlaces places, ImageCopy copy)
{
    /// <summary>Finds out what would be written.</summary>
    /// <param name="inspector">Opens images of the same places.</param>
    /// <param name="images">The images, in the order of the index; one that is an index contributes what it holds.</param>
    /// <param name="destination">The name of the index.</param>
    /// <param name="annotations">Annotations of the index.</param>
    /// <param name="replace">Whether the name may be taken from another image.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="ConflictException">Two images are for one platform (<c>DuplicatePlatform</c>).</exception>
    /// <exception cref="UnsupportedException">One is no container image, or nothing is written there (<c>NotAnImage</c>, <c>UnsupportedPlace</c>).</exception>
    public async Task<Plan> PlanAsync(ImageInspector inspector, IReadOnlyList<ImageLocation> images, ImageLocation destination, IReadOnlyDictionary<string, string> annotations, bool replace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(annotations);
        IndexEntries entries = new();
        IAsyncEnumerable<IReadOnlyList<IndexEntries.Entry>> found = InOrder.SelectAsync(images.ToAsyncEnumerable(), Limits.RequestsAtOnce, image => IndexEntries.OfAsync(inspector, image, cancellationToken), cancellationToken);
        await foreach (IReadOnlyList<IndexEntries.Entry> some in found.ConfigureAwait(false)) entries.Add(some);

        (IImageTarget target, ImageLocation name) = await places.OpenTargetAsync(destination, cancellationToken).ConfigureAwait(false);
        ImageIndex index = Build(entries, annotations, name.ToString());
        if (name.Reference?.Digest is { } wanted && wanted != index.GetDigest())
            throw ErrorCatalogue.DigestMismatch.Mismatch($"The index of these images is {index.Digest} and cannot be written under {wanted}.", wanted.ToString(), index.Digest);

        Digest? current = await ImageTagging.DigestAtAsync(target, name, cancellationToken).ConfigureAwait(false);
        List<CopyPlan> copies = [];
        foreach (IndexEntries.Entry entry in entries.All)
        {
            if (current == index.GetDigest()) break;
            copies.Add(await copy.PlanAsync(inspector, entry.Location, target.Child(name, entry.Digest), new CopyOptions(), cancellationToken).ConfigureAwait(false));
        }

        IReadOnlyList<NameConflict> conflicts = ImageTagging.Conflicts(target, name, current, index.Digest, replace);
        return new Plan(target, name, index, copies) { Replaced = current, Conflicts = conflicts, Platforms = [.. entries.All.Select(entry => entry.Platform?.ToString()).OfType<string>()] };
    }

    /// <summary>Copies the images to the destination, as far as they are not there, and writes the index.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="progress">Takes the bytes.</param>
    /// <param name="cancellationToken">Stops the copying; the name is given at the end only.</param>
    /// <exception cref="ConflictException">The name stands for another image, and nobody agreed to that, or it stands for yet another one by now (<c>TagExists</c>, <c>TagMoved</c>).</exception>
    public static async Task<ImageIndex> RunAsync(Plan plan, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(progress);
        await NameConflict.RequireAgreedAsync(plan.Conflicts, cancellationToken).ConfigureAwait(false);
        foreach (CopyPlan one in plan.Copies) await ImageCopy.RunAsync(one, progress, cancellationToken).ConfigureAwait(false);
        if (!plan.IsThere) await plan.Target.PutManifestAsync(plan.Name, plan.Index, cancellationToken).ConfigureAwait(false);
        return plan.Index;
    }

    private static ImageIndex Build(IndexEntries entries, IReadOnlyDictionary<string, string> annotations, string image)
    {
        JsonObject index = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = new JsonArray([.. entries.All.Select(entry => (JsonNode)entry.Json)]),
        };
        if (annotations.Count > 0)
            index["annotations"] = new JsonObject(annotations.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        return (ImageIndex)ManifestDocument.Parse(DocumentJson.Write(index), image);
    }

    /// <summary>What would be written.</summary>
    public sealed class Plan
    {
        internal Plan(IImageTarget target, ImageLocation name, ImageIndex index, List<CopyPlan> copies) => (Target, Name, Index, Copies) = (target, name, index, copies);

        /// <summary>The index.</summary>
        public ImageIndex Index { get; }

        /// <summary>Whether the name stands for this index already, so that nothing is written.</summary>
        public bool IsThere => Replaced == Index.GetDigest();

        /// <summary>The name, where another image would lose it: that must be agreed to before the index is written.</summary>
        public IReadOnlyList<NameConflict> Conflicts { get; internal init; } = [];

        internal IImageTarget Target { get; }

        internal ImageLocation Name { get; }

        internal List<CopyPlan> Copies { get; }

        internal IReadOnlyList<string> Platforms { get; init; } = [];

        internal Digest? Replaced { get; init; }

        /// <summary>The index in words, for a question to the user.</summary>
        public string Describe()
        {
            string what = $"{DisplayText.Excerpt(Name.ToString())} for {DisplayText.Excerpt(string.Join(", ", Platforms), 500)}";
            if (IsThere) return $"{what}, which is there already";
            int others = Index.Manifests.Count - Platforms.Count;
            string along = others == 0 ? "" : $" and {DisplayText.Count(others, "attestation or other artifact", "attestations or other artifacts")}";
            return $"{what}: {DisplayText.Count(Platforms.Count, "image")}{along} of {DisplayText.Count(Copies.Sum(copy => copy.Size), "byte")}, as far as they are not there{(Replaced is null ? "" : $"; the name is taken from {Replaced}{(Conflicts.Count == 0 ? "" : " if you agree")}")}";
        }
    }
}
