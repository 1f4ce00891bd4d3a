namespace OciTools.UnitTests.Images;

public sealed class AmbiguousDocumentTests(ITestOutputHelper output)
{
    private static readonly (string Kind, string Text, string[] Keys)[] s_documents =
    [
        ("manifest", Documents.Manifest, ["schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations", "size", "digest", "urls"]),
        ("index", Documents.Index, ["schemaVersion", "mediaType", "manifests", "annotations", "size", "digest", "platform", "artifactType", "architecture", "os", "variant", "os.version", "os.features"]),
        ("config", Documents.Config,
        [
            "created", "author", "architecture", "os", "variant", "os.version", "os.features", "config", "rootfs", "history", "type", "diff_ids", "created_by", "comment", "empty_layer",
            "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "ArgsEscaped", "Healthcheck", "OnBuild", "Shell", "Memory", "MemorySwap", "CpuShares",
            "Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries",
        ]),
    ];

    // Every place where a known key stands gets a sibling: the same key in another case, by Unicode folding, again, and again by escapes.
    private static IEnumerable<(string Name, string Kind, string Text)> Siblings()
    {
        foreach ((string kind, string text, string[] keys) in s_documents)
            foreach (string key in keys)
            {
                string quoted = $"\"{key}\":";
                for (int at = text.IndexOf(quoted, StringComparison.Ordinal); at >= 0; at = text.IndexOf(quoted, at + 1, StringComparison.Ordinal))
                    foreach (string other in Variants(key))
                        yield return ($"{kind}: {other} beside {key} at {at}", kind, text.Insert(at, $"\"{other}\":null,"));
            }
    }

    private static HashSet<string> Variants(string key)
    {
        HashSet<string> variants = [key, key.ToUpperInvariant(), char.IsUpper(key[0]) ? char.ToLowerInvariant(key[0]) + key[1..] : char.ToUpperInvariant(key[0]) + key[1..]];
        variants.Add($"\\u{(int)key[0]:x4}{key[1..]}");
        variants.Add($"{key[..^1]}\\u{(int)key[^1]:X4}");
        variants.Add($"\\u{(int)char.ToUpperInvariant(key[0]):x4}{key[1..].ToUpperInvariant()}");
        if (key.Contains('s', StringComparison.OrdinalIgnoreCase)) variants.Add(key.Replace('s', '\u017F').Replace('S', '\u017F'));
        if (key.Contains('k', StringComparison.OrdinalIgnoreCase)) variants.Add(key.Replace("k", "\\u212A", StringComparison.Ordinal));
        return variants;
    }

    [Fact]
    public void A_known_key_twice_or_in_another_case_is_refused_at_every_level()
    {
        int tried = 0, held = 0;
        foreach ((string name, string kind, string text) in Siblings())
        {
            tried++;
            try
            {
                Documents.Parse(kind, Documents.Bytes(text));
                output.WriteLine("taken: " + name);
            }
            catch (MalformedException e) when (e.ErrorId == "AmbiguousDocument")
            {
                held++;
            }
        }

        output.WriteLine($"ambiguous keys: tried {tried}, held {held}");
        Assert.True(tried >= 150);
        Assert.Equal(tried, held);
    }

    // the same variant instead of the key itself: to .NET the key is absent, to Go it is there
    [Fact]
    public void A_known_key_only_in_another_case_is_refused()
    {
        int tried = 0;
        foreach ((string kind, string text, string[] keys) in s_documents)
            foreach (string key in keys)
                foreach (string other in Variants(key).Where(v => !v.Contains('\\', StringComparison.Ordinal) && v != key))
                {
                    tried++;
                    Assert.Equal("AmbiguousDocument", Assert.Throws<MalformedException>(() =>
                        Documents.Parse(kind, Documents.Bytes(text.Replace($"\"{key}\":", $"\"{other}\":", StringComparison.Ordinal)))).ErrorId);
                }

        Assert.True(tried >= s_documents.Sum(document => document.Keys.Length));
    }

