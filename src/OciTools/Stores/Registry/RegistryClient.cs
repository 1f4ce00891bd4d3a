using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Http;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Registry;

/// <summary>
/// Sends requests to one registry: finds out the scheme of a loopback registry, answers one challenge per request, follows redirects.
/// The Authorization never leaves the origin it was made for, and a target on another origin is never answered when it asks for one.
/// </summary>
internal sealed class RegistryClient
{
    private readonly RegistryEndpoint _endpoint;
    private readonly RegistryAccess _access;
    private readonly RegistryMemory _memory;
    private readonly RegistryChains _chains;
    private readonly HttpExchange _exchange;
    private readonly Authenticator _authenticator;

    internal RegistryClient(string registry, IAdapters adapters, RegistryAccess access, ICredentialSource credentials, RegistryMemory? memory = null)
    {
        _endpoint = new RegistryEndpoint(registry);
        _access = access;
        _memory = memory ?? RegistryMemory.Of(adapters);
        _chains = new RegistryChains(adapters, _endpoint, access);
        _exchange = new HttpExchange(access.Log, access.Pace.Time);
        _authenticator = new Authenticator(_endpoint, access, credentials, _memory, _chains, new TokenClient(_exchange, access.Pace));
    }

    internal RegistryEndpoint Endpoint => _endpoint;

    internal BodyPace Pace => _access.Pace;

    internal IRequestLog? Log => _access.Log;

    /// <summary>The credential for a repository; null for none.</summary>
    internal Task<RegistryCredential?> CredentialAsync(string repository, CancellationToken cancellationToken) => _authenticator.CredentialAsync(repository, cancellationToken);

    /// <summary>Sends a request and returns the answer to it, whatever its status but 401 and redirects.</summary>
    /// <param name="request">What to ask for.</param>
    /// <param name="cancellationToken">Stops the request; reading the body has its own.</param>
    internal async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        Uri? origin = KnownOrigin();
        AuthenticationHeaderValue? authorization = origin is null ? null
            : await _authenticator.KnownAsync(origin, request, cancellationToken).ConfigureAwait(false);
        bool answered = false;

