using System.Text;

namespace OciTools.UnitTests.Support;

/// <summary>How a registry deletes.</summary>
internal enum Deletion
{
    /// <summary>As the specification has it: a tag alone, a manifest with its tags.</summary>
    Specified,

    /// <summary>As docker-registry 2.8.2 does: no tags, and a manifest with all its tags.</summary>
    DigestsOnly,

    /// <summary>Tags, but no manifests.</summary>
    TagsOnly,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>A tag with its manifest and all other tags of it.</summary>
    TagTakesManifest,

    /// <summary>Says that tags are deleted, and keeps them; manifests as 2.8.2.</summary>
    TagsAreKept,

    /// <summary>Manifests that it has fail with 500; others are not there.</summary>
    DigestsFail,

    /// <summary>Says that manifests are deleted, and keeps them.</summary>
    DigestsAreKept,
}

/// <summary>The repository <c>app</c> of a <see cref="FakeRegistry"/>, with tags that stand for manifests, and deletion.</summary>
internal sealed class FakeRepository
{
    private readonly Dictionary<string, (byte[] Bytes, string MediaType)> _manifests = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    internal FakeRepository(FakeRegistry registry, Deletion deletion)
    {
        Deletion = deletion;
        _ = new FakeUploads(registry) { Before = Answer };
    }

    internal Deletion Deletion { get; set; }

    /// <summary>What each tag stands for.</summary>
    internal Dictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    internal IReadOnlyCollection<string> Manifests => _manifests.Keys;

    /// <summary>Asked first; null goes on.</summary>
    internal Func<ReceivedRequest, Fault?>? Before { get; set; }

    internal string AddImage(string seed, params string[] tags) => Add(MediaTypes.OciManifest, $$"""
        {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[],"annotations":{"seed":"{{seed}}"} }
        """, tags);

    internal string AddIndex(string seed, IEnumerable<string> children, params string[] tags) => Add(MediaTypes.OciIndex, $$"""
        {"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', children.Select(child =>
            $$"""{"mediaType":"{{_manifests.GetValueOrDefault(child).MediaType ?? MediaTypes.OciManifest}}","digest":"{{child}}","size":{{_manifests.GetValueOrDefault(child).Bytes?.Length ?? 7}}}"""))}}],"annotations":{"seed":"{{seed}}"} }
        """, tags);

    internal string Add(string mediaType, string json, params string[] tags)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        string digest = Digest.Compute(bytes).ToString();
        _manifests[digest] = (bytes, mediaType);
        foreach (string tag in tags) Tags[tag] = digest;
        return digest;
    }

    private Fault? Answer(ReceivedRequest request)
    {
        if (Before?.Invoke(request) is { } fault) return fault;
        lock (_lock)
        {
            if (request.Path == "/v2/app/tags/list") return Fault.Json(200, $$"""{"name":"app","tags":[{{string.Join(',', Tags.Keys.Select(tag => $"\"{tag}\""))}}]}""");
            const string Manifest = "/v2/app/manifests/";
            if (!request.Path.StartsWith(Manifest, StringComparison.Ordinal)) return null;
            string name = request.Path[Manifest.Length..];
            return request.Method switch
            {
                "PUT" => Put(name, request),
                "DELETE" => Fault.Json(Delete(name), """{"errors":[{"code":"UNSUPPORTED","message":"as the test wants it"}]}"""),
                _ => Get(name),
            };
        }
    }

    private Fault Get(string name)
    {
        string digest = Tags.GetValueOrDefault(name, name);
        if (!_manifests.TryGetValue(digest, out (byte[] Bytes, string MediaType) found)) return new Fault { Status = 404 };
        return new Fault { Status = 200, Body = _ => found.Bytes, Headers = new Dictionary<string, string?> { ["Content-Type"] = found.MediaType, ["Docker-Content-Digest"] = digest } };
    }

    private Fault Put(string name, ReceivedRequest request)
    {
        string digest = Digest.Compute(request.Body).ToString();
        _manifests[digest] = (request.Body, request.Header("Content-Type")!);
        if (!name.Contains(':', StringComparison.Ordinal)) Tags[name] = digest;
        return new Fault { Status = 201 };
    }

    private int Delete(string name)
    {
        bool isTag = !name.Contains(':', StringComparison.Ordinal);
        if (Deletion == Deletion.None || (isTag ? Deletion is Deletion.DigestsOnly or Deletion.DigestsFail or Deletion.DigestsAreKept : Deletion == Deletion.TagsOnly)) return isTag ? 400 : 405;
        if (isTag ? !Tags.ContainsKey(name) : !_manifests.ContainsKey(name)) return 404;
        if (isTag ? Deletion == Deletion.TagsAreKept : Deletion == Deletion.DigestsAreKept) return 202;
        if (!isTag && Deletion == Deletion.DigestsFail) return 500;
        if (isTag && Deletion != Deletion.TagTakesManifest)
        {
            Tags.Remove(name);
            return 202;
        }

        string digest = isTag ? Tags[name] : name;
        _manifests.Remove(digest);
        foreach (string tag in Tags.Where(tag => tag.Value == digest).Select(tag => tag.Key).ToArray()) Tags.Remove(tag);
        return 202;
    }
}
