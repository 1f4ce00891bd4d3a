using OciTools.Layers;

namespace OciTools.Operations.Layers;

/// <summary>
/// Writes layers to files that are named by their digest, each under its name only when it was proved. A layer that several images of
/// one run share is written once.
/// </summary>
public sealed class LayerExport : IDisposable
{
    private readonly string _folder;
    private readonly bool _uncompressed;
    private readonly bool _replace;
    private readonly Func<Stream, Stream> _inflateZstd;
    private readonly long? _maximumSize;
    private readonly SemaphoreSlim _slots = new(Limits.LayersAtOnce);
    // one that another image could not give may be whole in this one
    private readonly SharedWork<Written> _written = new(_ => false);

    /// <param name="folder">The absolute path of the folder; made where it is missing.</param>
    /// <param name="uncompressed">Whether plain tars are written, not blobs as they are stored.</param>
    /// <param name="replace">Whether existing files are replaced.</param>
    /// <param name="inflateZstd">Inflates zstd.</param>
    /// <param name="maximumSize">The most bytes of tar that a layer may have; null for the rule of <see cref="LayerReader.MaximumSize"/>.</param>
    public LayerExport(string folder, bool uncompressed, bool replace, Func<Stream, Stream> inflateZstd, long? maximumSize = null)
    {
        _maximumSize = maximumSize;
        _folder = folder;
        _uncompressed = uncompressed;
        _replace = replace;
        _inflateZstd = inflateZstd;
    }

    /// <summary>What would be written.</summary>
    /// <param name="inspector">Opens the image.</param>
    /// <param name="image">The image.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="selection">The layers that are meant.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="NotFoundException">There is no such image, none for the platform, or it has no such layer (<c>ImageNotFound</c>, <c>PlatformNotFound</c>, <c>LayerNotFound</c>).</exception>
    public async Task<Plan> PlanAsync(ImageInspector inspector, ImageLocation image, Platform? platform, LayerSelection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(selection);
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageLayer> layers = selection.Of(await opened.LayersAsync(cancellationToken).ConfigureAwait(false), opened.Name);
        return new Plan(opened, [.. layers.Select(layer => new PlannedFile(layer, NameOf(layer, opened.IsContainerImage)))]);
    }

