namespace OciTools.Stores.Registry;

/// <summary>Deletes tags and manifests (distribution-spec, section Content Management).</summary>
internal sealed class RegistryDeletion(RegistryClient client)
{
    /// <summary>Deletes a tag, or a manifest by its digest.</summary>
    /// <param name="reference">The repository, with the tag or the digest.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    internal async Task<RemovalAnswer> DeleteAsync(ImageReference reference, CancellationToken cancellationToken)
    {
        RegistryRequest request = new(HttpMethod.Delete, reference.Repository, $"/v2/{reference.Repository}/manifests/{reference.Target}", reference.ToString()) { Action = RegistryAction.Delete };
        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        RemovalState? state = (int)response.StatusCode switch
        {
            200 or 202 or 204 => RemovalState.Done,
            404 or 410 => RemovalState.NotThere,
            400 or 405 or 501 => RemovalState.NotOffered,
            _ => null,
        };
        if (state == RemovalState.Done) return new RemovalAnswer(RemovalState.Done, null);
        OciException refusal = await RegistryErrors.FromAsync(response, request, ErrorCatalogue.ImageNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
        return state is { } known ? new RemovalAnswer(known, refusal) : throw refusal;
    }
}
