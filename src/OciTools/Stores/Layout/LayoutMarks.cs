using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using OciTools.Stores.Files;

namespace OciTools.Stores.Layout;

/// <summary>
/// The blobs of a layout that something refers to: the entries of the index, and what they name, down to the last layer. Where that cannot
/// be told, nothing is: a document that is damaged, or an entry that leads to nothing, is an error and no set that is too small.
/// </summary>
internal sealed partial class LayoutMarks(IContentFiles files)
{
    private readonly HashSet<string> _marked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Whether something refers to a blob.</summary>
    internal bool Has(Digest digest) => _marked.Contains(digest.ToString());

    /// <summary>Adds what an index refers to; what was read before is not read again.</summary>
    /// <exception cref="OciException">A document is missing, damaged or can be read in two ways.</exception>
    internal async Task AddAsync(ImageIndex index, CancellationToken cancellationToken)
    {
        try
        {
            foreach (Descriptor entry in index.Manifests)
            {
                _marked.Add(entry.Digest);
                if (!await ReadAsync(entry, 0, cancellationToken).ConfigureAwait(false))
                    throw ErrorCatalogue.BlobNotFound.Error($"The index names {entry.Digest}, which is not there, and nobody can tell what belongs to it.");
            }

            if (index.Subject is { } subject) await AddAsync(subject, 0, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e)
        {
            throw e.Definition.Error($"Nothing is cleared in '{DisplayText.Excerpt(files.Where)}'. {DisplayText.Excerpt(e.Message)}", e,
                "Test-Image says what is wrong. Copy the image there again, or take its name away with Remove-Image, and clear then.");
        }
    }

    private async Task AddAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        _marked.Add(descriptor.Digest);
        _ = await ReadAsync(descriptor, depth, cancellationToken).ConfigureAwait(false);
    }

    // False where there is nothing to read: an index need not have all its children with it.
    private async Task<bool> ReadAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        if (_read.Contains(descriptor.Digest)) return true;
        if (depth > Limits.IndexDepth) throw ErrorCatalogue.MalformedDocument.Error($"Documents are nested more than {Limits.IndexDepth} deep at {descriptor.Digest}.");
        if (await LayoutContent.FindSizeAsync(files, descriptor, cancellationToken).ConfigureAwait(false) is not { } size) return false;
        bool isManifest = MediaTypes.IsIndex(descriptor.MediaType) || MediaTypes.IsManifest(descriptor.MediaType);

        // whatever is larger and not known is content and no document
        if (!isManifest && size > Limits.Manifest) return true;
        byte[] bytes = await LayoutContent.ReadBlobAsync(files, descriptor, Limits.Manifest, cancellationToken).ConfigureAwait(false);
        _read.Add(descriptor.Digest);
        if (isManifest)
        {
            await AddNamedAsync(ManifestDocument.Parse(bytes, descriptor.Digest, descriptor.MediaType, descriptor.GetDigest()), depth + 1, cancellationToken).ConfigureAwait(false);
            return true;
        }

        foreach (Digest digest in DigestsIn(bytes)) await AddAsync(new Descriptor("application/octet-stream", digest, -1), depth + 1, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task AddNamedAsync(ManifestDocument document, int depth, CancellationToken cancellationToken)
    {
        if (document.Subject is { } subject) await AddAsync(subject, depth, cancellationToken).ConfigureAwait(false);
        if (document is ImageIndex index)
        {
            foreach (Descriptor child in index.Manifests) await AddAsync(child, depth, cancellationToken).ConfigureAwait(false);
            return;
        }

        ImageManifest manifest = (ImageManifest)document;
        foreach (Descriptor content in manifest.Layers.Prepend(manifest.Config))
        {
            // content is not looked into, unless it calls itself a manifest
            _marked.Add(content.Digest);
            if (MediaTypes.IsKnownManifest(content.MediaType)) await AddAsync(content, depth, cancellationToken).ConfigureAwait(false);
        }
    }

    // A document of a kind that is not known here may name blobs anywhere; so whatever looks like a digest keeps one.
    private static IEnumerable<Digest> DigestsIn(byte[] bytes)
    {
        foreach (string text in Texts(bytes))
            foreach (Match match in DigestText().Matches(text))
                if (Digest.TryParse(match.Value, out Digest? digest)) yield return digest;
    }

    private static List<string> Texts(byte[] bytes)
    {
        List<string> texts = [Encoding.Latin1.GetString(bytes)];
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = Limits.JsonDepth });
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) texts.Add(reader.GetString()!);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // no JSON: then it is only looked at as text
        }

        return texts;
    }

    [GeneratedRegex("sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})(?![0-9a-f])")]
    private static partial Regex DigestText();
}
