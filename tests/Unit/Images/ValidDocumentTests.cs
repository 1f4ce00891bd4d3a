namespace OciTools.UnitTests.Images;

public sealed class ValidDocumentTests
{
    private const string Empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    // the descriptor cases of the image-spec's schema tests; false: refused
    [Theory]
    [InlineData("""{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7682,"digest":"D1"}""", true)]
    [InlineData("""{"mediaType":"application/octet-stream","size":0,"digest":"D1"}""", true)]
    [InlineData("""{"size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"application","size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"","size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":".foo/bar","size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"foo/.bar","size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"L127/L127","size":7682,"digest":"D1"}""", true)]
    [InlineData("""{"mediaType":"L128/bar","size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"foo/L128","size":7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"a/b","digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":"7682","digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":-7682,"digest":"D1"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":":5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"sha256"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"SHA256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"sha256:5B0BCABD1ED22E9FB1310CF6C2DEC7CDEF19F0AD69EFA1F392E94A4333501270"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"D1","urls":["https://example.com/foo"]}""", true)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"D1","artifactType":"application/vnd.x"}""", true)]
    [InlineData("""{"mediaType":"text/plain","size":34,"data":"aHR0cHM6Ly9naXRodWIuY29tL29wZW5jb250YWluZXJzCg==","digest":"sha256:2690af59371e9eca9453dc29882643f46e5ca47ec2862bd517b5e17351325153"}""", true)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"sha256+foo+-b:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b"}""", false)]
    // the specification lets these through as unknown algorithms or unchecked text; here a digest must be provable, and URLs are never followed
    [InlineData("""{"mediaType":"a/b","size":1470,"digest":"sha256+b64:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":1470,"digest":"multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"}""", false)]
    [InlineData("""{"mediaType":"a/b","size":7682,"digest":"D1","urls":["value"]}""", true)]
    public void A_descriptor_is_taken_or_refused_as_the_specification_says(string descriptor, bool valid)
    {
        descriptor = descriptor.Replace("D1", Documents.D1, StringComparison.Ordinal).Replace("L127", new string('1', 127), StringComparison.Ordinal).Replace("L128", new string('1', 128), StringComparison.Ordinal);
        byte[] bytes = Documents.Bytes($$"""{"schemaVersion":2,"manifests":[{{descriptor}}]}""");
        if (valid) Assert.Single(Assert.IsType<ImageIndex>(ManifestDocument.Parse(bytes, "x")).Manifests);
        else Assert.Throws<MalformedException>(() => ManifestDocument.Parse(bytes, "x"));
    }

    [Fact]
    public void A_manifest_gives_all_its_parts()
    {
        byte[] bytes = Documents.Bytes(Documents.Manifest);
        ImageManifest manifest = Assert.IsType<ImageManifest>(ManifestDocument.Parse(bytes, "r/x:1", "application/vnd.oci.image.manifest.v1+json; charset=utf-8"));
        Assert.Equal(("r/x:1", MediaTypes.OciManifest, "application/x.a", (long)bytes.Length), (manifest.Image, manifest.MediaType, manifest.ArtifactType, manifest.Size));
        Assert.Equal((MediaTypes.OciConfig, 1470L, Documents.D1), (manifest.Config.MediaType, manifest.Config.Size, manifest.Config.Digest));
        Assert.Equal((MediaTypes.OciLayerGzip, 675598L, Documents.D2, "https://e.com/x", "v"), (manifest.Layers[0].MediaType, manifest.Layers[0].Size, manifest.Layers[0].Digest, manifest.Layers[0].Urls[0], manifest.Layers[0].Annotations["k"]));
        Assert.Equal(Documents.D1, manifest.Subject!.Digest);
        Assert.Equal("value1", manifest.Annotations["key1"]);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), manifest.Digest);
        Assert.Equal(bytes, manifest.GetBytes());
        manifest.GetBytes()[0] = 0;
        Assert.Equal((byte)'{', manifest.GetBytes()[0]);
        Assert.Equal("r/x:1", manifest.ToString());
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":"D1"},"layers":[]}""", null, MediaTypes.OciManifest, 0)]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":"D1"},"layers":null,"annotations":null,"subject":null,"artifactType":null,"mediaType":null}""", null, MediaTypes.OciManifest, 0)]
    [InlineData("""{"schemaVersion":2,"mediaType":"","artifactType":"","config":{"mediaType":"a/b","size":1,"digest":"D1"},"layers":[]}""", MediaTypes.DockerManifest, MediaTypes.DockerManifest, 0)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/octet-stream","size":3210,"digest":"D1"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":1,"digest":"D2"}]}""", "application/json", MediaTypes.DockerManifest, 1)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":"D1","platform":{}},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","size":1,"digest":"D2","urls":["https://mcr.example/x"]}]}""", "text/plain", MediaTypes.OciManifest, 1)]
    public void Manifests_without_optional_parts_and_of_old_makes_are_taken(string text, string? outer, string type, int layers)
    {
        ImageManifest manifest = Assert.IsType<ImageManifest>(ManifestDocument.Parse(Fill(text), "x", outer));
        Assert.Equal((type, layers, null, null), (manifest.MediaType, manifest.Layers.Count, manifest.ArtifactType, manifest.Subject));
        Assert.Empty(manifest.Annotations);
        Assert.Null(manifest.Config.Platform);
    }

    [Fact]
    public void An_artifact_with_an_empty_config_is_no_container_image()
    {
        ImageManifest manifest = Assert.IsType<ImageManifest>(ManifestDocument.Parse(Fill($$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example+type",
            "config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"{{{Empty}}}","data":"e30="},
            "layers":[{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"{{{Empty}}}","data":"e30="}],
            "subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1234,"digest":"D1"}}
            """), "x"));
        Assert.False(manifest.IsContainerImage);
        Assert.Equal("{}"u8.ToArray(), manifest.Config.GetData());
        Assert.Equal(Documents.D1, manifest.Subject!.Digest);
    }

    [Fact]
    public void An_index_gives_platforms_children_and_attestations()
    {
        ImageIndex index = Assert.IsType<ImageIndex>(ManifestDocument.Parse(Fill("""
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[
            {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":1,"digest":"D1","platform":{"architecture":"amd64","os":"windows","os.version":"10.0.17763.1","os.features":["win32k"],"features":["sse4"]}},
            {"mediaType":"application/vnd.docker.distribution.manifest.v1+json","size":1,"digest":"D2","platform":{"architecture":"arm","os":"linux","variant":"armv7"}},
            {"mediaType":"application/vnd.oci.image.index.v1+json","size":1,"digest":"D2"},
            {"mediaType":"application/customized.manifest+json","size":1,"digest":"D2","platform":{}},
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"D2","platform":{"architecture":"unknown","os":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"D1"}}]}
            """), "x"));
        Assert.Equal(MediaTypes.DockerList, index.MediaType);
        Assert.Equal(5, index.Manifests.Count);
        Assert.Equal(["windows/amd64:10.0.17763.1", "linux/arm/armv7"], index.Platforms);
        Assert.Equal(["win32k"], index.Manifests[0].GetPlatform()!.OSFeatures);
        Assert.True(index.Manifests[4].IsAttestation);
        Assert.Equal((null, null), (index.Manifests[2].Platform, index.Manifests[3].Platform));
        Assert.Empty(Assert.IsType<ImageIndex>(ManifestDocument.Parse(Fill("""{"schemaVersion":2,"manifests":null}"""), "x")).Manifests);
    }

    private static byte[] Fill(string text) =>
        Documents.Bytes(text.Replace("\"D1\"", $"\"{Documents.D1}\"", StringComparison.Ordinal).Replace("\"D2\"", $"\"{Documents.D2}\"", StringComparison.Ordinal));
}
