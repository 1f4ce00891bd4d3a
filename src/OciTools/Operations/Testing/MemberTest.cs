using OciTools.Operations.Layers;
using OciTools.Stores;

namespace OciTools.Operations.Testing;

/// <summary>Tests the documents that a name stands for, and every blob that they name; what several of them share is looked at once.</summary>
internal sealed class MemberTest(IImageStore store, IReadOnlyList<ImageMember> members, Platform? wanted, LayerProofs proofs, LayerReading reading, bool isFast, IOperationLog log)
{
    private readonly Dictionary<string, ConfigFinding> _configs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BlobFinding> _blobs = new(StringComparer.Ordinal);

    internal async Task<IReadOnlyList<ImageCheck>> RunAsync(CancellationToken cancellationToken)
    {
        List<OpenedImage> images = [.. members.Where(m => m is { Document: ImageManifest, IsRepeated: false })
            .Select(m => new OpenedImage(store, m.Location, (ImageManifest)m.Document!, null, log))];

        // the platform of an image that no index names is in its config only
        if (!isFast || (wanted is not null && members.Count == 1)) await ReadConfigsAsync(images, cancellationToken).ConfigureAwait(false);
        foreach (OpenedImage image in images) Collect(image);
        await LookAsync(cancellationToken).ConfigureAwait(false);
        List<ImageCheck> checks = [];
        foreach (ImageMember member in members) checks.AddRange(ChecksOf(member));
        return checks;
    }

    private async Task ReadConfigsAsync(List<OpenedImage> images, CancellationToken cancellationToken)
    {
        List<ConfigFinding> wantedConfigs = [];
        foreach (OpenedImage image in images)
        {
            if (!image.IsContainerImage || _configs.ContainsKey(BlobFinding.KeyOf(image.Manifest!.Config, null))) continue;
            wantedConfigs.Add(_configs[BlobFinding.KeyOf(image.Manifest.Config, null)] = new ConfigFinding(image));
        }

        ParallelOptions options = new() { MaxDegreeOfParallelism = Limits.RequestsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(wantedConfigs, options, async (finding, token) => await finding.ReadAsync(token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private ConfigFinding? ConfigOf(ImageManifest manifest) => _configs.GetValueOrDefault(BlobFinding.KeyOf(manifest.Config, null));

    // A diff id goes with a layer only where config and manifest agree on their number.
    private Digest? DiffIdOf(ImageManifest manifest, ImageConfig? config, int layer) =>
        !isFast && config is not null && config.DiffIds.Count == manifest.Layers.Count ? Digest.Parse(config.DiffIds[layer]) : null;

    private void Collect(OpenedImage image)
    {
        ImageManifest manifest = image.Manifest!;
        if (isFast || !image.IsContainerImage) Collect(image, manifest.Config, null, null);
        ImageConfig? config = ConfigOf(manifest)?.Config;
        for (int i = 0; i < manifest.Layers.Count; i++) Collect(image, manifest.Layers[i], i, DiffIdOf(manifest, config, i));
    }

    private void Collect(OpenedImage image, Descriptor blob, int? layer, Digest? diffId) =>
        _blobs.TryAdd(BlobFinding.KeyOf(blob, diffId), new BlobFinding(image, blob, layer, diffId));

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        // the largest first: what is left at the end is small, and no single long one is waited for
        BlobFinding[] order = [.. _blobs.Values.OrderByDescending(blob => blob.Blob.Size)];
        if (!isFast)
            foreach (BlobFinding finding in order) reading.Progress.Expect(finding.Blob.Size);
        ParallelOptions options = new() { MaxDegreeOfParallelism = isFast ? Limits.RequestsAtOnce : Limits.LayersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(order, options, async (finding, token) =>
        {
            if (isFast) await finding.FindAsync(token).ConfigureAwait(false);
            else await finding.ReadAsync(proofs, reading, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private IReadOnlyList<ImageCheck> ChecksOf(ImageMember member)
    {
        ImageChecks checks = new(member.Location.ToString(), member.Entry?.Platform);
        string? digest = member.Entry?.Digest ?? member.Document?.Digest;
        if (member.Failure is not null) checks.Fail(ImageCheckSubject.Manifest, digest, member.Failure, expected: digest);
        else checks.Pass(ImageCheckSubject.Manifest, digest, expected: digest, actual: member.Document!.Digest);
        if (member.Document is not ImageManifest manifest) return checks.List;

        ConfigFinding? config = ConfigOf(manifest);
        if (!member.IsRepeated) AddContent(checks, manifest, config);
        if (config?.Config is { } read) AddPlatform(checks, member, read);
        return checks.List;
    }

    private void AddContent(ImageChecks checks, ImageManifest manifest, ConfigFinding? config)
    {
        BlobFinding? configBlob = _blobs.GetValueOrDefault(BlobFinding.KeyOf(manifest.Config, null));
        checks.Add(ImageCheckSubject.Config, manifest.Config.Digest, config is null ? configBlob?.Failure : config.Failure);
        if (config?.Config is { } read)
        {
            string named = $"{manifest.Layers.Count}", known = $"{read.DiffIds.Count}";
            if (named == known) checks.Pass(ImageCheckSubject.LayerCount, null, expected: named, actual: known);
            else checks.Fail(ImageCheckSubject.LayerCount, null, ErrorCatalogue.LayerCountMismatch.Mismatch($"The manifest names {DisplayText.Count(manifest.Layers.Count, "layer")} and the config {DisplayText.Count(read.DiffIds.Count, "diff id")}, so that no layer has a diff id.", named, known));
        }

        for (int i = 0; i < manifest.Layers.Count; i++) AddLayer(checks, manifest, config?.Config, i);
    }

    private void AddLayer(ImageChecks checks, ImageManifest manifest, ImageConfig? config, int layer)
    {
        Descriptor blob = manifest.Layers[layer];
        Digest? diffId = DiffIdOf(manifest, config, layer);
        BlobFinding finding = _blobs[BlobFinding.KeyOf(blob, diffId)];
        if (finding.IsAbsent && MediaTypes.IsNonDistributable(blob.MediaType))
        {
            checks.Pass(ImageCheckSubject.Layer, blob.Digest, layer, blob.Digest, message: "The layer is one that is not distributed with the image, and it is not there; nothing of it was tested.");
            return;
        }

        checks.Add(ImageCheckSubject.Layer, blob.Digest, finding.Failure, layer);
        if (diffId is not null && finding.Failure is null) checks.Add(ImageCheckSubject.DiffId, diffId.ToString(), finding.DiffIdFailure, layer);
    }

    private void AddPlatform(ImageChecks checks, ImageMember member, ImageConfig config)
    {
        Platform own = config.GetPlatform();
        if (member.Stated is { IsUnknown: false } stated)
        {
            if (!stated.Contradicts(own)) checks.Pass(ImageCheckSubject.Platform, null, expected: stated.ToString(), actual: own.ToString());
            else checks.Fail(ImageCheckSubject.Platform, null, ErrorCatalogue.PlatformMismatch.Mismatch($"The index calls the image one for {stated}; its config says {own}.", stated.ToString(), own.ToString()));
        }
        else if (member.Entry is null && wanted is not null)
        {
            if (wanted.Matches(own)) checks.Pass(ImageCheckSubject.Platform, null, expected: wanted.ToString(), actual: own.ToString());
            else checks.Fail(ImageCheckSubject.Platform, null, ErrorCatalogue.PlatformNotFound.Error($"The image is for {own}, not for {wanted}."), expected: wanted.ToString());
        }
    }
}
