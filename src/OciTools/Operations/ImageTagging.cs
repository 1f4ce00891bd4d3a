using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>Gives images more tags. Nothing but the manifest is read, and nothing but the manifest is written.</summary>
/// <param name="places">Opens the places.</param>
public sealed class ImageTagging(ImagePlaces places)
{
    /// <summary>Finds out which tags would be given.</summary>
    /// <param name="image">The image.</param>
    /// <param name="tags">The tags, or ref names in a layout.</param>
    /// <param name="replace">Whether a tag may be taken from another image.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <returns>One plan for each tag, in their order.</returns>
    /// <exception cref="ConflictException">A tag stands for another image (<c>TagExists</c>).</exception>
    /// <exception cref="UnsupportedException">The place takes no tags (<c>UnsupportedPlace</c>).</exception>
    public async Task<IReadOnlyList<Plan>> PlanAsync(ImageLocation image, IReadOnlyList<string> tags, bool replace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tags);
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        (IImageTarget target, _) = await places.OpenTargetAsync(location, cancellationToken).ConfigureAwait(false);
        StoredImage found = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        ManifestDocument document = await store.ReadManifestAsync(found.Location, cancellationToken).ConfigureAwait(false);
        List<Plan> plans = [];
        foreach (string tag in tags)
        {
            ImageLocation name = location.Reference is { } reference ? ImageLocation.FromReference(reference.WithTag(tag)) : location.WithName(tag);
            Digest? current = await DigestAtAsync(target, name, cancellationToken).ConfigureAwait(false);
            if (current is not null && current != document.GetDigest() && !replace) throw Taken(name, current, found.Location, document.GetDigest());
            plans.Add(new Plan(target, found.Location, name, tag, document, current));
        }

        return plans;
    }

    /// <summary>Gives a tag.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public static async Task<ImageTag> RunAsync(Plan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.IsThere) await plan.Target.PutManifestAsync(plan.Name, plan.Document, cancellationToken).ConfigureAwait(false);
        return new ImageTag
        {
            Image = plan.Name.ToString(),
            Repository = plan.Name.Reference?.FamiliarName,
            Tag = plan.Tag,
            Digest = plan.Document.Digest,
            MediaType = plan.Document.MediaType,
            Platforms = plan.Document is ImageIndex index ? index.Platforms : [],
        };
    }

    /// <summary>What a name of a place stands for; null for nothing.</summary>
    internal static async Task<Digest?> DigestAtAsync(IImageTarget target, ImageLocation name, CancellationToken cancellationToken)
    {
        try
        {
            return (await target.ResolveAsync(name, cancellationToken).ConfigureAwait(false)).Manifest?.GetDigest();
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    internal static OciException Taken(ImageLocation name, Digest current, ImageLocation image, Digest digest) =>
        ErrorCatalogue.TagExists.Error($"{DisplayText.Excerpt(name.ToString())} is {current} already, and {DisplayText.Excerpt(image.ToString())} is {digest}.");

    /// <summary>A tag that would be given.</summary>
    public sealed class Plan
    {
        internal Plan(IImageTarget target, ImageLocation image, ImageLocation name, string tag, ManifestDocument document, Digest? current) =>
            (Target, Image, Name, Tag, Document, Current) = (target, image, name, tag, document, current);

        /// <summary>Whether the tag stands for the image already.</summary>
        public bool IsThere => Current == Document.GetDigest();

        internal IImageTarget Target { get; }

        internal ImageLocation Image { get; }

        internal ImageLocation Name { get; }

        internal string Tag { get; }

        internal ManifestDocument Document { get; }

        internal Digest? Current { get; }

        /// <summary>The tag in words, for a question to the user.</summary>
        public string Describe() => $"{DisplayText.Excerpt(Name.ToString())} for {Document.Digest}{(IsThere ? ", as it is already" : Current is null ? "" : $", taken from {Current}")}";
    }
}
