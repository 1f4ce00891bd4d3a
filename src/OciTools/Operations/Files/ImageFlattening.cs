using OciTools.FileTrees;
using OciTools.Layers;
using OciTools.Operations.Layers;
using OciTools.Stores.Files;

namespace OciTools.Operations.Files;

/// <summary>
/// Writes the root file system of an image as one tar. Every layer is read once and proved; the contents wait in a temporary file beside
/// the destination until all of them are; those of an engine lie in its export already, which nobody else can change.
/// </summary>
/// <param name="reading">How layers are read.</param>
public sealed class ImageFlattening(LayerReading reading)
{
    /// <summary>Finds out what would be written.</summary>
    /// <param name="inspector">Opens images.</param>
    /// <param name="image">The image.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="destination">The absolute path of a file, or of a folder where the file is named after the image.</param>
    /// <param name="isFolder">Whether the destination is a folder even if it is not there yet.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="NotFoundException">There is no such image, or none for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is an artifact and no container image (<c>NotAnImage</c>).</exception>
    public static async Task<Plan> PlanAsync(ImageInspector inspector, ImageLocation image, Platform? platform, string destination, bool isFolder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageLayer> layers = await opened.LayersAsync(cancellationToken).ConfigureAwait(false);
        ImageConfig config = await opened.ConfigAsync(cancellationToken).ConfigureAwait(false);
        string id = opened.Manifest?.Digest ?? config.ImageId ?? (layers.Count > 0 ? layers[^1].ChainId : config.EngineId)!;
        string path = isFolder || Directory.Exists(destination) ? Path.Join(destination, $"{id.Replace(':', '-')}.rootfs.tar") : destination;
        return new Plan(opened, path, layers.Count);
    }

    /// <summary>Writes the tar. It appears under its name when it is whole and every layer was proved.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left then.</param>
    /// <exception cref="ConflictException">The file exists, or cannot be written (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    public async Task<ExportedLayer> WriteAsync(Plan plan, bool replace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string folder = Path.GetDirectoryName(plan.Path)!;
        AtomicFile.MakeFolder(folder);
        SpooledContents?[] spools = new SpooledContents?[plan.LayerCount];
        SliceStream?[] exports = new SliceStream?[plan.LayerCount];
        AtomicFile target = AtomicFile.Create(plan.Path, replace);
        try
        {
            for (int i = 0; i < exports.Length && plan.Opened.Unpacked is not null; i++) exports[i] = await OpenPrivateAsync(plan.Opened, i, cancellationToken).ConfigureAwait(false);
            FileTree tree = await TreeReading.ReadAsync(plan.Opened, reading,
                layer => exports[layer.Layer] is null ? spools[layer.Layer] = new SpooledContents(layer, folder) : null, cancellationToken).ConfigureAwait(false);
            using HashedOutput output = new(target.Output);
            TreeTarWriter.Write(tree, Read, output, cancellationToken);
            string digest = output.Finish();
            await target.CommitAsync(cancellationToken).ConfigureAwait(false);
            return new ExportedLayer { Image = plan.Image, Layer = null, Path = plan.Path, Size = output.Length, Digest = digest, DiffId = digest };
        }
        finally
        {
            foreach (SpooledContents? spool in spools)
                if (spool is not null) await spool.DisposeAsync().ConfigureAwait(false);
            foreach (SliceStream? export in exports)
                if (export is not null) await export.DisposeAsync().ConfigureAwait(false);
            await target.DisposeAsync().ConfigureAwait(false);
        }

        void Read(TreeNode file, long offset, Span<byte> bytes)
        {
            int layer = file.SourceLayer;
            if (exports[layer] is { } export) export.ReadAt(offset, bytes);
            else spools[layer]!.Read(offset, bytes);
        }
    }

    // A plain layer in a temporary file without a name can be read again in any order, so it needs no copy.
    private static async Task<SliceStream?> OpenPrivateAsync(OpenedImage image, int layer, CancellationToken cancellationToken)
    {
        Stream stored = await image.OpenStoredLayerAsync(layer, cancellationToken).ConfigureAwait(false);
        if (stored is SliceStream { IsPrivate: true, Length: >= LayerCompression.SniffLength } slice)
        {
            byte[] start = new byte[LayerCompression.SniffLength];
            slice.ReadAt(0, start);
            if (LayerCompression.Sniff(start) == LayerCompression.None) return slice;
        }

        await stored.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    /// <summary>The tar that would be written.</summary>
    public sealed class Plan
    {
        internal Plan(OpenedImage opened, string path, int layerCount)
        {
            Opened = opened;
            Path = path;
            LayerCount = layerCount;
        }

        /// <summary>The canonical name of the image.</summary>
        public string Image => Opened.Name;

        /// <summary>The path of the tar.</summary>
        public string Path { get; }

        internal OpenedImage Opened { get; }

        internal int LayerCount { get; }

        /// <summary>The file in words, for a question to the user.</summary>
        public string Describe() => $"{DisplayText.Excerpt(Path)}: the root file system of {DisplayText.Excerpt(Image)}, {DisplayText.Count(LayerCount, "layer")} merged";
    }
}
