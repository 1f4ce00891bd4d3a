using System.Collections.Frozen;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OciTools.Stores.Registry;

/// <summary>Lists names of a registry, page by page (distribution-spec, section Listing Tags).</summary>
internal sealed class RegistryLists(RegistryClient client)
{
    // registries that keep to a limit take no more than this
    private const int PageSize = 1000;

    private static readonly FrozenSet<string> s_known = FrozenSet.Create(StringComparer.Ordinal, "name", "tags", "repositories");

    /// <summary>The tags of a repository, as the registry wrote them.</summary>
    internal IAsyncEnumerable<string> TagsAsync(ImageReference repository, CancellationToken cancellationToken) =>
        NamesAsync(new RegistryRequest(HttpMethod.Get, repository.Repository, $"/v2/{repository.Repository}/tags/list", $"The list of tags of {repository.Name}"), "tags", cancellationToken);

    /// <summary>The repositories of the registry, as it wrote them (Docker's catalogue; the specification has none).</summary>
    internal IAsyncEnumerable<string> RepositoriesAsync(CancellationToken cancellationToken) =>
        NamesAsync(new RegistryRequest(HttpMethod.Get, "", "/v2/_catalog", $"The list of repositories of {client.Endpoint.Registry}") { Action = RegistryAction.Catalog }, "repositories", cancellationToken);

    private async IAsyncEnumerable<string> NamesAsync(RegistryRequest list, string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListProgress progress = new(list.What);
        string? address = FirstAddress(list);
        while (address is not null)
        {
            progress.Ask(address);
            (List<string> names, address) = await PageAsync(list, address, key, cancellationToken).ConfigureAwait(false);
            progress.Take(names);
            foreach (string name in names) yield return name;
        }
    }

    private async Task<(List<string> Names, string? Next)> PageAsync(RegistryRequest list, string address, string key, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendAsync(list with { Path = address }, cancellationToken).ConfigureAwait(false);
        try
        {
            if (response.StatusCode == HttpStatusCode.BadRequest && address == FirstAddress(list))
            {
                // a registry that does not take the number may take none
                response.Dispose();
                response = await SendAsync(list, cancellationToken).ConfigureAwait(false);
            }

            if (response.StatusCode != HttpStatusCode.OK) throw await ErrorAsync(list, response, cancellationToken).ConfigureAwait(false);
            byte[] body = await ResponseDocument.ReadAsync(response, Limits.ListPage, list.What, client.Pace, cancellationToken).ConfigureAwait(false);
            return (Read(body, key, list.What), PageLink.Next(response, client.Endpoint, list.What));
        }
        finally
        {
            response.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(RegistryRequest list, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(list, cancellationToken).ConfigureAwait(false);
        }
        catch (AccessException e) when (list.Action == RegistryAction.Catalog && e.ErrorId == ErrorCatalogue.Unauthorized.Id)
        {
            throw NotOffered(e);
        }
    }

    private async Task<OciException> ErrorAsync(RegistryRequest list, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        OciException error = await RegistryErrors.FromAsync(response, list.What, ErrorCatalogue.ImageNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
        bool isRefusal = (int)response.StatusCode is 401 or 402 or 403 or 404 or 405 or 410 or 501;
        return isRefusal && list.Action == RegistryAction.Catalog ? NotOffered(error) : error;
    }

    private OciException NotOffered(OciException why) =>
        ErrorCatalogue.CatalogNotOffered.Error($"{client.Endpoint.Registry} does not list its repositories, or not for this account. {why.Message}", why);

    private static string FirstAddress(RegistryRequest list) => $"{list.Path}?n={PageSize}";

    // an empty list may be null or not be there at all
    private static List<string> Read(byte[] body, string key, string what)
    {
        try
        {
            JsonFields fields = JsonFields.Parse(body, what, s_known, out JsonDocument document);
            using (document)
            {
                if (fields.Value(key) is { ValueKind: JsonValueKind.Array } all && all.GetArrayLength() > Limits.ListPageNames)
                    throw ErrorCatalogue.TooLarge.Error($"{what} has more than {Limits.ListPageNames} names on one page.");
                return fields.Strings(key) ?? [];
            }
        }
        catch (MalformedException e)
        {
            throw ErrorCatalogue.ProtocolViolation.Error($"{what} cannot be read: {e.Message}", e);
        }
    }
}
