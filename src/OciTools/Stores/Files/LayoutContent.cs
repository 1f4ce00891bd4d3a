using System.Collections.Frozen;
using System.Text.Json;

namespace OciTools.Stores.Files;

/// <summary>What makes files an OCI layout: the version file, the index and the blobs (OCI image-spec, image-layout.md).</summary>
internal static class LayoutContent
{
    internal const string VersionFile = "oci-layout";

    internal const string IndexFile = "index.json";

    private static readonly FrozenSet<string> s_versionKeys = FrozenSet.Create(StringComparer.Ordinal, "imageLayoutVersion");

    /// <summary>Where a blob lies.</summary>
    internal static string PathOf(Digest digest) => $"blobs/{digest.Algorithm}/{digest.Hex}";

    /// <summary>Reads the index after the version.</summary>
    internal static async Task<ImageIndex> ReadIndexAsync(IContentFiles files, string image, CancellationToken cancellationToken) =>
        ParseIndex(files, image, await ReadIndexBytesAsync(files, cancellationToken).ConfigureAwait(false));

    /// <summary>Reads the bytes of the index after the version.</summary>
    internal static async Task<byte[]> ReadIndexBytesAsync(IContentFiles files, CancellationToken cancellationToken)
    {
        string where = DisplayText.Excerpt(files.Where);
        byte[] version = await files.ReadDocumentAsync(VersionFile, Limits.Manifest, cancellationToken).ConfigureAwait(false)
            ?? throw ErrorCatalogue.UnsupportedPlace.Error($"'{where}' is no OCI layout: it has no file '{VersionFile}'.");
        CheckVersion(version, where);

        return await files.ReadDocumentAsync(IndexFile, Limits.StoreIndex, cancellationToken).ConfigureAwait(false)
            ?? throw ErrorCatalogue.MalformedContent.Error($"The OCI layout '{where}' has no '{IndexFile}'.");
    }

    /// <summary>The index that bytes are; refused where they can be read in two ways.</summary>
    internal static ImageIndex ParseIndex(IContentFiles files, string image, byte[] bytes) => ManifestDocument.Parse(bytes, image, null, null, Limits.StoreIndex) as ImageIndex
        ?? throw ErrorCatalogue.MalformedDocument.Error($"The '{IndexFile}' of '{DisplayText.Excerpt(files.Where)}' is a manifest where the index of the layout must be.");

    /// <summary>Finds a blob; null if it is not there.</summary>
    internal static Task<ContentFile?> FindBlobAsync(IContentFiles files, Digest digest, CancellationToken cancellationToken) =>
        files.FindAsync(PathOf(digest), cancellationToken);

    /// <summary>Opens a blob; the stream proves size and digest.</summary>
    internal static Task<Stream> OpenBlobAsync(IContentFiles files, Descriptor descriptor, CancellationToken cancellationToken) =>
        OpenBlobAsync(files, descriptor, null, cancellationToken);

    /// <summary>Opens a blob behind its first bytes; the stream proves size and digest of the whole.</summary>
    internal static async Task<Stream> OpenBlobAsync(IContentFiles files, Descriptor descriptor, ContentPrefix? prefix, CancellationToken cancellationToken)
    {
        long start = prefix?.Length ?? 0;
        Digest digest = descriptor.GetDigest();
        string what = $"The blob {digest} in '{DisplayText.Excerpt(files.Where)}'";
        if (await FindBlobAsync(files, digest, cancellationToken).ConfigureAwait(false) is not { } file)
        {
            // a descriptor may carry its content, which was checked when the descriptor was read
            return descriptor.GetData() is { } data
                ? VerifiedStream.Of(data, descriptor, prefix)
                : throw ErrorCatalogue.BlobNotFound.Error($"{what} is missing.");
        }

        if (descriptor.Size >= 0 && file.Size != descriptor.Size)
            throw ErrorCatalogue.SizeMismatch.Mismatch($"{what} has {file.Size} bytes; its descriptor states {descriptor.Size}.", $"{descriptor.Size}", $"{file.Size}");
        Stream stream = await files.OpenAsync(file with { Offset = file.Offset + start, Size = file.Size - start }, cancellationToken).ConfigureAwait(false);
        return new VerifiedStream(stream, descriptor, what, prefix);
    }

    /// <summary>The size of a blob; null if it is not there.</summary>
    internal static async Task<long?> FindSizeAsync(IContentFiles files, Descriptor descriptor, CancellationToken cancellationToken) =>
        (await FindBlobAsync(files, descriptor.GetDigest(), cancellationToken).ConfigureAwait(false))?.Size ?? descriptor.GetData()?.Length;

    /// <summary>Reads a few bytes of a blob, unverified.</summary>
    internal static async Task<byte[]?> ReadPartAsync(IContentFiles files, Descriptor descriptor, long offset, int count, CancellationToken cancellationToken)
    {
        ContentFile file = await FindBlobAsync(files, descriptor.GetDigest(), cancellationToken).ConfigureAwait(false)
            ?? throw ErrorCatalogue.BlobNotFound.Error($"The blob {descriptor.Digest} in '{DisplayText.Excerpt(files.Where)}' is missing.");
        return await ReadPartAsync(files, file, offset, count, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a few bytes of a file.</summary>
    internal static async Task<byte[]> ReadPartAsync(IContentFiles files, ContentFile file, long offset, int count, CancellationToken cancellationToken)
    {
        long size = Math.Min(count, file.Size - offset);
        if (size <= 0) return [];
        Stream stream = await files.OpenAsync(file with { Offset = file.Offset + offset, Size = size }, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = new byte[size];
            await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }

    /// <summary>Reads a small document among the blobs, proved by size and digest.</summary>
    internal static async Task<byte[]> ReadBlobAsync(IContentFiles files, Descriptor descriptor, int limit, CancellationToken cancellationToken)
    {
        string what = $"The document {descriptor.Digest} in '{DisplayText.Excerpt(files.Where)}'";
        if (descriptor.Size > limit) throw BoundedReading.TooLarge(what, limit);
        Stream stream = await OpenBlobAsync(files, descriptor, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await BoundedReading.ReadAllAsync(stream, limit, what, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a manifest or index among the blobs of which only the digest is known.</summary>
    /// <param name="files">The files.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="image">Its name.</param>
    /// <param name="notFound">The error where there is none.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal static async Task<ManifestDocument> ReadManifestAsync(IContentFiles files, Digest digest, string image, Func<string, OciException> notFound, CancellationToken cancellationToken)
    {
        ContentFile file = await FindBlobAsync(files, digest, cancellationToken).ConfigureAwait(false) ?? throw notFound($"holds no image {digest}");
        if (file.Size > Limits.Manifest) throw notFound($"holds {digest}, but it is too large for a manifest");
        Descriptor unknown = new("application/octet-stream", digest, file.Size);
        byte[] bytes = await ReadBlobAsync(files, unknown, Limits.Manifest, cancellationToken).ConfigureAwait(false);
        return ManifestDocument.Parse(bytes, image, null, digest);
    }

    private static void CheckVersion(byte[] bytes, string where)
    {
        JsonFields fields = JsonFields.Parse(bytes, $"file '{VersionFile}' of '{where}'", s_versionKeys, out JsonDocument document);
        using (document)
        {
            string version = fields.RequiredString("imageLayoutVersion");
            if (!version.StartsWith("1.", StringComparison.Ordinal))
                throw ErrorCatalogue.UnsupportedContent.Error($"'{where}' is an OCI layout of version '{DisplayText.Excerpt(version, 40)}'; only version 1 is known.");
        }
    }
}
