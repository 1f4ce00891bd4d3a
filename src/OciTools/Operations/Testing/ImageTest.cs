using OciTools.Operations.Layers;
using OciTools.Stores;

namespace OciTools.Operations.Testing;

/// <summary>
/// Tests images: every document and blob that a name stands for is there and has its size and digest, every tar has its diff id, config
/// and layers agree, and each image of an index is for the platform that the index states. One test serves one run: what images share is
/// read once.
/// </summary>
/// <param name="inflateZstd">Inflates zstd.</param>
/// <param name="maximumSize">The most bytes of tar that a layer may have; null for the rule of <see cref="LayerReading.MaximumSize"/>.</param>
/// <param name="isFast">Whether blobs are only asked for, and not read.</param>
public sealed class ImageTest(Func<Stream, Stream> inflateZstd, long? maximumSize, bool isFast) : IDisposable
{
    private readonly LayerProofs _proofs = new();

    /// <summary>Tests one image, or every image of an index. What is wrong, and that it is not there, is in the result.</summary>
    /// <param name="inspector">Opens places.</param>
    /// <param name="image">The name.</param>
    /// <param name="platform">Tests the image for one platform only; null tests all.</param>
    /// <param name="progress">Takes the bytes that were read.</param>
    /// <param name="cancellationToken">Stops the test.</param>
    /// <exception cref="OciException">The image could not be tested: its place does not answer, gives no access, or cannot be read.</exception>
    public async Task<ImageTestResult> RunAsync(ImageInspector inspector, ImageLocation image, Platform? platform, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(image);
        LayerReading reading = new(inflateZstd, maximumSize, progress);
        try
        {
            (IImageStore store, ImageLocation location, OpenedImage? unpacked) = await inspector.FindAsync(image, platform, cancellationToken).ConfigureAwait(false);
            if (unpacked is not null) return Result(unpacked.Name, null, await new UnpackedTest(unpacked, _proofs, reading, isFast).RunAsync(cancellationToken).ConfigureAwait(false));

            ManifestDocument top = await store.ReadManifestAsync(location, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<ImageMember> members = await MembersAsync(store, location, top, platform, inspector.Log, cancellationToken).ConfigureAwait(false);
            MemberTest test = new(store, members, platform, _proofs, reading, isFast, inspector.Log);
            return Result(location.ToString(), top.Digest, await test.RunAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OciException e) when (e.IsVerdict)
        {
            ImageCheckSubject subject = e.ErrorId == ErrorCatalogue.PlatformNotFound.Id ? ImageCheckSubject.Platform : ImageCheckSubject.Manifest;
            ImageChecks checks = new(image.ToString(), platform?.ToString());
            checks.Fail(subject, image.Reference?.Digest?.ToString() ?? image.Digest?.ToString(), e, expected: subject == ImageCheckSubject.Platform ? platform?.ToString() : null);
            return Result(image.ToString(), null, checks.List);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _proofs.Dispose();

    private static async Task<IReadOnlyList<ImageMember>> MembersAsync(IImageStore store, ImageLocation location, ManifestDocument top, Platform? platform, IOperationLog log, CancellationToken cancellationToken)
    {
        if (platform is null || top is not ImageIndex index) return await ImageMember.ReadAllAsync(store, location, top, log, cancellationToken).ConfigureAwait(false);
        Descriptor entry = await new PlatformChoice(store, location, log).ChooseAsync(index, platform, cancellationToken).ConfigureAwait(false);
        return [new ImageMember(location, null, top, null), await ImageMember.ReadAsync(store, location, entry, cancellationToken).ConfigureAwait(false)];
    }

    private ImageTestResult Result(string image, string? digest, IReadOnlyList<ImageCheck> checks) =>
        new() { Image = image, Digest = digest, IsFast = isFast, Passed = checks.All(check => check.Passed), Checks = checks };
}
