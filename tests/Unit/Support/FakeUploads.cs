using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace OciTools.UnitTests.Support;

/// <summary>Lets a <see cref="FakeRegistry"/> take uploads (distribution-spec, Push): sessions, pieces, mounts, manifests.</summary>
internal sealed class FakeUploads
{
    private readonly FakeRegistry _registry;
    private readonly ConcurrentDictionary<string, MemoryStream> _sessions = new(StringComparer.Ordinal);
    private int _last;

    internal FakeUploads(FakeRegistry registry)
    {
        _registry = registry;
        registry.OnRequest = Answer;
    }

    /// <summary>Asked first; null goes on as a registry should.</summary>
    internal Func<ReceivedRequest, Fault?>? Before { get; set; }

    /// <summary>The Location for a session; its path by default.</summary>
    internal Func<string, string> LocationOf { get; set; } = path => path;

    /// <summary>The repositories whose blobs may be mounted.</summary>
    internal HashSet<string> Mountable { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it says that it lists referrers by itself.</summary>
    internal bool ListsReferrers { get; set; }

    internal int OpenSessions => _sessions.Count;

    /// <summary>The requests that write, as <c>METHOD path</c> without what is random in it.</summary>
    internal string[] Writes => [.. _registry.Requests.Where(r => r.Method is not ("GET" or "HEAD")).Select(r => $"{r.Method} {System.Text.RegularExpressions.Regex.Replace(r.Path, "uploads/.+", "uploads/X")}")];

    private Fault? Answer(ReceivedRequest request)
    {
        if (Before?.Invoke(request) is { } fault) return fault;
        string[] parts = request.Path.Split("/blobs/uploads/");
        if (parts.Length == 2) return new Fault { Answer = context => UploadAsync(context, request, parts[0]["/v2/".Length..], parts[1]) };
        if (request.Method != "PUT" || !request.Path.Contains("/manifests/", StringComparison.Ordinal)) return null;
        string[] manifest = request.Path["/v2/".Length..].Split("/manifests/");
        _registry.AddManifest(manifest[0], manifest[1].Contains(':', StringComparison.Ordinal) ? null : manifest[1], request.Body, request.Header("Content-Type")!);
        bool isListed = ListsReferrers && request.Body.AsSpan().IndexOf("\"subject\""u8) > 0;
        return new Fault
        {
            Answer = context =>
            {
                context.Response.StatusCode = 201;
                if (isListed) context.Response.Headers["OCI-Subject"] = "yes";
                return Task.CompletedTask;
            },
        };
    }

    private Task UploadAsync(HttpContext context, ReceivedRequest request, string repository, string id)
    {
        HttpResponse response = context.Response;
        switch (request.Method)
        {
            case "POST":
                if (context.Request.Query["from"].FirstOrDefault() is { } from && Mountable.Contains(from))
                {
                    response.StatusCode = 201;
                    break;
                }

                id = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
                _sessions[id] = new MemoryStream();
                response.StatusCode = 202;
                response.Headers.Location = LocationOf($"/v2/{repository}/blobs/uploads/{id}");
                break;
            case "PATCH" when _sessions.TryGetValue(id, out MemoryStream? open):
                open.Write(request.Body);
                response.StatusCode = 202;
                response.Headers.Location = LocationOf($"/v2/{repository}/blobs/uploads/{id}");
                break;
            case "PUT" when _sessions.TryRemove(id, out MemoryStream? done):
                done.Write(request.Body);
                Digest digest = Digest.Parse(context.Request.Query["digest"].ToString());
                response.StatusCode = digest.Matches(done.ToArray()) ? 201 : 400;
                if (response.StatusCode == 201) _registry.AddBlob(repository, done.ToArray(), digest.Algorithm);
                break;
            case "DELETE" when _sessions.TryRemove(id, out _):
                response.StatusCode = 204;
                break;
            default:
                response.StatusCode = 404;
                break;
        }

        return Task.CompletedTask;
    }
}
