using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OciTools.Stores.Registry;

/// <summary>
/// Lists what is said to refer to a document (distribution-spec, Listing Referrers): by the registry itself, page by page; where it offers no
/// such list, in whatever words it says so, by the tag that stands for the list.
/// </summary>
internal sealed class RegistryReferrers(RegistryClient client, IImageStore store)
{
    // repositories of which the registry said that there is no such list; it would say so again
    private readonly ConcurrentDictionary<string, bool> _without = new(StringComparer.Ordinal);

    internal async IAsyncEnumerable<StoredReferrer> ListAsync(ImageReference repository, Digest subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RegistryRequest list = new(HttpMethod.Get, repository.Repository, $"/v2/{repository.Repository}/referrers/{subject}", $"The list of referrers of {repository.WithDigest(subject)}") { Accept = MediaTypes.OciIndex, TakesSeeOther = true };
        ListProgress progress = new(list.What);
        bool isOffered = !_without.ContainsKey(repository.Repository);
        string? address = isOffered ? FirstAddress(list, artifactType) : null;
        int count = 0;
        for (bool isFirst = true; address is not null; isFirst = false)
        {
            progress.Ask(address);
            (ImageIndex? page, string? next) = isFirst
                ? await FirstPageAsync(list, address, cancellationToken).ConfigureAwait(false)
                : await PageAsync(list with { Path = address, TakesSeeOther = false }, cancellationToken).ConfigureAwait(false);
            isOffered = page is not null;
            progress.Take([.. page?.Manifests.Select(entry => entry.Digest) ?? []]);
            foreach (Descriptor entry in page?.Manifests ?? [])
            {
                if (++count > Limits.Referrers) throw ErrorCatalogue.EndlessList.Error($"{list.What} does not end: it has more than {Limits.Referrers} entries.");
                yield return new StoredReferrer(entry, ReferrerSource.Api);
            }

            address = next;
        }

        if (isOffered) yield break;
        foreach (Descriptor entry in await TaggedAsync(repository, subject, cancellationToken).ConfigureAwait(false)) yield return new StoredReferrer(entry, ReferrerSource.FallbackTag);
    }

    // Null where the registry offers no list. What may be otherwise in a minute is an error and no "none".
    private async Task<(ImageIndex? Page, string? Next)> FirstPageAsync(RegistryRequest list, string address, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = await client.SendAsync(list with { Path = address }, cancellationToken).ConfigureAwait(false);
            try
            {
                if (response.StatusCode == HttpStatusCode.BadRequest && address != list.Path)
                {
                    // a registry that does not filter may not take the question
                    response.Dispose();
                    response = await client.SendAsync(list, cancellationToken).ConfigureAwait(false);
                }

                int status = (int)response.StatusCode;
                if (status is 404 or 405 or 410 or 501) _without[list.Repository] = true;
                if (status is 400 or 303 or 403 or 404 or 405 or 406 or 410 or 501) return NotOffered(list, $"it answered {status}");
                byte[] body;
                try
                {
                    body = await BodyAsync(list, response, cancellationToken).ConfigureAwait(false);
                }
                catch (UnreachableException e) when (status == 200 && e.ErrorId == ErrorCatalogue.ProtocolViolation.Id)
                {
                    return NotOffered(list, "it answered with a page for people");
                }

                return HasNoList(body, list.What) ? NotOffered(list, "its list is null") : (Parse(body, response, list), PageLink.Next(response, client.Endpoint, list.What));
            }
            finally
            {
                response.Dispose();
            }
        }
        catch (OciException e) when (e is AccessException || e.ErrorId == ErrorCatalogue.RedirectRefused.Id)
        {
            // who may not see the images either is told so by the next request
            return NotOffered(list, e.Message);
        }
    }

    private async Task<(ImageIndex? Page, string? Next)> PageAsync(RegistryRequest list, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.SendAsync(list, cancellationToken).ConfigureAwait(false);
        byte[] body = await BodyAsync(list, response, cancellationToken).ConfigureAwait(false);
        return (Parse(body, response, list), PageLink.Next(response, client.Endpoint, list.What));
    }

    private async Task<byte[]> BodyAsync(RegistryRequest list, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.OK)
            throw await RegistryErrors.FromAsync(response, list, ErrorCatalogue.ImageNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
        return await ResponseDocument.ReadAsync(response, Limits.Manifest, list.What, client.Pace, cancellationToken).ConfigureAwait(false);
    }

    private (ImageIndex? Page, string? Next) NotOffered(RegistryRequest list, string why)
    {
        client.Log?.Request($"{list.What} is not offered by {client.Endpoint.Registry} ({why.TrimEnd('.')}); the tag that stands for it is looked for");
        return (null, null);
    }

    private static ImageIndex Parse(byte[] body, HttpResponseMessage response, RegistryRequest list)
    {
        try
        {
            string? mediaType = MediaTypes.FromHeader(response.Content.Headers.ContentType?.MediaType);
            if (ManifestDocument.Parse(body, list.What, mediaType) is ImageIndex index) return index;
        }
        catch (OciException e) when (e is MalformedException or UnsupportedException)
        {
            throw ErrorCatalogue.ProtocolViolation.Error($"{list.What} cannot be read: {e.Message}", e);
        }

        throw ErrorCatalogue.ProtocolViolation.Error($"{list.What} cannot be read: it is a manifest and no index.");
    }

    // an index that has null where its entries belong; what else is wrong with it is found when it is parsed
    private static bool HasNoList(byte[] body, string what)
    {
        try
        {
            using JsonDocument json = JsonFields.ParseJson(body, what);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("manifests", out JsonElement entries) && entries.ValueKind == JsonValueKind.Null;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<Descriptor>> TaggedAsync(ImageReference repository, Digest subject, CancellationToken cancellationToken)
    {
        ImageLocation tag = ImageLocation.FromReference(repository.WithTag(ReferrersTag.NameOf(subject)));
        ManifestDocument document;
        try
        {
            document = await store.ReadManifestAsync(tag, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return [];
        }
        catch (UnsupportedException e)
        {
            client.Log?.Request($"{tag} lists no referrers: {e.Message}");
            return [];
        }

        // some registries take the tag for the digest itself
        if (document is not ImageIndex index || document.GetDigest() == subject)
        {
            client.Log?.Request($"{tag} is {(document.GetDigest() == subject ? "the image itself" : "a manifest")} and lists no referrers");
            return [];
        }

        return index.Manifests.Count <= Limits.Referrers ? index.Manifests
            : throw ErrorCatalogue.EndlessList.Error($"The list of referrers {tag} has {index.Manifests.Count} entries, more than {Limits.Referrers}.");
    }

    private static string FirstAddress(RegistryRequest list, string? artifactType) => artifactType is null ? list.Path : $"{list.Path}?artifactType={Uri.EscapeDataString(artifactType)}";
}
