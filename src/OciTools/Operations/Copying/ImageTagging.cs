using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.Operations.Copying;

/// <summary>Gives images more tags. Nothing but the manifest is read, and nothing but the manifest is written; an engine is told to.</summary>
/// <param name="places">Opens the places.</param>
public sealed class ImageTagging(ImagePlaces places)
{
    /// <summary>Finds out which tags would be given.</summary>
    /// <param name="image">The image.</param>
    /// <param name="tags">The tags; in a layout ref names, in an engine tags or whole names.</param>
    /// <param name="replace">Whether a tag may be taken from another image.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <returns>One plan for each tag, in their order.</returns>
    /// <exception cref="UnsupportedException">The place takes no tags (<c>UnsupportedPlace</c>).</exception>
    public async Task<IReadOnlyList<Plan>> PlanAsync(ImageLocation image, IReadOnlyList<string> tags, bool replace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tags);
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        if (store is EngineStore engine) return await PlanAsync(engine, location, tags, replace, cancellationToken).ConfigureAwait(false);
        (IImageTarget target, _) = await places.OpenTargetAsync(location, cancellationToken).ConfigureAwait(false);
        StoredImage found = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        ManifestDocument document = await store.ReadManifestAsync(found.Location, cancellationToken).ConfigureAwait(false);
        List<Plan> plans = [];
        foreach (string tag in tags)
        {
            ImageLocation name = location.Reference is { } reference ? ImageLocation.FromReference(reference.WithTag(tag)) : location.WithName(tag);
            Digest? current = await DigestAtAsync(target, name, cancellationToken).ConfigureAwait(false);
            ImageTag given = new()
            {
                Image = name.ToString(),
                Repository = name.Reference?.FamiliarName,
                Tag = tag,
                Digest = document.Digest,
                MediaType = document.MediaType,
                Platforms = document is ImageIndex index ? index.Platforms : [],
            };
            plans.Add(new Plan(given, document.Digest, current?.ToString(), Conflicts(target, name, current, document.Digest, replace), token => target.PutManifestAsync(name, document, token)));
        }

        return plans;
    }

    /// <summary>Gives a tag.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="ConflictException">It stands for another image, and nobody agreed to that, or it stands for yet another one by now (<c>TagExists</c>, <c>TagMoved</c>).</exception>
    public static async Task<ImageTag> RunAsync(Plan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        await NameConflict.RequireAgreedAsync(plan.Conflicts, cancellationToken).ConfigureAwait(false);
        if (!plan.IsThere) await plan.GiveAsync(cancellationToken).ConfigureAwait(false);
        return plan.Given;
    }

    /// <summary>What a name of a place stands for; null for nothing. A layout holds many images under no name.</summary>
    internal static async Task<Digest?> DigestAtAsync(IImageTarget target, ImageLocation name, CancellationToken cancellationToken)
    {
        if (name is { Transport: ImageTransport.Oci, RefName: null, Digest: null, Position: null }) return null;
        return (await target.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Manifest?.GetDigest();
    }

    /// <summary>A name of a place, where it would be taken from something else.</summary>
    internal static IReadOnlyList<NameConflict> Conflicts(IImageTarget target, ImageLocation name, Digest? current, string next, bool replace) =>
        NameConflict.Of(name, current?.ToString(), next, replace, async token => (await DigestAtAsync(target, name, token).ConfigureAwait(false))?.ToString());

    private static async Task<IReadOnlyList<Plan>> PlanAsync(EngineStore engine, ImageLocation image, IReadOnlyList<string> tags, bool replace, CancellationToken cancellationToken)
    {
        ImageConfig config = (await engine.InspectAsync(image, cancellationToken).ConfigureAwait(false)).Config;
        string id = PackedPlanning.IdOf(config)!;

        // the name may be taken from the image in between
        ImageLocation exact = ImageLocation.FromEngine(id);
        List<Plan> plans = [];
        foreach (string tag in tags)
        {
            ImageReference reference = NameOf(image, tag);
            ImageLocation name = ImageLocation.FromEngine($"{reference.Name}:{reference.Tag}");
            string? current = PackedPlanning.IdOf(await PackedPlanning.FindAsync(engine, name, cancellationToken).ConfigureAwait(false));
            ImageTag given = new() { Image = name.ToString(), Repository = reference.FamiliarName, Tag = reference.Tag!, ImageId = config.ImageId, Created = config.Created, Platforms = [config.Platform] };
            plans.Add(new Plan(given, id, current, PackedPlanning.Conflicts(engine, name, current, id, replace), token => engine.TagAsync(exact, name, token)));
        }

        return plans;
    }

    // an engine has no repositories that a tag would have to stay in
    private static ImageReference NameOf(ImageLocation image, string tag)
    {
        if (image.Reference is { } reference && !tag.AsSpan().ContainsAny(':', '/')) return reference.WithTag(tag);
        ImageReference name = ImageReference.Parse(tag);
        return name is { Tag: not null, Digest: null } && tag.AsSpan().ContainsAny(':', '/')
            ? name
            : throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(tag)}' cannot be the name of {DisplayText.Excerpt(image.ToString())}: an image that is given by its id needs a name and a tag.");
    }

    /// <summary>A tag that would be given.</summary>
    public sealed class Plan
    {
        internal Plan(ImageTag given, string image, string? current, IReadOnlyList<NameConflict> conflicts, Func<CancellationToken, Task> give) =>
            (Given, Image, Current, Conflicts, GiveAsync) = (given, image, current, conflicts, give);

        /// <summary>Whether the tag stands for the image already.</summary>
        public bool IsThere => Current == Image;

        /// <summary>The tag, where another image would lose it: that must be agreed to before it is given.</summary>
        public IReadOnlyList<NameConflict> Conflicts { get; }

        internal ImageTag Given { get; }

        internal string Image { get; }

        internal string? Current { get; }

        internal Func<CancellationToken, Task> GiveAsync { get; }

        /// <summary>The tag in words, for a question to the user.</summary>
        public string Describe() => $"{DisplayText.Excerpt(Given.Image)} for {Image}{(IsThere ? ", as it is already" : Current is null ? "" : $", taken from {Current}{(Conflicts.Count == 0 ? "" : " if you agree")}")}";
    }
}