    /// <summary>
    /// Starts to write the approved files of a plan, several at once: a task for each, in the order of the plan. One that fails does not
    /// stop the others. Whoever calls this awaits all of them.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="approved">Which of its files are written.</param>
    /// <param name="progress">Takes the progress in bytes.</param>
    /// <param name="cancellationToken">Stops the writing; what is not whole by then goes away.</param>
    /// <exception cref="ConflictException">The folder cannot be made (<c>WriteFailed</c>).</exception>
    public IReadOnlyList<Task<ExportedLayer>> StartWriting(Plan plan, IReadOnlyList<bool> approved, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(approved);
        ArgumentNullException.ThrowIfNull(progress);
        List<Task<ExportedLayer>> writing = [];
        for (int i = 0; i < plan.Files.Count; i++)
        {
            if (!approved[i]) continue;
            if (writing.Count == 0) AtomicFile.MakeFolder(_folder);
            writing.Add(WriteSharedAsync(plan.Opened, plan.Files[i], progress, cancellationToken));
        }

        return writing;
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private string NameOf(ImageLayer layer, bool isContainerImage)
    {
        if (_uncompressed)
        {
            return layer.DiffId is null
                ? throw (isContainerImage ? ErrorCatalogue.MalformedDocument : ErrorCatalogue.NotAnImage).Error($"Layer {layer.Layer} of {DisplayText.Excerpt(layer.Image)} has no diff id, so an uncompressed copy could not be proved.")
                : FileName(layer.DiffId, "none");
        }

        return FileName(layer.Digest ?? layer.DiffId!, layer.Digest is null ? "none" : layer.Compression);
    }

    private static string FileName(string digest, string? compression) => digest.Replace(':', '-') + compression switch
    {
        "gzip" => ".tar.gz",
        "zstd" => ".tar.zst",
        "none" => ".tar",
        _ => ".blob",
    };

    private async Task<ExportedLayer> WriteSharedAsync(OpenedImage image, PlannedFile file, ITransferProgress progress, CancellationToken cancellationToken)
    {
        Written written = await _written.GetAsync(file.Name, () => WriteOneAsync(image, file, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new ExportedLayer
        {
            Image = file.Layer.Image,
            Layer = file.Layer.Layer,
            Path = written.Path,
            Size = written.Size,
            Digest = written.Digest,
            DiffId = file.Layer.DiffId,
        };
    }

    private async Task<Written> WriteOneAsync(OpenedImage image, PlannedFile file, ITransferProgress progress, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            string path = Path.Combine(_folder, file.Name);
            AtomicFile target = AtomicFile.Create(path, _replace);
            await using (target.ConfigureAwait(false))
            {
                return image.Manifest is null || _uncompressed
                    ? await WriteInflatedAsync(image, file, target, path, progress, cancellationToken).ConfigureAwait(false)
                    : await WriteStoredAsync(image, file, target, path, progress, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    // The blob as it lies there; its stream proves size and digest.
    private static async Task<Written> WriteStoredAsync(OpenedImage image, PlannedFile file, AtomicFile target, string path, ITransferProgress progress, CancellationToken cancellationToken)
    {
        Descriptor blob = image.Manifest!.Layers[file.Layer.Layer];
        progress.Expect(blob.Size);
        Stream stream = await image.Store.OpenBlobAsync(image.Location, blob, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            long size = await StreamCopy.CopyAsync(stream, target.Output, progress, cancellationToken).ConfigureAwait(false);
            await target.CommitAsync(cancellationToken).ConfigureAwait(false);
            return new Written(path, size, blob.Digest);
        }
    }

    // The tar inside, proved by its diff id; a layer that has no digest of its own is written as it is stored on the way.
    private async Task<Written> WriteInflatedAsync(OpenedImage image, PlannedFile file, AtomicFile target, string path, ITransferProgress progress, CancellationToken cancellationToken)
    {
        Digest diffId = Digest.Parse(file.Layer.DiffId!);
        Stream stored = await image.OpenStoredLayerAsync(file.Layer.Layer, cancellationToken).ConfigureAwait(false);
        CopyingStream? copy = _uncompressed ? null : new CopyingStream(stored, target.Output);
        LayerReader layer = await image.ReadLayerAsync(copy ?? stored, file.Layer.Layer, diffId, new LayerReading(_inflateZstd, _maximumSize, progress), cancellationToken).ConfigureAwait(false);
        await using (layer.ConfigureAwait(false))
        {
            long size = await StreamCopy.CopyAsync(layer.Content, copy is null ? target.Output : null, progress, cancellationToken).ConfigureAwait(false);
            string digest = diffId.ToString();
            if (copy is not null)
            {
                size = copy.Position;
                digest = copy.GetDigest();
                path = Path.Combine(_folder, FileName(digest, layer.Compression));
            }

            await target.CommitAsync(path, cancellationToken).ConfigureAwait(false);
            return new Written(path, size, digest);
        }
    }

    /// <summary>The files that an export would write.</summary>
    public sealed class Plan
    {
        internal Plan(OpenedImage opened, IReadOnlyList<PlannedFile> files)
        {
            Opened = opened;
            Files = files;
        }

        /// <summary>The canonical name of the image.</summary>
        public string Image => Opened.Name;

        /// <summary>The files.</summary>
        public IReadOnlyList<PlannedFile> Files { get; }

        internal OpenedImage Opened { get; }
    }

    /// <summary>One file that an export would write.</summary>
    /// <param name="Layer">The layer.</param>
    /// <param name="Name">The name of the file.</param>
    public sealed record PlannedFile(ImageLayer Layer, string Name)
    {
        /// <summary>The file in words, for a question to the user.</summary>
        public string Describe() => $"{Name}: layer {Layer.Layer} of {DisplayText.Excerpt(Layer.Image)}{(Layer.Size is { } size ? ", " + DisplayText.Size(size) : "")}";
    }

    private sealed record Written(string Path, long Size, string Digest);
}
