using OciTools.Stores;
using OciTools.Stores.Engine;
using OciTools.Stores.Registry;

namespace OciTools.Operations.Copying;

/// <summary>Plans copies to where no manifest is kept: engines and docker-save archives.</summary>
/// <param name="places">Opens the places.</param>
/// <param name="inflateZstd">Inflates zstd.</param>
internal sealed class PackedPlanning(ImagePlaces places, Func<Stream, Stream> inflateZstd)
{
    /// <summary>Finds out what would be copied.</summary>
    internal async Task<CopyPlan> PlanAsync(ImageInspector inspector, ImageLocation image, ImageLocation destination, CopyOptions options, CancellationToken cancellationToken)
    {
        if (destination.Transport == ImageTransport.DockerArchive)
        {
            if (options.UseEngine) throw NoEnginePull(image, destination);
            ArchiveName.RequireFree(destination, options.Replace);
            DockerArchiveSink archive = new(destination.Path!, ArchiveName.TagOf(destination), options.Replace);
            return await PlanAsync(inspector, image, options.Platform, destination, archive, null, _ => [], cancellationToken).ConfigureAwait(false);
        }

        EngineStore engine = await OpenEngineAsync(places, destination, cancellationToken).ConfigureAwait(false);
        ImageConfig? current = await FindAsync(engine, destination, cancellationToken).ConfigureAwait(false);
        Platform? platform = options.Platform;
        if (platform is null && await IsIndexAsync(image, cancellationToken).ConfigureAwait(false)) platform = await engine.PlatformAsync(cancellationToken).ConfigureAwait(false);
        return options.UseEngine
            ? await PlanPullAsync(inspector, image, platform, engine, destination, current, ConflictsWith, cancellationToken).ConfigureAwait(false)
            : await PlanAsync(inspector, image, platform, destination, new EngineSink(engine, destination), current, ConflictsWith, cancellationToken).ConfigureAwait(false);

        IReadOnlyList<NameConflict> ConflictsWith(string next) => Conflicts(engine, destination, IdOf(current), next, options.Replace);
    }

    /// <summary>Opens the engine that an image goes to.</summary>
    /// <exception cref="MalformedException">The name has no tag (<c>InvalidImageName</c>).</exception>
    internal static async Task<EngineStore> OpenEngineAsync(ImagePlaces places, ImageLocation destination, CancellationToken cancellationToken)
    {
        if (destination.Reference?.Tag is null)
            throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(destination.ToString())}' cannot be given to an image of an engine: it needs a name and a tag, not an id or a digest.");
        (IImageStore store, _) = await places.OpenAsync(destination, cancellationToken).ConfigureAwait(false);
        return (EngineStore)store;
    }

    /// <summary>What has a name in an engine; null for nothing.</summary>
    internal static async Task<ImageConfig?> FindAsync(EngineStore engine, ImageLocation name, CancellationToken cancellationToken)
    {
        try
        {
            return (await engine.InspectAsync(name, cancellationToken).ConfigureAwait(false)).Config;
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>The image id, or the engine's own id where that is all there is.</summary>
    internal static string? IdOf(ImageConfig? config) => config?.ImageId ?? config?.EngineId;

    /// <summary>A name of an engine, where it would be taken from another image.</summary>
    internal static IReadOnlyList<NameConflict> Conflicts(EngineStore engine, ImageLocation name, string? current, string next, bool replace) =>
        NameConflict.Of(name, current, next, replace, async token => IdOf(await FindAsync(engine, name, token).ConfigureAwait(false)));

    internal static OciException NoEnginePull(ImageLocation image, ImageLocation destination) => ErrorCatalogue.ParameterConflict.Error(
        $"-UseEngine makes an engine pull from a registry; {DisplayText.Excerpt(image.ToString())} to {DisplayText.Excerpt(destination.ToString())} is no such way.");

    private async Task<bool> IsIndexAsync(ImageLocation image, CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        StoredImage found = await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        return found.Manifest is { } manifest && MediaTypes.IsIndex(manifest.MediaType);
    }

    private async Task<PackedCopy> PlanAsync(
        ImageInspector inspector, ImageLocation image, Platform? platform, ImageLocation destination, IPackedSink sink, ImageConfig? current,
        Func<string, IReadOnlyList<NameConflict>> conflictsWith, CancellationToken cancellationToken)
    {
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        ImageConfig config = await opened.ConfigAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Digest> diffIds = await opened.DiffIdsAsync(cancellationToken).ConfigureAwait(false);
        bool isThere = current?.ImageId is { } id && id == config.ImageId;
        return new PackedCopy(opened, config, diffIds, destination, sink, inflateZstd)
        {
            IsThere = isThere,
            Replaced = isThere ? null : IdOf(current),
            Conflicts = isThere ? [] : conflictsWith(IdOf(config) ?? DisplayText.Excerpt(opened.Name)),
        };
    }

    private async Task<CopyPlan> PlanPullAsync(
        ImageInspector inspector, ImageLocation image, Platform? platform, EngineStore engine, ImageLocation destination, ImageConfig? current,
        Func<string, IReadOnlyList<NameConflict>> conflictsWith, CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await places.OpenAsync(image, cancellationToken).ConfigureAwait(false);
        if (store is not RegistryStore registry) throw NoEnginePull(image, destination);
        StoredImage found = await registry.ResolveAsync(location, cancellationToken).ConfigureAwait(false);
        ImageReference exact = location.Reference!.WithDigest(found.Manifest!.GetDigest());
        bool isThere = current is not null && EnginePull.HasDigest(current, exact);
        string? replaced = null;
        IReadOnlyList<NameConflict> conflicts = [];
        if (current is not null && !isThere)
        {
            OpenedImage opened = await inspector.OpenAsync(found.Location, platform, cancellationToken).ConfigureAwait(false);
            string id = opened.Manifest!.Config.Digest;
            if (id != current.ImageId) (replaced, conflicts) = (IdOf(current), conflictsWith(id));
        }

        return new EnginePull(exact, platform, engine, destination, token => registry.CredentialAsync(exact.Repository, token)) { IsThere = isThere, Replaced = replaced, Conflicts = conflicts };
    }
}
