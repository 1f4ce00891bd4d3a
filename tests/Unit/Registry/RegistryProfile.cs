using System.Globalization;
using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>
/// Registries with the habits that public ones are known for. Each is a fake registry that can be written to, and answers as it does unless
/// the profile has its own way.
/// </summary>
internal sealed class RegistryProfile
{
    private const string Xml = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";

    private RegistryProfile(string name, Func<FakeRegistry, FakeRegistry, Func<ReceivedRequest, Fault?>> habits) => (Name, Habits) = (name, habits);

    internal string Name { get; }

    /// <summary>Makes the answers of a registry that has a storage elsewhere.</summary>
    internal Func<FakeRegistry, FakeRegistry, Func<ReceivedRequest, Fault?>> Habits { get; }

    /// <summary>What an operation ends with where it is not a success: the id of an error, or <c>none</c> for an empty list.</summary>
    internal Dictionary<string, string> Expected { get; private init; } = [];

    /// <summary>Whether it is asked with an account.</summary>
    internal bool WantsAccount { get; private init; }

    internal static IReadOnlyList<RegistryProfile> All { get; } =
    [
        // tokens, storage elsewhere, manifests of exact types only, limits in headers, no referrers
        new("Docker Hub", (registry, storage) => RegistrySession.Bearer(registry, request => Is(request, "/manifests/") && request.Method is "GET" or "HEAD" && request.Header("Accept")?.Contains(MediaTypes.OciIndex, StringComparison.Ordinal) != true
            ? new Fault { Status = 404 }
            : Is(request, "/manifests/") && request.Method == "HEAD" ? Headers(("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "99;w=21600")) : ToStorage(storage, request, 307))),

        // referrers lead to the pages for people
        new("GitHub", (registry, storage) => RegistrySession.Bearer(registry, request => Is(request, "/referrers/") ? Fault.Redirect($"{registry.Address}login", 303) : ToStorage(storage, request, 307))),

        // an account, no state of uploads, pages of tags
        new("Amazon ECR", (registry, storage) => RegistrySession.Basic(request => request.Path == "/v2/_catalog" ? Fault.Json(405, "{}") : Tags(request, "last", "next"))) { WantsAccount = true, Expected = { ["catalogue"] = "CatalogNotOffered" } },

        // the cursor of a page is its own
        new("Amazon ECR Public", (registry, storage) => RegistrySession.Bearer(registry, request => request.Path == "/v2/_catalog" ? Fault.Json(404, "{}") : request.Query.Contains("last=", StringComparison.Ordinal) ? Fault.Json(405, "{}") : Tags(request, "next_page", "b2xk+/="))) { Expected = { ["catalogue"] = "CatalogNotOffered" } },

        // places of uploads have a query and no host; the API of referrers
        new("Azure", (registry, storage) => RegistrySession.Bearer(registry, request => Referrers(registry, request) ?? ToStorage(storage, request, 307))),

        // storage elsewhere by 302, HEAD without a digest
        new("Google", (registry, storage) =>
        {
            registry.SendsDigestHeader = false;
            return RegistrySession.Bearer(registry, request => ToStorage(storage, request, 302));
        }),

        // cookies come, and whoever brings one back is refused; the catalogue is for accounts; 401 without a challenge for referrers
        new("Harbor", (registry, storage) => request => request.Header("Cookie") is not null ? Fault.Json(403, """{"errors":[{"code":"DENIED","message":"CSRF token not found"}]}""")
            : request.Header("Accept-Encoding")?.Contains("gzip", StringComparison.Ordinal) == true ? new Fault { Body = _ => [0x1F, 0x8B, 8], Headers = Pairs(("Content-Encoding", "gzip")) }
            : request.Path == "/v2/_catalog" ? Fault.Challenge("Basic realm=\"harbor\"")
            : Is(request, "/referrers/") ? new Fault { Status = 401 }
            : request.Method is "GET" or "HEAD" ? Headers(("Set-Cookie", "sid=1; Path=/")) : null) { Expected = { ["catalogue"] = "CatalogNotOffered" } },

        // Docker's old documents for whoever does not name the new ones, links without brackets, parameters behind types
        new("Quay", (registry, storage) => request => Is(request, "/referrers/") ? Fault.Json(400, "{}")
            : Is(request, "/manifests/") && request.Method is "GET" or "HEAD" && request.Header("Accept")?.Contains(MediaTypes.OciManifest, StringComparison.Ordinal) != true ? new Fault { Body = _ => "{\"schemaVersion\":1}"u8.ToArray() }
            : Tags(request, "next_page", "abc", brackets: false)),

        // everything is application/json; HEAD finds what is not there
        new("Artifactory", (registry, storage) => request => Is(request, "/referrers/") ? new Fault { Status = 406 }
            : Is(request, "/manifests/missing") && request.Method == "HEAD" ? new Fault { Status = 200, Headers = Pairs(("Docker-Content-Digest", null), ("Content-Type", "application/json")) }
            : Is(request, "/manifests/") && request.Method is "GET" or "HEAD" ? Headers(("Content-Type", "application/json")) : null),

        // nothing is said in headers
        new("Nexus", (registry, storage) =>
        {
            registry.SendsDigestHeader = false;
            return request => request.Method == "HEAD" && Is(request, "/manifests/") ? new Fault { Status = 405 } : null;
        }),

        // the tag for referrers is the image itself
        new("GitLab", (registry, storage) => RegistrySession.Bearer(registry, request => Is(request, "/manifests/sha256-") ? new Fault { Status = 200, Headers = Pairs(("Content-Type", MediaTypes.OciManifest), ("Docker-Content-Digest", null)), Body = _ => registry.Content["/v2/team/app/manifests/1.0"] } : null)) { Expected = { ["referrers"] = "none" } },

        // files, and no registry behind them
        new("static S3", (registry, storage) =>
        {
            registry.SendsDigestHeader = false;
            return request => request.Method is "POST" or "PUT" or "PATCH" ? Answer(405, Xml, "application/xml")
                : Is(request, "/tags/list") || request.Path == "/v2/_catalog" || Is(request, "/referrers/") || Is(request, "/manifests/sha256-") || Is(request, "missing") ? Answer(403, Xml, "application/xml")
                : Headers(("Content-Type", "binary/octet-stream"));
        })
        {
            Expected = { ["tags"] = "Forbidden", ["catalogue"] = "CatalogNotOffered", ["referrers"] = "Forbidden", ["missing"] = "Forbidden", ["push"] = "error", ["again"] = "error", ["mount"] = "error", ["tag"] = "error" },
        },
    ];

    private static bool Is(ReceivedRequest request, string part) => request.Path.Contains(part, StringComparison.Ordinal);

    private static Dictionary<string, string?> Pairs(params (string Name, string? Value)[] pairs) => pairs.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);

    private static Fault Headers(params (string Name, string? Value)[] pairs) => new() { Headers = Pairs(pairs) };

    private static Fault Answer(int status, string body, string type) => new() { Status = status, Body = _ => Encoding.UTF8.GetBytes(body), Headers = Pairs(("Content-Type", type)) };

    // blobs that were there before lie in a storage elsewhere, which wants no token and gets none
    private static Fault? ToStorage(FakeRegistry storage, ReceivedRequest request, int status) =>
        request.Method == "GET" && Is(request, "/blobs/sha256") && storage.Content.ContainsKey(request.Path) ? Fault.Redirect($"{storage.Address}{request.Path[1..]}", status) : null;

    // two pages of tags, the second behind a cursor
    private static Fault? Tags(ReceivedRequest request, string key, string cursor, bool brackets = true)
    {
        if (!Is(request, "/tags/list")) return null;
        string query = $"{key}={Uri.EscapeDataString(cursor)}";
        if (request.Query.Contains(query, StringComparison.Ordinal)) return Fault.Json(200, """{"name":"team/app","tags":["2.0"]}""");
        string next = $"{request.Path}?{query}";
        Fault first = Fault.Json(200, """{"name":"team/app","tags":["1.0"]}""");
        return first with { Headers = new Dictionary<string, string?>(first.Headers) { ["Link"] = brackets ? $"<{next}>; rel=\"next\"" : $"{next}; rel=\"next\"" } };
    }

    private static Fault? Referrers(FakeRegistry registry, ReceivedRequest request) => Is(request, "/referrers/") && registry.Content.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"/v2/team/app/manifests/{request.Path.Split('/')[^1].Replace(':', '-')}"), out byte[]? list)
        ? new Fault { Status = 200, Body = _ => list, Headers = Pairs(("Content-Type", MediaTypes.OciIndex), ("OCI-Filters-Applied", null)) }
        : null;
}