        while (true)
        {
            HttpResponseMessage response;
            if (origin is null) (response, origin) = await ProbeAsync(request, cancellationToken).ConfigureAwait(false);
            else response = await SendToAsync(request, request.Upload ?? new Uri(origin, request.Path), origin, authorization, cancellationToken).ConfigureAwait(false);

            if (RedirectPolicy.IsRedirect(response.StatusCode) && !(request.TakesSeeOther && response.StatusCode == HttpStatusCode.SeeOther))
                response = await FollowAsync(request, origin, authorization, response, cancellationToken).ConfigureAwait(false);

            bool own = RegistryEndpoint.SameOrigin(response.RequestMessage!.RequestUri!, origin);
            if (response.StatusCode == HttpStatusCode.Forbidden && own && answered)
            {
                if (await _authenticator.WithheldAsync(origin, request.Repository, cancellationToken).ConfigureAwait(false) is not { } realm) return response;
                response.Dispose();
                throw Authenticator.NotTrusted(origin, realm, request);
            }

            if (response.StatusCode != HttpStatusCode.Unauthorized) return response;
            using (response)
            {
                if (!own)
                    throw ErrorCatalogue.Unauthorized.Error($"{request.What} may not be {request.Done}: the registry redirects to {RegistryErrors.Host(response)}, which asks for credentials; it gets none.", null,
                        "The registry's storage is set up wrongly; ask who runs it.");
                if (answered) throw await _authenticator.RefusedAsync(origin, request, true, cancellationToken).ConfigureAwait(false);
                authorization = await _authenticator.AnswerAsync(origin, request, response, authorization, cancellationToken).ConfigureAwait(false);
                answered = true;
            }
        }
    }

    private Uri? KnownOrigin()
    {
        if (_access.PlainHttp) return _endpoint.Plain;
        if (!_endpoint.IsLoopback) return _endpoint.Secure;
        return _memory.SpeaksTls(_endpoint.Plain.Authority) switch { true => _endpoint.Secure, false => _endpoint.Plain, null => null };
    }

    // A loopback registry that nobody asked before: http first, without credentials; what looks like TLS is asked again with TLS. A certificate
    // that does not hold ends it: it never leads back to http.
    private async Task<(HttpResponseMessage Response, Uri Origin)> ProbeAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        string authority = _endpoint.Plain.Authority;
        Exception? broken = null;
        HttpResponseMessage response;
        try
        {
            response = await SendOnceAsync(_chains.Registry, request, new Uri(_endpoint.Plain, request.Path), null, true, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.BadRequest || !await WantsTlsAsync(request, response, cancellationToken).ConfigureAwait(false))
            {
                _memory.RememberTls(authority, false);
                return (response, _endpoint.Plain);
            }

            response.Dispose();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not OciException)
        {
            if (!IsBrokenAnswer(e)) throw ConnectionErrors.From(e, _endpoint.Plain);
            broken = e;
        }

        _access.Log?.Request($"{authority} does not speak http; asked again with https");
        try
        {
            response = await SendOnceAsync(_chains.Registry, request, new Uri(_endpoint.Secure, request.Path), null, true, cancellationToken).ConfigureAwait(false);
            _memory.RememberTls(authority, true);
            return (response, _endpoint.Secure);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not OciException)
        {
            OciException error = ConnectionErrors.From(e, _endpoint.Secure);
            if (error.ErrorId == ErrorCatalogue.CertificateRefused.Id)
            {
                _memory.RememberTls(authority, true);
                throw error;
            }

            // neither worked: most likely http whose first answer was cut off
            if (broken is null) throw error;
            response = await SendOnceAsync(_chains.Registry, request, new Uri(_endpoint.Plain, request.Path), null, false, cancellationToken).ConfigureAwait(false);
            _memory.RememberTls(authority, false);
            return (response, _endpoint.Plain);
        }
    }

    private static bool IsBrokenAnswer(Exception exception)
    {
        if (exception is not HttpRequestException { HttpRequestError: var error }) return false;
        return error is HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError
            || (error is HttpRequestError.Unknown && exception.InnerException is IOException);
    }

    // The answer to a HEAD has no text, so the root is asked for it.
    private async Task<bool> WantsTlsAsync(RegistryRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        HttpResponseMessage? second = null;
        try
        {
            if (request.Method == HttpMethod.Head)
            {
                RegistryRequest root = request with { Method = HttpMethod.Get, Path = "/v2/" };
                second = await SendOnceAsync(_chains.Registry, root, new Uri(_endpoint.Plain, root.Path), null, true, cancellationToken).ConfigureAwait(false);
                if (second.StatusCode != HttpStatusCode.BadRequest) return false;
            }

            Stream body = await (second ?? response).Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            byte[] text = new byte[4096];
            int count = 0;
            PacedStream paced = new(body, "The answer", Pace);
            await using (paced.ConfigureAwait(false))
                count = await paced.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (second is null) PutBack(response, text[..count]);
            return System.Text.Encoding.Latin1.GetString(text, 0, count).Contains("https", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (ConnectionErrors.IsConnection(e))
        {
            return false;
        }
        finally
        {
            second?.Dispose();
        }
    }

    // what the registry says of the error is still wanted
    private static void PutBack(HttpResponseMessage response, byte[] read)
    {
        ByteArrayContent content = new(read);
        content.Headers.ContentType = response.Content.Headers.ContentType;
        response.Content = content;
    }

    private async Task<HttpResponseMessage> FollowAsync(RegistryRequest request, Uri origin, AuthenticationHeaderValue? authorization, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        bool left = false;
        for (int hop = 0; RedirectPolicy.IsRedirect(response.StatusCode); hop++)
        {
            Uri current = response.RequestMessage!.RequestUri!;
            using (response)
            {
                // the others allow another method at the target, and a body would be lost
                if (request.Action is RegistryAction.Push or RegistryAction.Delete && (int)response.StatusCode is not (307 or 308)) throw RedirectPolicy.Refused(current, $"a {request.Method} with status {(int)response.StatusCode}");
                if (hop == RedirectPolicy.MostHops) throw RedirectPolicy.Refused(current, $"for the {hop + 1}th time");
                current = RedirectPolicy.Next(current, response);
            }

            left |= !RegistryEndpoint.SameOrigin(current, origin);
            _access.Log?.Request($"redirected to {Redaction.Address(current)}");
            response = await SendOnceAsync(_chains.For(current, origin, out _), request, current, left ? null : authorization, false, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    // an upload may go to another host, which gets no credentials
    private Task<HttpResponseMessage> SendToAsync(RegistryRequest request, Uri address, Uri origin, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken) =>
        SendOnceAsync(_chains.For(address, origin, out _), request, address, RegistryEndpoint.SameOrigin(address, origin) ? authorization : null, false, cancellationToken);

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMessageInvoker http, RegistryRequest request, Uri address, AuthenticationHeaderValue? authorization, bool probe, CancellationToken cancellationToken)
    {
        HttpRequestMessage message = new(request.Method, address)
        {
            Version = address.Scheme == Uri.UriSchemeHttps ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (request.Accept is not null) message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent.Value);
        if (request.From > 0 || request.To is not null) message.Headers.Range = new RangeHeaderValue(request.From, request.To);
        if (authorization is not null) message.Headers.Authorization = authorization;
        if (probe) message.Options.Set(RequestMarks.Probe, true);
        if (request.Body is null)
        {
            if (request.Method == HttpMethod.Post) message.Content = new ByteArrayContent([]);
            return await AnswerToAsync(http, message, cancellationToken).ConfigureAwait(false);
        }

        message.Options.Set(RequestMarks.Upload, true);
        if (request.Body.AsksFirst) message.Headers.ExpectContinue = true;
        using CancellationTokenSource stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // the answer is the end of it, also where it comes before the last byte has gone
            using UploadContent content = new(await request.Body.OpenAsync(cancellationToken).ConfigureAwait(false), request.Body, Pace, stalled);
            message.Content = content;
            return await AnswerToAsync(http, message, stalled.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stalled.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ErrorCatalogue.TimedOut.Error($"{request.What} could not be written: {address.Authority} took no byte, or gave no answer, for too long.", e);
        }
    }

    private async Task<HttpResponseMessage> AnswerToAsync(HttpMessageInvoker http, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await _exchange.SendAsync(http, message, cancellationToken).ConfigureAwait(false);
        response.RequestMessage = message;
        return response;
    }
}
