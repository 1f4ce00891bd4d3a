using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using OciTools.Stores.Files;
using OciTools.Stores.Http;

namespace OciTools.Stores.Engine;

/// <summary>
/// Speaks the engine API (Docker Engine API 1.41 to 1.51, and Podman's compatible one) with one engine: negotiates the version, asks,
/// maps errors. <see cref="EngineCommands"/> has the calls that change something.
/// </summary>
internal sealed class EngineClient
{
    private static readonly Version s_oldest = new(1, 41);
    private static readonly Version s_newest = new(1, 51);
    private static readonly Version s_oldestLibpod = new(4, 0, 0);
    private static readonly TimeSpan s_pingTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_documentTimeout = TimeSpan.FromMinutes(2);

    private readonly HttpMessageInvoker _http;
    private string _prefix;

    private EngineClient(HttpMessageInvoker http, EngineEndpoint endpoint, Version? version, Version? libpod)
    {
        _http = http;
        Endpoint = endpoint;
        Version = version;
        LibpodVersion = libpod;
        _prefix = version is null ? "" : $"v{version}/";
    }

    /// <summary>Where the engine is.</summary>
    internal EngineEndpoint Endpoint { get; }

    /// <summary>The version of the API that is spoken; null where the engine names none or an older one, so that its own default holds.</summary>
    internal Version? Version { get; }

    /// <summary>The version of Podman's own API; null for Docker.</summary>
    internal Version? LibpodVersion { get; }

