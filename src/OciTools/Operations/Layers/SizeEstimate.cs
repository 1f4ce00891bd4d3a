using System.Globalization;
using OciTools.Layers;
using OciTools.Stores;

namespace OciTools.Operations.Layers;

/// <summary>The size of the tar in a layer, guessed from an annotation or from a few of its bytes.</summary>
/// <param name="Size">The bytes; null where nothing plausible tells them.</param>
/// <param name="Reason">Why nothing does; null where something does.</param>
internal sealed record SizeEstimate(long? Size, string? Reason)
{
    // what deflate can make of one byte, and what no layer comes near
    private const int MostRatio = 1032;

    private const long MostGzip = 1L << 32;

    // stargz-snapshotter, estargz/types.go; its converters write it for zstd:chunked too
    private const string UncompressedSizeKey = "io.containers.estargz.uncompressed-size";

    private const string StargzKey = "containerd.io/snapshot/stargz/toc.digest";

    // containers/storage, pkg/chunked; the second by stargz-snapshotter. They tell the place of the table of contents, no size of the tar.
    private static readonly string[] s_chunkedKeys = ["io.github.containers.zstd-chunked.manifest-position", "io.containers.zstd-chunked.manifest-position"];

    /// <summary>Estimates the size of a layer, with two requests for a few bytes at most.</summary>
    /// <param name="image">The image.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    internal static async Task<SizeEstimate> OfAsync(OpenedImage image, ImageLayer layer, CancellationToken cancellationToken)
    {
        Descriptor? blob = image.Manifest?.Layers[layer.Layer];
        if (layer.Size is not { } stored) return None("The place does not tell how large the layer is stored, and hands it out with the whole image only.");
        if (blob is not null && FromAnnotations(blob) is { } annotated) return annotated;

        byte[]? head = await PartAsync(image, layer.Layer, blob, 0, SizeHints.HeadLength, cancellationToken).ConfigureAwait(false);
        if (head is null) return None("The place does not give parts of a layer.");
        switch (LayerCompression.Sniff(head))
        {
            case LayerCompression.None:
                return new SizeEstimate(stored, null);
            case LayerCompression.Zstd:
                return SizeHints.OfZstd(head) is { } content ? Plausible(content, stored) : None("The first zstd frame of the layer does not state the size of its content.");
            default:
                if (stored > MostGzip) return None("The layer is stored in more than 4 GiB, and a gzip tells its size modulo 4 GiB only.");
                byte[]? tail = await PartAsync(image, layer.Layer, blob, stored - SizeHints.TailLength, SizeHints.TailLength, cancellationToken).ConfigureAwait(false);
                return SizeHints.OfGzip(tail) is { } size ? Plausible(size, stored) : None("The last bytes of the layer could not be had.");
        }
    }

    private static SizeEstimate? FromAnnotations(Descriptor blob)
    {
        if (blob.Annotations.TryGetValue(UncompressedSizeKey, out string? text))
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size <= Limits.Blob
                ? Plausible(size, blob.Size)
                : None($"The annotation {UncompressedSizeKey} is no size: '{DisplayText.Excerpt(text, 40)}'.");
        }

        if (blob.Annotations.ContainsKey(StargzKey)) return None("The layer is eStargz: many gzip members, of which the last one tells nothing of the others, and no annotation tells the whole.");
        foreach (string key in s_chunkedKeys)
            if (blob.Annotations.ContainsKey(key)) return None("The layer is zstd:chunked: many frames, of which the first one tells nothing of the others, and no annotation tells the whole.");
        return null;
    }

    private static Task<byte[]?> PartAsync(OpenedImage image, int layer, Descriptor? blob, long offset, int count, CancellationToken cancellationToken) => offset < 0
        ? Task.FromResult<byte[]?>([])
        : blob is not null
            ? image.Store.ReadUnverifiedPartAsync(image.Location, blob, offset, count, cancellationToken)
            : ((IUnpackedImageStore)image.Store).ReadUnverifiedLayerPartAsync(image.Location, layer, offset, count, cancellationToken);

    private static SizeEstimate Plausible(long size, long stored)
    {
        if (size < stored) return None($"What the layer tells of its size, {DisplayText.Count(size, "byte")}, is less than the {stored} that it is stored in: it has several parts, or more than 4 GiB.");
        return size > stored * MostRatio
            ? None($"What the layer tells of its size, {DisplayText.Count(size, "byte")}, is more than {MostRatio} times the {stored} that it is stored in.")
            : new SizeEstimate(size, null);
    }

    private static SizeEstimate None(string reason) => new(null, reason);
}
