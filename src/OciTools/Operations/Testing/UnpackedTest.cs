using OciTools.Operations.Layers;

namespace OciTools.Operations.Testing;

/// <summary>
/// Tests an image that its place keeps without a manifest: no blob has a digest there, so what can be proved is that the layers have the
/// diff ids of the config.
/// </summary>
internal sealed class UnpackedTest(OpenedImage image, LayerProofs proofs, LayerReading reading, bool isFast)
{
    internal async Task<IReadOnlyList<ImageCheck>> RunAsync(CancellationToken cancellationToken)
    {
        ImageConfig config = await image.ConfigAsync(cancellationToken).ConfigureAwait(false);
        ImageChecks checks = new(image.Name, null);
        if (config.IsExact) checks.Pass(ImageCheckSubject.Config, config.ImageId, expected: config.ImageId, actual: config.ImageId);
        else checks.Pass(ImageCheckSubject.Config, config.ImageId, message: "The engine tells the config without its exact bytes, so that its digest cannot be proved.");

        // an archive refuses an image whose counts differ when it is opened; an engine has only one of them
        IReadOnlyList<Digest> diffIds = config.GetDiffIds();
        OciException?[] failures = new OciException?[diffIds.Count];
        if (!isFast) await ProveAsync(diffIds, failures, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < diffIds.Count; i++)
        {
            string? digest = diffIds[i].ToString();
            if (image.Unpacked!.Layers[i].StoredSize is null && config.IsExact)
                checks.Fail(ImageCheckSubject.Layer, null, failures[i] ?? ErrorCatalogue.BlobNotFound.Error($"{image.Describe(i)} is missing."), i);
            else if (!isFast)
                checks.Add(ImageCheckSubject.DiffId, digest, failures[i], i);
            else if (config.IsExact)
                checks.Pass(ImageCheckSubject.Layer, null, i);
        }

        return checks.List;
    }

    private async Task ProveAsync(IReadOnlyList<Digest> diffIds, OciException?[] failures, CancellationToken cancellationToken)
    {
        for (int i = 0; i < diffIds.Count; i++) reading.Progress.Expect(image.Unpacked!.Layers[i].StoredSize ?? 0);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.LayersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, diffIds.Count), options, async (i, token) =>
        {
            try
            {
                await proofs.ProveAsync(image, i, diffIds[i], reading, token).ConfigureAwait(false);
            }
            catch (OciException e) when (e.IsVerdict)
            {
                failures[i] = e;
            }
        }).ConfigureAwait(false);
    }
}
