using OciTools.Stores.Engine;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Operations.Copying;

/// <summary>Lets an engine pull an image from a registry itself: then it knows the registry's digest of the image, which a loaded one has not.</summary>
/// <param name="image">The image, by digest.</param>
/// <param name="platform">The image of an index; null for the engine's own.</param>
/// <param name="engine">The engine.</param>
/// <param name="destination">The name that it gets.</param>
/// <param name="credential">Finds the credential for the registry.</param>
internal sealed class EnginePull(ImageReference image, Platform? platform, EngineStore engine, ImageLocation destination, Func<CancellationToken, Task<RegistryCredential?>> credential)
    : CopyPlan(ImageLocation.FromReference(image).ToString(), destination)
{
    private protected override string Content => "the engine pulls it from the registry itself";

    internal override async Task<CopiedImage> RunAsync(ITransferProgress progress, CancellationToken cancellationToken)
    {
        CopyTally tally = new(progress);
        if (!IsThere) await engine.PullAsync(image, platform, Destination, await credential(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        ImageConfig config = (await engine.InspectAsync(Destination, cancellationToken).ConfigureAwait(false)).Config;
        bool isKept = HasDigest(config, image);
        string digest = image.Digest!.ToString();
        return new CopiedImage
        {
            Image = Image,
            Destination = Destination.ToString(),
            SourceDigest = digest,
            DestinationDigest = isKept ? digest : null,
            ChangedDigests = isKept ? [] : [new ChangedDigest("Manifest", digest, null, "The engine pulled the image and does not name this digest for it.")],
            Duration = tally.Duration,
        };
    }

    /// <summary>Whether an engine names a registry digest for an image.</summary>
    internal static bool HasDigest(ImageConfig config, ImageReference image) =>
        config.RegistryDigests.Any(name => ImageReference.TryParse(name, out ImageReference? reference) && reference.Name == image.Name && reference.Digest == image.Digest);
}
