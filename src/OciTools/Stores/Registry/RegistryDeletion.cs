namespace OciTools.Stores.Registry;

/// <summary>Deletes tags and manifests (distribution-spec, section Content Management).</summary>
internal sealed class RegistryDeletion(RegistryClient client)
{
    private const int MostRetries = 3;

    /// <summary>
    /// Deletes a tag, or a manifest by its digest. A registry that fails is asked again about a digest, which always means the same; a tag may
    /// stand for another image by then.
    /// </summary>
    /// <param name="reference">The repository, with the tag or the digest.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    internal async Task<RemovalAnswer> DeleteAsync(ImageReference reference, CancellationToken cancellationToken)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return await DeleteOnceAsync(reference, cancellationToken).ConfigureAwait(false);
            }
            catch (OciException e) when (reference.Digest is not null && tries < MostRetries && e.IsPassing)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250 << tries), client.Pace.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<RemovalAnswer> DeleteOnceAsync(ImageReference reference, CancellationToken cancellationToken)
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