    public static TheoryData<string, string, string, string?> TwoReadings() => new()
    {
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"subject\"", "\"manifests\":[],\"subject\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"subject\"", "\"manifests\":null,\"subject\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"subject\"", "\"fsLayers\":[],\"subject\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"subject\"", "\"FSLayers\":[],\"subject\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"subject\"", "\"Manifests\":[],\"subject\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "index", Documents.Index.Replace("\"manifests\"", "\"layers\":[],\"manifests\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "index", Documents.Index.Replace("\"manifests\"", "\"config\":{},\"manifests\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "index", Documents.Index.Replace("\"manifests\"", "\"fsLayers\":[],\"manifests\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "index", Documents.Index.Replace("\"manifests\"", "\"layerS\":[],\"manifests\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest, MediaTypes.OciIndex },
        { "AmbiguousDocument", "manifest", Documents.Manifest, MediaTypes.DockerManifest },
        { "AmbiguousDocument", "manifest", Documents.Manifest, MediaTypes.DockerSchema1 },
        { "AmbiguousDocument", "manifest", Documents.Manifest, "APPLICATION/vnd.oci.image.index.v1+json; charset=utf-8" },
        { "AmbiguousDocument", "index", Documents.Index, MediaTypes.OciManifest },
        { "AmbiguousDocument", "index", Documents.Index, MediaTypes.DockerList },
        { "AmbiguousDocument", "index", Documents.Index.Replace("image.index.v1", "image.manifest.v1", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"art", "\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"art", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"art", "\"art", StringComparison.Ordinal), MediaTypes.OciIndex },
        { "ManifestSchema1", "manifest", """{"schemaVersion":1,"name":"a","tag":"b","architecture":"amd64","fsLayers":[],"history":[],"signatures":[]}""", null },
        { "ManifestSchema1", "manifest", """{"schemaVersion":1,"fsLayers":[]}""", MediaTypes.DockerSchema1Signed },
        { "ManifestSchema1", "manifest", """{"schemaVersion":1}""", null },
        { "ManifestSchema1", "manifest", """{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}""", null },
        { "UnsupportedContent", "manifest", "{}", null },
        { "UnsupportedContent", "manifest", """{"schemaVersion":2}""", null },
        { "UnsupportedContent", "manifest", Documents.Manifest.Replace("\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"art", "\"mediaType\":\"invalid\",\"art", StringComparison.Ordinal), null },
        { "UnsupportedContent", "manifest", """{"errors":[{"code":"DENIED"}]}""", "application/json" },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"key1\":\"value1\"", "\"k\":\"1\",\"k\":\"2\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"k\":\"v\"", "\"k\":\"1\",\"\\u006b\":\"2\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"key1\":\"value1\"", "\"a\\/b\":\"1\",\"a/b\":\"2\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", Documents.Manifest.Replace("\"subject\"", "\"x\":{\"y\":[{\"z\":1,\"\\u007a\":2}]},\"subject\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "config", Documents.Config.Replace("\"l\":\"m\"", "\"l\":\"m\",\"l\":\"n\"", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "config", Documents.Config.Replace("\"8080/tcp\":{}", "\"8080/tcp\":{},\"8080\\/tcp\":{}", StringComparison.Ordinal), null },
        { "AmbiguousDocument", "manifest", """{"schemaVersion":2,"\u006danifests":[],"manifests":[]}""", null },
        { "AmbiguousDocument", "manifest", """{"schemaVersion":2,"manifests":[],"\u006d\u0061\u006e\u0069\u0066\u0065\u0073\u0074\u0073":[]}""", null },
        { "AmbiguousDocument", "manifest", """{"schemaVersion":2,"\u006danifests":[],"layers":[]}""", null },
        { "AmbiguousDocument", "manifest", """{"schemaVersion":2,"\ud83d\ude00":1,"😀":2,"manifests":[]}""", null },
    };

    [Theory, MemberData(nameof(TwoReadings))]
    public void A_document_with_two_readings_or_of_another_kind_is_named_as_that(string id, string kind, string text, string? mediaType) =>
        Assert.Equal(id, Assert.ThrowsAny<OciException>(() => Documents.Parse(kind, Documents.Bytes(text), mediaType)).ErrorId);

    [Fact]
    public void Keys_that_users_choose_are_free()
    {
        const string Free = "\"Config\":\"1\",\"Layers\":\"2\",\"MediaType\":\"3\",\"SIZE\":\"4\",\"digeſt\":\"5\",\"os\":\"6\",\"OS\":\"7\",\"config\":\"8\",\"Manifests\":\"9\"";
        ImageManifest manifest = (ImageManifest)ManifestDocument.Parse(Documents.Bytes(Documents.Manifest
            .Replace("\"key1\":\"value1\"", Free, StringComparison.Ordinal).Replace("\"k\":\"v\"", Free, StringComparison.Ordinal)), "x");
        Assert.Equal(9, manifest.Annotations.Count);
        Assert.Equal("6", manifest.Layers[0].Annotations["os"]);
        string members = string.Join(',', Free.Split(',').Select(m => m[..m.IndexOf(':', StringComparison.Ordinal)] + ":{}"));
        ImageConfig config = ImageConfig.Parse(Documents.Bytes(Documents.Config.Replace("\"l\":\"m\"", Free, StringComparison.Ordinal)
            .Replace("\"8080/tcp\":{}", members, StringComparison.Ordinal).Replace("\"/v\":{}", members, StringComparison.Ordinal)), "x");
        Assert.Equal((9, 9, 9), (config.Labels.Count, config.ExposedPorts.Count, config.Volumes.Count));
        ManifestDocument.Parse(Documents.Bytes(Documents.Manifest.Replace("\"subject\"", "\"x\":{\"Config\":1,\"config\":2},\"signature\":1,\"subject\"", StringComparison.Ordinal)), "x");
    }
}
