using OciTools.Stores.Files;

namespace OciTools.Stores.DockerArchive;

/// <summary>
/// The manifests of an archive that also holds OCI files, as <c>docker save</c> has written it since version 25: by the digest of the
/// config that each names.
/// </summary>
internal sealed class ArchiveManifests
{
    // a save of many images for many platforms stays far below
    private const int MostDocuments = 10_000;

    private readonly Dictionary<Digest, Descriptor> _byConfig = [];
    private int _documents;

    private ArchiveManifests() { }

    /// <summary>Goes through the index and the indexes below. Documents that are not there, as of platforms that were not saved, are left out.</summary>
    internal static async Task<ArchiveManifests> ReadAsync(IContentFiles files, string image, CancellationToken cancellationToken)
    {
        ArchiveManifests manifests = new();
        byte[]? bytes = await files.ReadDocumentAsync(LayoutContent.IndexFile, Limits.StoreIndex, cancellationToken).ConfigureAwait(false);
        if (bytes is not null && ManifestDocument.Parse(bytes, image, null, null, Limits.StoreIndex) is ImageIndex index)
            await manifests.AddAsync(files, index, image, 0, cancellationToken).ConfigureAwait(false);
        return manifests;
    }

    /// <summary>The manifest of an image; null for none.</summary>
    internal Descriptor? Find(Digest config) => _byConfig.GetValueOrDefault(config);

    private async Task AddAsync(IContentFiles files, ImageIndex index, string image, int depth, CancellationToken cancellationToken)
    {
        foreach (Descriptor entry in index.Manifests)
        {
            if (!MediaTypes.IsIndex(entry.MediaType) && !MediaTypes.IsManifest(entry.MediaType)) continue;
            if (await LayoutContent.FindBlobAsync(files, entry.GetDigest(), cancellationToken).ConfigureAwait(false) is null) continue;
            if (++_documents > MostDocuments || depth >= Limits.IndexDepth)
                throw ErrorCatalogue.TooLarge.Error($"The index of '{DisplayText.Excerpt(files.Where)}' leads to too many documents, or too deep.");
            byte[] bytes = await LayoutContent.ReadBlobAsync(files, entry, Limits.Manifest, cancellationToken).ConfigureAwait(false);
            switch (ManifestDocument.Parse(bytes, image, entry.MediaType, entry.GetDigest()))
            {
                case ImageIndex nested:
                    await AddAsync(files, nested, image, depth + 1, cancellationToken).ConfigureAwait(false);
                    break;
                case ImageManifest manifest:
                    _byConfig.TryAdd(manifest.Config.GetDigest(), entry);
                    break;
            }
        }
    }
}
