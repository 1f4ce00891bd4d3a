using System.Buffers;
using System.Net;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>
/// Writes blobs and manifests (distribution-spec, section Push): POST and one PUT, which is what every registry takes; in pieces only where
/// that is too large for one. A piece is never sent twice into the same session: what broke starts anew.
/// </summary>
internal sealed class RegistryUploads(RegistryClient client)
{
    private const int MostTries = 3;

    // as often as what is read is asked for
    private const int MostManifestTries = 5;

    // the most that one known registry takes, and a good size for the others
    private const int PieceSize = 4 * 1024 * 1024;
    private const int LargestPiece = 64 * 1024 * 1024;

    // what is smaller is sent sooner than asked about
    private const int AsksFrom = 1024 * 1024;

    // who stops a command waits for this
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1.5);

    /// <summary>Writes a blob.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="blob">Digest and size.</param>
    /// <param name="mountFrom">A repository of the same registry that may have it; null for none known.</param>
    /// <param name="open">Opens the bytes, from the first one; asked again for each try.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    /// <returns>Whether the registry took it from the other repository, or had it, so that nothing was sent.</returns>
    internal async Task<bool> PutBlobAsync(ImageReference repository, Descriptor blob, string? mountFrom, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        bool inPieces = false;
        for (int tries = 1; ; tries++)
        {
            Session? session = null;
            try
            {
                session = await StartAsync(repository, blob, mountFrom, cancellationToken).ConfigureAwait(false);
                if (session.IsDone) return true;
                if (mountFrom is not null && await HasAsync(repository, blob, cancellationToken).ConfigureAwait(false))
                {
                    await EndAsync(session).ConfigureAwait(false);
                    return true;
                }

                bool isWhole = await TryPutAsync(session, blob, open, inPieces, cancellationToken).ConfigureAwait(false);
                if (session.IsDone) return false;
                inPieces |= !isWhole;
                tries--;
                await EndAsync(session).ConfigureAwait(false);
            }
            catch (OciException e) when (tries < MostTries && e.IsPassing && (session is not null || e.Kind != ErrorKind.Timeout))
            {
                client.Log?.Request($"{RegistryRequest.ForBlob(repository, blob).What} was not written ({DisplayText.Excerpt(e.Message)}); it starts anew");
                await EndAsync(session).ConfigureAwait(false);
                if (await IsThereAsync(repository, blob, cancellationToken).ConfigureAwait(false)) return false;
                if (e.ErrorId != ErrorCatalogue.UploadLost.Id) await Task.Delay(TimeSpan.FromMilliseconds(125 << tries), client.Pace.Time, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await EndAsync(session).ConfigureAwait(false);
                throw;
            }

            mountFrom = null;
        }
    }

    // Whether the answer alone was lost. A registry that is starting again is waited for here, as whenever something is read.
    private async Task<bool> IsThereAsync(ImageReference repository, Descriptor blob, CancellationToken cancellationToken)
    {
        try
        {
            return await HasAsync(repository, blob, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e) when (e.IsPassing)
        {
            return false;
        }
    }

    /// <summary>Writes a manifest or index under a tag or its digest.</summary>
    /// <param name="reference">The repository, with the tag or the digest.</param>
    /// <param name="document">The document.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Whether the registry lists it among the referrers of its subject by itself.</returns>
    internal async Task<bool> PutManifestAsync(ImageReference reference, ManifestDocument document, CancellationToken cancellationToken)
    {
        RegistryRequest request = new(HttpMethod.Put, reference.Repository, $"/v2/{reference.Repository}/manifests/{reference.Target}", $"The manifest {document.Digest} as {reference}")
        {
            Action = RegistryAction.Push,
            Body = new RegistryBody(document.MediaType, document.Size, _ => Task.FromResult<Stream>(new MemoryStream(document.Bytes.ToArray(), writable: false))),
        };
        for (int tries = 1; ; tries++)
        {
            try
            {
                using HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
                if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.NoContent))
                    throw await RegistryErrors.FromAsync(response, request, ErrorCatalogue.ImageNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
                RequireSame(response, request, document.GetDigest());
                return response.Headers.Contains("OCI-Subject");
            }
            catch (OciException e) when (tries < MostManifestTries && e.IsPassing)
            {
                // the same bytes under the same name: once more does no harm
                await Task.Delay(TimeSpan.FromMilliseconds(250 << tries), client.Pace.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // a registry that states another digest has kept other bytes
    private static void RequireSame(HttpResponseMessage response, RegistryRequest request, Digest expected)
    {
        if (!response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values)) return;
        foreach (string value in values)
        {
            if (Digest.TryParse(value, out Digest? stated) && stated.Algorithm == expected.Algorithm && stated != expected)
                throw ErrorCatalogue.DigestMismatch.Mismatch($"{request.What} was taken by {RegistryErrors.Host(response)}, which calls it {stated}.", expected.ToString(), stated.ToString());
        }
    }

    private Task<bool> HasAsync(ImageReference repository, Descriptor blob, CancellationToken cancellationToken) =>
        BlobLookup.HasAsync(client, RegistryRequest.ForBlob(repository, blob), blob.Size, cancellationToken);

    private async Task<Session> StartAsync(ImageReference repository, Descriptor blob, string? mountFrom, CancellationToken cancellationToken)
    {
        string query = mountFrom is null ? "" : $"?mount={Uri.EscapeDataString(blob.Digest)}&from={Uri.EscapeDataString(mountFrom)}";
        RegistryRequest request = new(HttpMethod.Post, repository.Repository, $"/v2/{repository.Repository}/blobs/uploads/{query}", RegistryRequest.ForBlob(repository, blob).What)
        {
            Action = RegistryAction.Push,
            Source = mountFrom,
        };
        HttpResponseMessage answer;
        try
        {
            answer = await SendStartAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (AccessException) when (mountFrom is not null)
        {
            // who may write here may still not read there
            return await StartAsync(repository, blob, null, cancellationToken).ConfigureAwait(false);
        }

        using HttpResponseMessage response = answer;
        if (mountFrom is not null && response.StatusCode == HttpStatusCode.Created) return new Session(request, null) { IsDone = true };
        if (mountFrom is not null && (int)response.StatusCode is 400 or 401 or 403 or 404 or 405 or 501)
            return await StartAsync(repository, blob, null, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.Accepted)
            throw await RegistryErrors.FromAsync(response, request, ErrorCatalogue.ImageNotFound, client.Pace, cancellationToken).ConfigureAwait(false);
        Uri asked = response.RequestMessage!.RequestUri!;
        Session session = new(request with { Source = null }, RedirectPolicy.Upload(asked, response));
        session.AsksFirst = response.Version == HttpVersion.Version11 && RegistryEndpoint.SameOrigin(session.Location!, asked);
        if (response.Headers.TryGetValues("OCI-Chunk-Min-Length", out IEnumerable<string>? least) && int.TryParse(least.First(), out int bytes) && bytes is > PieceSize and <= LargestPiece) session.PieceSize = bytes;
        return session;
    }

    // Who is stopped while a session is being opened still learns of it, and ends it.
    private async Task<HttpResponseMessage> SendStartAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource farewell = new();
        Task<HttpResponseMessage> answer = client.SendAsync(request, farewell.Token);
        try
        {
            return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            farewell.CancelAfter(s_farewell);
            try
            {
                using HttpResponseMessage response = await answer.ConfigureAwait(false);
                if (response.StatusCode == HttpStatusCode.Accepted)
                    await EndWithinAsync(new Session(request with { Source = null }, RedirectPolicy.Upload(response.RequestMessage!.RequestUri!, response)), farewell).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OciException or OperationCanceledException)
            {
                client.Log?.Request($"An upload of {request.What} may stay open: {DisplayText.Excerpt(e.Message)}");
            }

            throw;
        }
    }

    // False where the registry finds the whole too large for one request.
    private async Task<bool> TryPutAsync(Session session, Descriptor blob, Func<CancellationToken, Task<Stream>> open, bool inPieces, CancellationToken cancellationToken)
    {
        if (inPieces)
        {
            await SendPiecesAsync(session, open, cancellationToken).ConfigureAwait(false);
            await FinishAsync(session, blob, new RegistryBody("application/octet-stream", 0, _ => Task.FromResult(Stream.Null)), cancellationToken).ConfigureAwait(false);
            return true;
        }

        return await FinishAsync(session, blob, new RegistryBody("application/octet-stream", blob.Size, open), cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> FinishAsync(Session session, Descriptor blob, RegistryBody body, CancellationToken cancellationToken)
    {
        string address = session.Location!.GetLeftPart(UriPartial.Query);
        Uri upload = new($"{address}{(session.Location.Query.Length > 0 ? '&' : '?')}digest={Uri.EscapeDataString(blob.Digest)}");
        RegistryRequest request = session.Request with { Method = HttpMethod.Put, Upload = upload, Body = body with { AsksFirst = session.AsksFirst && body.Size > AsksFrom } };
        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.ExpectationFailed && request.Body.AsksFirst)
        {
            session.AsksFirst = false;
            return await FinishAsync(session, blob, body, cancellationToken).ConfigureAwait(false);
        }

        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge && body.Size > PieceSize) return false;
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.NoContent))
            throw await RegistryErrors.FromAsync(response, request, ErrorCatalogue.UploadLost, client.Pace, cancellationToken).ConfigureAwait(false);
        RequireSame(response, request, blob.GetDigest());
        session.IsDone = true;
        return true;
    }

    private async Task SendPiecesAsync(Session session, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(session.PieceSize);
        try
        {
            Stream source = await open(cancellationToken).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                long offset = 0;
                int count;
                while ((count = await source.ReadAtLeastAsync(piece.AsMemory(0, session.PieceSize), session.PieceSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    int size = count;
                    RegistryBody body = new("application/octet-stream", size, _ => Task.FromResult<Stream>(new MemoryStream(piece, 0, size, writable: false))) { Offset = offset, AsksFirst = session.AsksFirst && size > AsksFrom };
                    RegistryRequest request = session.Request with { Method = HttpMethod.Patch, Upload = session.Location, Body = body };
                    using HttpResponseMessage response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
                    if (response.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.NoContent or HttpStatusCode.Created))
                        throw await RegistryErrors.FromAsync(response, request, ErrorCatalogue.UploadLost, client.Pace, cancellationToken).ConfigureAwait(false);
                    session.Location = RedirectPolicy.Upload(response.RequestMessage!.RequestUri!, response);
                    offset += size;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    // A session that is given up would stay open at the registry for days.
    private async Task EndAsync(Session? session)
    {
        using CancellationTokenSource farewell = new(s_farewell);
        if (session?.Location is not null && !session.IsDone) await EndWithinAsync(session, farewell).ConfigureAwait(false);
    }

    private async Task EndWithinAsync(Session session, CancellationTokenSource farewell)
    {
        try
        {
            RegistryRequest request = session.Request with { Method = HttpMethod.Delete, Upload = session.Location, Body = null };
            using HttpResponseMessage response = await client.SendAsync(request, farewell.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OciException or OperationCanceledException || ConnectionErrors.IsConnection(e))
        {
            client.Log?.Request($"The upload session of {session.What} stays open: {DisplayText.Excerpt(e.Message)}");
        }
    }

    private sealed class Session(RegistryRequest request, Uri? location)
    {
        internal RegistryRequest Request => request;

        internal string What => request.What;

        internal Uri? Location { get; set; } = location;

        /// <summary>Whether the registry is asked to look at the head of a request before it gets the body. In HTTP/2 it can answer at any time.</summary>
        internal bool AsksFirst { get; set; }

        internal int PieceSize { get; set; } = RegistryUploads.PieceSize;

        internal bool IsDone { get; set; }
    }
}
