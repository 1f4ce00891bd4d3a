using OciTools.Stores;

namespace OciTools.Operations.Copying;

/// <summary>Where a copy goes that keeps manifests: the place, the name, and what has that name now.</summary>
internal sealed class CopyDestination
{
    private readonly IImageTarget? _target;
    private readonly bool _replace;

    private CopyDestination(ImageLocation name, IImageTarget? target, Digest? current, bool replace, Func<ICopySink> open)
    {
        Name = name;
        _target = target;
        Current = current;
        _replace = replace;
        Open = open;
    }

    /// <summary>The name that the image gets.</summary>
    internal ImageLocation Name { get; }

    /// <summary>The digest of what has the name now; null for nothing.</summary>
    internal Digest? Current { get; }

    /// <summary>Opens it to write.</summary>
    internal Func<ICopySink> Open { get; }

    /// <summary>Looks at the destination. Nothing is written.</summary>
    /// <param name="places">Opens the place.</param>
    /// <param name="destination">The name.</param>
    /// <param name="replace">Whether the name may be taken from another image, and an archive be replaced.</param>
    /// <param name="queue">Writes the blobs.</param>
    /// <param name="cancellationToken">Stops the looking.</param>
    internal static async Task<CopyDestination> OpenAsync(ImagePlaces places, ImageLocation destination, bool replace, BlobQueue queue, CancellationToken cancellationToken)
    {
        if (destination.Transport == ImageTransport.OciArchive)
        {
            ArchiveName.RequireFree(destination, replace);
            return new CopyDestination(destination, null, null, replace, () => LayoutArchiveSink.Create(destination, replace));
        }

        (IImageTarget target, ImageLocation name) = await places.OpenTargetAsync(destination, cancellationToken).ConfigureAwait(false);
        Digest? current = await ImageTagging.DigestAtAsync(target, name, cancellationToken).ConfigureAwait(false);
        return new CopyDestination(name, target, current, replace, () => new TargetSink(target, name, queue));
    }

    /// <summary>The name, where another image would lose it and nobody has agreed to that yet.</summary>
    /// <param name="next">What gets the name, in words.</param>
    internal IReadOnlyList<NameConflict> ConflictsWith(string next) => _target is null ? [] : ImageTagging.Conflicts(_target, Name, Current, next, _replace);

    /// <summary>Checks that the name may be the name of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="digest">Its digest; null where it is not known yet.</param>
    /// <exception cref="IntegrityException">The name says another digest (<c>DigestMismatch</c>).</exception>
    internal void RequireDigest(ImageLocation image, Digest? digest)
    {
        if (Name.Reference?.Digest is { } wanted && wanted != digest)
            throw ErrorCatalogue.DigestMismatch.Mismatch(
                $"{DisplayText.Excerpt(image.ToString())} {(digest is null ? "has no manifest yet" : $"is {digest}")} and cannot be written under {wanted}.", wanted.ToString(), $"{digest}");
    }

    /// <summary>Whether the destination has a blob, by what it says. Nothing is written, and nothing is claimed as by who writes.</summary>
    internal async Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        _target is not null && await _target.FindBlobAsync(Name, blob, cancellationToken).ConfigureAwait(false) is { } size && (size < 0 || size == blob.Size);

    /// <summary>Whether what has the name now is an image with this config.</summary>
    internal async Task<bool> HasConfigAsync(string? imageId, CancellationToken cancellationToken) =>
        imageId is not null && _target is not null
        && await _target.ReadManifestAsync(Name, cancellationToken).ConfigureAwait(false) is ImageManifest manifest && manifest.Config.Digest == imageId;
}
