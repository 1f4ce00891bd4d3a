using OciTools.Operations.Layers;

namespace OciTools.Operations.Testing;

/// <summary>What a test finds out about one blob.</summary>
/// <param name="image">An image that names it.</param>
/// <param name="blob">Digest and size.</param>
/// <param name="layer">The index of the layer there; null for a config.</param>
/// <param name="diffId">The digest of the tar inside; null where none is known.</param>
internal sealed class BlobFinding(OpenedImage image, Descriptor blob, int? layer, Digest? diffId)
{
    internal Descriptor Blob => blob;

    /// <summary>Why the blob is not the one that is named; null where it is.</summary>
    internal OciException? Failure { get; private set; }

    /// <summary>Why the tar inside is not the one that the config names; null where it is, and where the blob itself is wrong.</summary>
    internal OciException? DiffIdFailure { get; private set; }

    /// <summary>Whether the blob is not there.</summary>
    internal bool IsAbsent => Failure?.Kind == ErrorKind.NotFound;

    /// <summary>Blobs with the same key are one.</summary>
    internal static string KeyOf(Descriptor blob, Digest? diffId) => $"{blob.Digest} {blob.Size} {diffId}";

    /// <summary>Asks for presence and size.</summary>
    internal async Task FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            string what = $"The blob {blob.Digest} of {DisplayText.Excerpt(image.Name)}";
            Failure = await image.Store.FindBlobAsync(image.Location, blob, cancellationToken).ConfigureAwait(false) switch
            {
                null => ErrorCatalogue.BlobNotFound.Error($"{what} is missing."),
                < 0 => throw ErrorCatalogue.ProtocolViolation.Error($"{what} is there, but its place does not tell its size.", recommendation: "Test without -Fast, which reads the blob."),
                { } size when size != blob.Size => ErrorCatalogue.SizeMismatch.Mismatch($"{what} has {DisplayText.Count(size, "byte")}; its descriptor states {blob.Size}.", $"{blob.Size}", $"{size}"),
                _ => null,
            };
        }
        catch (OciException e) when (e.IsVerdict)
        {
            Failure = e;
        }
    }

    /// <summary>Reads it to its end.</summary>
    internal async Task ReadAsync(LayerProofs proofs, LayerReading reading, CancellationToken cancellationToken)
    {
        try
        {
            if (diffId is null) await proofs.ProveBlobAsync(image, blob, reading, cancellationToken).ConfigureAwait(false);
            else await ReadLayerAsync(proofs, reading, diffId, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e) when (e.IsVerdict)
        {
            Failure = e;
        }
    }

    private async Task ReadLayerAsync(LayerProofs proofs, LayerReading reading, Digest expected, CancellationToken cancellationToken)
    {
        try
        {
            await proofs.ProveAsync(image, layer!.Value, expected, reading, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e) when (e.IsVerdict)
        {
            // the tar of a layer that is not compressed is the blob, whose proof comes first
            bool isOfTar = e is IntegrityException { Expected: { } named } && named == expected.ToString() && named != blob.Digest;
            if (e.Kind is ErrorKind.NotFound or ErrorKind.Integrity && !isOfTar) throw;

            // what cannot be inflated was not read to its end: whether it is what the image names must be seen by itself
            if (!isOfTar) await proofs.ProveBlobAsync(image, blob, reading, cancellationToken).ConfigureAwait(false);
            DiffIdFailure = e;
        }
    }
}
