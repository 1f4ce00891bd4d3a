using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using OciTools.Stores;

namespace OciTools.Operations.Listing;

/// <summary>Lists the tags of a repository in a registry, in an engine, in a layout or in an archive.</summary>
/// <param name="inspector">Opens the place; takes decisions and warnings.</param>
public sealed class ImageTags(ImageInspector inspector)
{
    private const int MostNamed = 10;

    // a registry that fails for so many tags one after the other is not asked for thousands more
    private const int MostFailures = 8;

    /// <summary>The tags, in the order of the place, as they come; from a registry their names only.</summary>
    /// <param name="image">Any name in the repository; its tag and digest do not matter. A layout or archive alone means all its images.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="NotFoundException">There is no such repository (<c>ImageNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is the id of an engine's image, which has no repository (<c>UnsupportedPlace</c>).</exception>
    public async IAsyncEnumerable<ImageTag> ListAsync(ImageLocation image, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IImageStore store, ImageLocation location) = await inspector.OpenPlaceAsync(image, cancellationToken).ConfigureAwait(false);
        IAsyncEnumerable<ImageTag> tags = store is ITagStore registry ? OfRegistryAsync(registry, location, cancellationToken) : OfPlaceAsync(store, location, cancellationToken);
        await foreach (ImageTag tag in tags.ConfigureAwait(false)) yield return tag;
    }

    /// <summary>
    /// Adds digest, platforms, and image id, size and date of one platform, several tags at once, in the order given. A tag that is not there
    /// any more is left out with a warning.
    /// </summary>
    /// <param name="tags">Listed tags.</param>
    /// <param name="platform">The platform to select from an index; null chooses one.</param>
    /// <param name="atOnce">How many tags of this list are looked at ahead.</param>
    /// <param name="gate">Bounds how many tags of all lists are looked at at once.</param>
    /// <param name="onFailure">Told of a tag whose image is not in order, at its place in the order; the others go on.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async IAsyncEnumerable<ImageTag> DescribeAsync(IAsyncEnumerable<ImageTag> tags, Platform? platform, int atOnce, SemaphoreSlim gate, Action<ImageTag, OciException> onFailure,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(onFailure);
        int failures = 0;
        await foreach ((ImageTag tag, ImageTag? described, OciException? failure) in InOrder.SelectAsync(tags, atOnce, DescribeOneAsync, cancellationToken).ConfigureAwait(false))
        {
            failures = failure is not null && IsOfRegistry(failure) ? failures + 1 : 0;
            if (failures == MostFailures) ExceptionDispatchInfo.Throw(failure!);
            if (failure is not null) onFailure(tag, failure);
            else if (described is not null) yield return described;
        }

        async Task<(ImageTag Tag, ImageTag? Described, OciException? Failure)> DescribeOneAsync(ImageTag tag)
        {
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return (tag, await DescribeAsync(tag, platform, cancellationToken).ConfigureAwait(false), null);
            }
            catch (OciException e) when (e.IsVerdict || e.Kind == ErrorKind.Unsupported || IsOfRegistry(e))
            {
                // may be so for this image alone; where nobody answers, or not to this account, the next tag has no better chance
                return (tag, null, e);
            }
            finally
            {
                gate.Release();
            }
        }
    }

    private static bool IsOfRegistry(OciException error) => error.Kind is ErrorKind.Unavailable or ErrorKind.Protocol;

    // at most three requests to a registry for an image, or an index that names its platforms: the document, its child, the config
    private async Task<ImageTag?> DescribeAsync(ImageTag tag, Platform? platform, CancellationToken cancellationToken)
    {
        IImageStore store;
        ImageLocation location;
        ManifestDocument top;
        try
        {
            (store, location, OpenedImage? unpacked) = await inspector.FindAsync(ImageLocation.Parse(tag.Image), null, cancellationToken).ConfigureAwait(false);
            if (unpacked is not null) return FromUnpacked(tag, unpacked.Unpacked!);
            top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e)
        {
            inspector.Log.Warning($"{tag.Image} was listed and is not there any more. {e.Message}");
            return null;
        }

        tag = tag with { Digest = top.Digest, MediaType = top.MediaType };
        if (top is ImageManifest manifest) return await AddAsync(tag, store, location, manifest, platform, cancellationToken).ConfigureAwait(false);

        ImageIndex index = (ImageIndex)top;
        tag = tag with { Platforms = [.. index.Platforms.Distinct(StringComparer.Ordinal)] };
        try
        {
            Descriptor entry = await new PlatformChoice(store, location, inspector.Log).ChooseAsync(index, platform, cancellationToken).ConfigureAwait(false);
            ImageManifest child = await DocumentReading.ImageAsync(store, location, entry, cancellationToken).ConfigureAwait(false);
            ImageTag described = await AddAsync(tag, store, store.Child(location, child.GetDigest()), child, null, cancellationToken).ConfigureAwait(false);
            return described with { Platform = entry.Platform ?? described.Platform, Platforms = tag.Platforms };
        }
        catch (NotFoundException e) when (e.ErrorId == ErrorCatalogue.PlatformNotFound.Id)
        {
            inspector.Log.Verbose(e.Message);
            return tag;
        }
        catch (NotFoundException e)
        {
            // mirrors keep indexes of which they hold some platforms only
            inspector.Log.Warning($"{tag.Image}: only what the index says is known. {e.Message}");
            return tag;
        }
    }

    private static async Task<ImageTag> AddAsync(ImageTag tag, IImageStore store, ImageLocation location, ImageManifest manifest, Platform? platform, CancellationToken cancellationToken)
    {
        tag = tag with { Size = LocalImages.SizeOf(manifest) };
        if (!manifest.IsContainerImage) return tag;
        ImageConfig config = await DocumentReading.ConfigAsync(store, location, manifest, cancellationToken).ConfigureAwait(false);
        tag = tag with { Platforms = [config.Platform] };
        return platform is null || platform.Matches(config.GetPlatform())
            ? tag with { Platform = config.Platform, ImageId = config.ImageId, Created = config.Created }
            : tag with { Size = null };
    }

    private static ImageTag FromUnpacked(ImageTag tag, UnpackedImage unpacked) => tag with
    {
        Platform = unpacked.Config.Platform,
        Platforms = [unpacked.Config.Platform],
        ImageId = unpacked.Config.ImageId ?? tag.ImageId,
        Created = unpacked.Config.Created ?? tag.Created,
        Size = tag.Size ?? unpacked.StoredSize,
    };

    private async IAsyncEnumerable<ImageTag> OfRegistryAsync(ITagStore store, ImageLocation location, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageReference repository = location.Reference!;
        string familiar = repository.FamiliarName;
        int odd = 0;
        await foreach (string name in store.ListTagsAsync(location, cancellationToken).ConfigureAwait(false))
        {
            if (ReferenceGrammar.IsTag(name))
                yield return new ImageTag { Image = ImageLocation.FromReference(repository.WithTag(name)).ToString(), Repository = familiar, Tag = name };
            else if (odd++ < MostNamed)
                inspector.Log.Warning($"{repository.Name} lists the tag '{DisplayText.Excerpt(name, 150)}', which no name can hold; it is left out.");
        }

        if (odd > MostNamed) inspector.Log.Warning($"{repository.Name} lists {DisplayText.Count(odd - MostNamed, "more tag")} that no name can hold, left out as well.");
    }

    private static async IAsyncEnumerable<ImageTag> OfPlaceAsync(IImageStore store, ImageLocation location, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? repository = await RepositoryOfAsync(store, location, cancellationToken).ConfigureAwait(false);
        bool isThere = repository is null;
        await foreach (StoredImage image in store.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (repository is not null && FullName(image.Repository) != repository) continue;
            isThere = true;
            if (image.Tag is not null) yield return FromStored(image, image.Tag);
        }

        if (!isThere) throw ErrorCatalogue.ImageNotFound.Error($"There is no image of the repository {DisplayText.Excerpt(repository)} where {DisplayText.Excerpt(location.ToString())} was looked for.");
    }

    // Null where the name says nothing of a repository: a layout or archive alone, or an image in it that has a tag and nothing else.
    private static async Task<string?> RepositoryOfAsync(IImageStore store, ImageLocation location, CancellationToken cancellationToken)
    {
        if (location.Transport == ImageTransport.DockerDaemon)
        {
            return location.Reference?.Name ?? throw ErrorCatalogue.UnsupportedPlace.Error($"{DisplayText.Excerpt(location.ToString())} is the id of an image, which says nothing of a repository.", null,
                "Name a repository of the engine; Get-Image lists all its images with their tags.");
        }

        if (location.RefName is null && location.Digest is null && location.Position is null) return null;
        return FullName((await store.ResolveAsync(location, cancellationToken).ConfigureAwait(false)).Repository);
    }

    private static string? FullName(string? repository) => ImageReference.TryParse(repository, out ImageReference? name) ? name.Name : repository;

    private static ImageTag FromStored(StoredImage image, string tag)
    {
        if (image.Engine is { } listing)
        {
            LocalImage local = LocalImages.FromEngine(image, listing);
            return new ImageTag { Image = local.Image, Repository = local.Repository, Tag = tag, Digest = local.Digest, ImageId = local.ImageId, Size = local.Size, Created = local.Created };
        }

        return new ImageTag { Image = image.Location.ToString(), Repository = LocalImages.Familiar(image.Repository), Tag = tag, Digest = image.Manifest?.Digest, MediaType = image.Manifest?.MediaType };
    }
}
