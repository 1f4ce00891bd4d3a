using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace OciTools.UnitTests.Support;

/// <summary>
/// A registry in this process that serves what it is given and can be told to misbehave per request. It remembers everything it received.
/// <code>
/// await using FakeRegistry registry = await FakeRegistry.StartAsync();
/// Digest layer = registry.AddBlob("app", bytes);
/// Digest manifest = registry.AddManifest("app", "1.0", json, MediaTypes.OciManifest);
/// registry.OnRequest = request => request.Method == "HEAD" ? new Fault { Status = 405 } : null;
/// </code>
/// </summary>
internal sealed class FakeRegistry : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (byte[] Bytes, string MediaType)> _content = new();
    private readonly ConcurrentQueue<ReceivedRequest> _requests = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly WebApplication _app;
    private int _count;

    private FakeRegistry(WebApplication app) => _app = app;

    /// <summary>Asked for each request; null serves it rightly.</summary>
    internal Func<ReceivedRequest, Fault?>? OnRequest { get; set; }

    /// <summary>Whether a tag is answered with Docker-Content-Digest.</summary>
    internal bool SendsDigestHeader { get; set; } = true;

    internal IReadOnlyCollection<ReceivedRequest> Requests => _requests;

    /// <summary>Forgets what it received so far.</summary>
    internal void Forget() => _requests.Clear();

    /// <summary>Host and port, as the registry part of a reference.</summary>
    internal string Host { get; private set; } = "";

    internal Uri Address { get; private set; } = new("http://localhost/");

    internal static async Task<FakeRegistry> StartAsync(X509Certificate2? certificate = null, IPAddress? address = null, string? host = null, HttpProtocols protocols = HttpProtocols.Http1AndHttp2)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        IPAddress listen = address ?? IPAddress.Loopback;
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.AllowSynchronousIO = true;
            server.Limits.MinResponseDataRate = null;
            server.Limits.MaxResponseBufferSize = null;
            server.Listen(listen, 0, endpoint =>
            {
                endpoint.Protocols = certificate is null ? HttpProtocols.Http1 : protocols;
                if (certificate is not null) endpoint.UseHttps(certificate);
            });
        });
        WebApplication app = builder.Build();
        FakeRegistry registry = new(app);
        app.Run(registry.ServeAsync);
        await app.StartAsync().ConfigureAwait(false);
        Uri bound = new(app.Urls.First());
        registry.Host = $"{host ?? bound.Host}:{bound.Port}";
        registry.Address = new Uri($"{bound.Scheme}://{registry.Host}/");
        return registry;
    }

    internal Digest AddBlob(string repository, byte[] bytes, string algorithm = "sha256")
    {
        Digest digest = Digest.Compute(bytes, algorithm);
        _content[$"/v2/{repository}/blobs/{digest}"] = (bytes, "application/octet-stream");
        return digest;
    }

    internal Digest AddManifest(string repository, string? tag, byte[] bytes, string mediaType, string algorithm = "sha256")
    {
        Digest digest = Digest.Compute(bytes, algorithm);
        _content[$"/v2/{repository}/manifests/{digest}"] = (bytes, mediaType);
        if (tag is not null) _content[$"/v2/{repository}/manifests/{tag}"] = (bytes, mediaType);
        return digest;
    }

    internal Digest AddManifest(string repository, string? tag, string json, string mediaType, string algorithm = "sha256") =>
        AddManifest(repository, tag, System.Text.Encoding.UTF8.GetBytes(json), mediaType, algorithm);

    /// <summary>What is served, by path.</summary>
    internal IReadOnlyDictionary<string, byte[]> Content => _content.ToDictionary(c => c.Key, c => c.Value.Bytes, StringComparer.Ordinal);

    /// <summary>Serves something at any path: a token server, a storage.</summary>
    internal void Add(string path, byte[] bytes, string mediaType = "application/octet-stream") => _content[path] = (bytes, mediaType);

    /// <summary>An image of one config and some layers.</summary>
    internal (Digest Manifest, Digest Config, IReadOnlyList<Digest> Layers) AddImage(string repository, string? tag, params byte[][] layers)
    {
        byte[] config = System.Text.Encoding.UTF8.GetBytes("""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}""");
        Digest configDigest = AddBlob(repository, config);
        List<Digest> digests = [.. layers.Select(layer => AddBlob(repository, layer))];
        string json = $$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{configDigest}}","size":{{config.Length}}},"layers":[{{string.Join(',', layers.Select((layer, i) => $$"""{"mediaType":"{{MediaTypes.OciLayer}}","digest":"{{digests[i]}}","size":{{layer.Length}}}"""))}}]}
            """;
        return (AddManifest(repository, tag, json, MediaTypes.OciManifest), configDigest, digests);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        using CancellationTokenSource quick = new(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(quick.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, _stop.Token).ConfigureAwait(false);
        ReceivedRequest request = new(Interlocked.Increment(ref _count), context.Request.Method, context.Request.Path.Value ?? "", context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value.ToArray()), StringComparer.OrdinalIgnoreCase), body.ToArray());
        _requests.Enqueue(request);

        Fault fault = OnRequest?.Invoke(request) ?? new Fault();
        if (fault.Delay > TimeSpan.Zero) await Task.Delay(fault.Delay, _stop.Token).ConfigureAwait(false);
        if (fault.Reset)
        {
            context.Abort();
            return;
        }

        if (fault.Answer is { } answer)
        {
            await answer(context).ConfigureAwait(false);
            return;
        }

        byte[] bytes = Prepare(context, request, fault);
        foreach ((string name, string? value) in fault.Headers)
        {
            if (value is null) context.Response.Headers.Remove(name);
            else context.Response.Headers[name] = value;
        }

        if (request.Method != "HEAD") await SendAsync(context, bytes, fault).ConfigureAwait(false);
    }

    private byte[] Prepare(HttpContext context, ReceivedRequest request, Fault fault)
    {
        HttpResponse response = context.Response;
        byte[] bytes = [];
        if (request.Path is "/v2/" or "/v2")
        {
            response.StatusCode = 200;
        }
        else if (_content.TryGetValue(request.Path, out (byte[] Bytes, string MediaType) found))
        {
            bytes = found.Bytes;
            response.ContentType = found.MediaType;
            bool manifest = request.Path.Contains("/manifests/", StringComparison.Ordinal);
            if (SendsDigestHeader && manifest) response.Headers["Docker-Content-Digest"] = DigestFor(request.Path, bytes).ToString();
            if (!manifest && Range(request, bytes.Length) is var (from, to))
            {
                response.StatusCode = 206;
                response.Headers.ContentRange = $"bytes {from}-{to}/{bytes.Length}";
                bytes = bytes[from..(to + 1)];
            }
        }
        else
        {
            response.StatusCode = 404;
            response.ContentType = "application/json";
            bytes = """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""u8.ToArray();
        }

        if (fault.Status is { } status)
        {
            response.StatusCode = status;
            if (fault.Body is null && status is not (200 or 206)) bytes = [];
        }

        if (fault.Body is { } change) bytes = change(bytes);
        response.ContentLength = bytes.Length;
        return bytes;
    }

    private async Task SendAsync(HttpContext context, byte[] bytes, Fault fault)
    {
        Stream body = context.Response.Body;
        if (fault.Drip is { } pause)
        {
            foreach (byte one in bytes)
            {
                await body.WriteAsync(new[] { one }, _stop.Token).ConfigureAwait(false);
                await body.FlushAsync(_stop.Token).ConfigureAwait(false);
                await Task.Delay(pause, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (context.RequestAborted.IsCancellationRequested) return;
            }

            return;
        }

        long end = Math.Min(bytes.Length, Math.Min(fault.CutAt ?? long.MaxValue, fault.StallAt ?? long.MaxValue));
        await body.WriteAsync(bytes.AsMemory(0, (int)end), _stop.Token).ConfigureAwait(false);
        await body.FlushAsync(_stop.Token).ConfigureAwait(false);
        if (fault.CutAt is not null && end < bytes.Length)
        {
            // let what was written leave before the connection goes
            await Task.Delay(20, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.Abort();
        }
        else if (fault.StallAt is not null)
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
            await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.Abort();
        }
    }

    private static Digest DigestFor(string path, byte[] bytes) =>
        Digest.TryParse(path[(path.LastIndexOf('/') + 1)..], out Digest? named) ? named : Digest.Compute(bytes);

    private static (int From, int To)? Range(ReceivedRequest request, int length)
    {
        if (request.Header("Range") is not { } range || !range.StartsWith("bytes=", StringComparison.Ordinal)) return null;
        string[] ends = range[6..].Split('-');
        int from = int.Parse(ends[0], System.Globalization.CultureInfo.InvariantCulture);
        int to = ends[1].Length == 0 ? length - 1 : Math.Min(length - 1, int.Parse(ends[1], System.Globalization.CultureInfo.InvariantCulture));
        return from < length ? (from, to) : null;
    }
}