    /// <summary>Finds the first engine that answers.</summary>
    /// <param name="adapters">Gives the connections.</param>
    /// <param name="endpoints">The addresses to try, in order.</param>
    /// <param name="cancellationToken">Stops the trying.</param>
    /// <exception cref="UnreachableException">None answers (<c>EngineNotReachable</c>); the message names all that were tried.</exception>
    internal static async Task<EngineClient> ConnectAsync(IAdapters adapters, IReadOnlyList<EngineEndpoint> endpoints, CancellationToken cancellationToken)
    {
        List<string> tried = [];
        bool denied = false;
        foreach (EngineEndpoint endpoint in endpoints)
        {
            string reason;
            try
            {
                if (endpoint.Policy.UnixSocket is { } socket && !File.Exists(socket)) reason = "no such socket";
                else
                {
                    (EngineClient? client, reason) = await PingAsync(adapters, endpoint, cancellationToken).ConfigureAwait(false);
                    if (client is not null) return client;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or TimeoutException or OciException)
            {
                reason = EngineErrors.Reason(e);
                denied |= reason == "permission denied";
            }

            tried.Add($"{endpoint}: {reason}");
        }

        throw ErrorCatalogue.EngineNotReachable.Error($"No engine answers. Tried {string.Join("; ", tried)}.",
            recommendation: denied ? "Your account may not use that socket: add it to the group that owns it (docker), or run as another account." : null);
    }

    /// <summary>Whether the engine speaks at least this version of the API.</summary>
    internal bool IsAtLeast(int major, int minor) => Version is not null && Version >= new Version(major, minor);

    /// <summary>Asks for a JSON document.</summary>
    /// <param name="path">The path behind the version, its parts escaped by <see cref="Escape"/>, with its query.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="notFound">The error of 404.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    internal Task<byte[]> GetDocumentAsync(string path, string what, ErrorDefinition notFound, CancellationToken cancellationToken) =>
        ReadDocumentAsync(() => _prefix, path, what, notFound, cancellationToken);

    /// <summary>Asks Podman's own API for a JSON document.</summary>
    /// <param name="path">The path behind <c>libpod/</c>.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    internal Task<byte[]> GetLibpodDocumentAsync(string path, string what, CancellationToken cancellationToken) =>
        ReadDocumentAsync(() => $"v{LibpodVersion}/libpod/", path, what, ErrorCatalogue.ImageNotFound, cancellationToken);

    private async Task<byte[]> ReadDocumentAsync(Func<string> prefix, string path, string what, ErrorDefinition notFound, CancellationToken cancellationToken)
    {
        string request = Asking(what);
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_documentTimeout);
        try
        {
            using HttpResponseMessage response = await GetAsync(prefix, path, request, notFound, timeout.Token).ConfigureAwait(false);
            Stream body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
                return await BoundedReading.ReadAllAsync(body, Limits.EngineDocument, $"The {what}", timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw ErrorCatalogue.TimedOut.Error($"{request} had no full answer within {s_documentTimeout.TotalSeconds:0} seconds.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw EngineErrors.Broken(request, e);
        }
    }

    /// <summary>Copies a stream of the engine into a file.</summary>
    /// <param name="path">The path behind the version, with its query.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="target">Where the bytes go.</param>
    /// <param name="cancellationToken">Stops the copying.</param>
    internal async Task CopyAsync(string path, string what, Stream target, CancellationToken cancellationToken)
    {
        const int BlockSize = 256 * 1024;
        string request = Asking(what);
        try
        {
            using HttpResponseMessage response = await GetAsync(() => _prefix, path, request, ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
                await body.CopyToAsync(new GuardedOutput(target, e => Spool.CannotWrite(e)), BlockSize, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw EngineErrors.Broken(request, e);
        }
    }

    /// <summary>Escapes a name for a path. Slash, colon and at sign stay: they are part of names, and engines route by them.</summary>
    internal static string Escape(string name) =>
        Uri.EscapeDataString(name).Replace("%2F", "/", StringComparison.Ordinal).Replace("%3A", ":", StringComparison.Ordinal).Replace("%40", "@", StringComparison.Ordinal);

    private static async Task<(EngineClient? Client, string Reason)> PingAsync(IAdapters adapters, EngineEndpoint endpoint, CancellationToken cancellationToken)
    {
        HttpMessageInvoker http = adapters.Http(endpoint.Policy);
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_pingTimeout);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(endpoint.BaseAddress, "_ping"));
            using HttpResponseMessage response = await http.SendAsync(request, timeout.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK) return (null, $"it answers with status {(int)response.StatusCode}");
            Version? offered = Parse(Header(response.Headers, "Api-Version"));
            Version? spoken = offered is null || offered < s_oldest ? null : offered > s_newest ? s_newest : offered;
            string? libpod = Header(response.Headers, "Libpod-Api-Version");
            return (new EngineClient(http, endpoint, spoken, libpod is null ? null : Parse(libpod.Split('-')[0]) ?? s_oldestLibpod), "");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no answer within {s_pingTimeout.TotalSeconds:0} seconds");
        }
    }

    /// <summary>Sends a call and maps what is no success.</summary>
    /// <param name="create">Makes the call, with its path behind the version; it is asked again where the engine wants another version.</param>
    /// <param name="request">What is asked of whom, for messages.</param>
    /// <param name="notFound">The error of 404.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    internal Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> create, string request, ErrorDefinition notFound, CancellationToken cancellationToken) =>
        SendAsync(() => _prefix, create, request, notFound, cancellationToken);

    private Task<HttpResponseMessage> GetAsync(Func<string> prefix, string path, string request, ErrorDefinition notFound, CancellationToken cancellationToken) =>
        SendAsync(prefix, () => new HttpRequestMessage(HttpMethod.Get, path), request, notFound, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(Func<string> prefix, Func<HttpRequestMessage> create, string request, ErrorDefinition notFound, CancellationToken cancellationToken)
    {
        while (true)
        {
            string version = prefix();
            using HttpRequestMessage message = create();
            message.RequestUri = new Uri(Endpoint.BaseAddress, version + message.RequestUri!.OriginalString);
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
            HttpResponseMessage response = await _http.SendAsync(message, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode) return response;

            using (response)
            {
                string says = EngineErrors.Message(await ReadErrorAsync(response, cancellationToken).ConfigureAwait(false));

                // An engine newer than this client may have given up the version: its own default is the next best.
                if (response.StatusCode == HttpStatusCode.BadRequest && version.Length > 0 && version == _prefix && says.Contains("client version", StringComparison.OrdinalIgnoreCase))
                {
                    _prefix = "";
                    continue;
                }

                throw EngineErrors.For(response.StatusCode, says, request, notFound);
            }
        }
    }

    private static async Task<byte[]> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
                return await BoundedReading.ReadAllAsync(body, Limits.ErrorBody, "The error answer of the engine", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OciException or HttpRequestException or IOException)
        {
            // the status says what is wrong; that its explanation is broken or endless changes nothing
            return [];
        }
    }

    private string Asking(string what) => $"Asking the engine at {DisplayText.Excerpt(Endpoint.Name)} for the {what}";

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private static Version? Parse(string? text) =>
        text is { Length: < 20 } && Version.TryParse(text, out Version? version) && string.Create(CultureInfo.InvariantCulture, $"{version}") == text ? version : null;
}
