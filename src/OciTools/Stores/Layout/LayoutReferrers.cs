using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// Which documents of a layout refer to which: every manifest and index that the layout's index names, and those below it, is read once. The
/// blobs that nothing names are not looked through.
/// </summary>
internal sealed class LayoutReferrers
{
    private static readonly List<Descriptor> s_none = [];

    private readonly Dictionary<Digest, List<Descriptor>> _bySubject = [];
    private readonly List<Descriptor> _unreadable = [];
    private readonly HashSet<Digest> _documents = [];
    private readonly HashSet<Digest> _referring = [];

    private LayoutReferrers()
    {
    }

    /// <summary>What refers to a document, in the order of the layout; then what cannot be read, so that nobody knows what it refers to.</summary>
    internal IEnumerable<Descriptor> Of(Digest subject) => _bySubject.GetValueOrDefault(subject, s_none).Concat(_unreadable.Where(entry => entry.GetDigest() != subject));

    /// <summary>Whether an entry refers to a document of the layout: by its subject, or by its name as cosign has it.</summary>
    internal bool IsReferrer(Descriptor entry) =>
        _referring.Contains(entry.GetDigest()) || (CosignTag.SubjectOf(entry.Annotations.GetValueOrDefault(LayoutNames.RefNameKey)) is { } subject && _documents.Contains(subject));

    /// <summary>Reads the documents.</summary>
    /// <param name="files">The files of the layout.</param>
    /// <param name="names">Its index.</param>
    /// <param name="where">The layout, for messages.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="RefusedException">There are too many (<c>TooLarge</c>).</exception>
    internal static async Task<LayoutReferrers> ReadAsync(IContentFiles files, LayoutNames names, string where, CancellationToken cancellationToken)
    {
        LayoutReferrers referrers = new();
        HashSet<Digest> seen = referrers._documents;
        Queue<Descriptor> open = new(Enumerable.Range(0, names.Count).Select(i => names[i]));
        while (open.TryDequeue(out Descriptor? entry))
        {
            if (!MediaTypes.IsKnownManifest(entry.MediaType) || !seen.Add(entry.GetDigest())) continue;
            if (seen.Count > Limits.LayoutDocuments)
                throw ErrorCatalogue.TooLarge.Error($"'{DisplayText.Excerpt(where)}' holds more than {Limits.LayoutDocuments} documents, too many to look for referrers among them.");
            if (await referrers.AddAsync(files, entry, where, cancellationToken).ConfigureAwait(false) is not ImageIndex index) continue;
            foreach (Descriptor child in index.Manifests) open.Enqueue(child);
        }

        foreach ((Digest subject, List<Descriptor> list) in referrers._bySubject)
            if (seen.Contains(subject)) referrers._referring.UnionWith(list.Select(entry => entry.GetDigest()));
        return referrers;
    }

    private async Task<ManifestDocument?> AddAsync(IContentFiles files, Descriptor entry, string where, CancellationToken cancellationToken)
    {
        try
        {
            byte[] bytes = await LayoutContent.ReadBlobAsync(files, entry, Limits.Manifest, cancellationToken).ConfigureAwait(false);
            ManifestDocument document = ManifestDocument.Parse(bytes, where, entry.MediaType, entry.GetDigest());
            if (document.Subject?.GetDigest() is { } subject)
            {
                if (!_bySubject.TryGetValue(subject, out List<Descriptor>? list)) _bySubject.Add(subject, list = []);
                list.Add(entry);
            }

            return document;
        }
        catch (NotFoundException)
        {
            // mirrors keep indexes of which they hold some platforms only
            return null;
        }
        catch (OciException e) when (e.IsVerdict || e.Kind == ErrorKind.Unsupported)
        {
            _unreadable.Add(entry);
            return null;
        }
    }
}
