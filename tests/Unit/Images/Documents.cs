namespace OciTools.UnitTests.Images;

/// <summary>Valid documents that the tests change.</summary>
internal static class Documents
{
    internal const string D1 = "sha256:c86f7763873b6c0aae22d963bab59b4f5debbed6685761b5951584f6efb0633b";
    internal const string D2 = "sha256:9d3dd9504c685a304985025df4ed0283e47ac9ffa9bd0326fddf4d59513f0827";

    internal const string Manifest = $$$"""
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x.a",
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1470,"digest":"{{{D1}}}"},
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":675598,"digest":"{{{D2}}}","urls":["https://e.com/x"],"annotations":{"k":"v"}}],
        "subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,"digest":"{{{D1}}}"},
        "annotations":{"key1":"value1"}}
        """;

    internal const string Index = $$$"""
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",
        "manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7143,"digest":"{{{D1}}}",
        "platform":{"architecture":"arm","os":"linux","variant":"v7","os.version":"1","os.features":["f"]},"artifactType":"application/x.b","annotations":{"a":"b"}}],
        "annotations":{"key1":"value1"}}
        """;

    internal const string Config = $$$"""
        {"created":"2015-10-31T22:22:56.015925234Z","author":"A","architecture":"arm64","os":"linux","variant":"v8","os.version":"1","os.features":["f"],
        "config":{"User":"1:1","ExposedPorts":{"8080/tcp":{}},"Env":["A=b"],"Entrypoint":["/e"],"Cmd":["c"],"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"l":"m"},
        "StopSignal":"SIGTERM","ArgsEscaped":true,"Healthcheck":{"Test":["CMD","x"],"Interval":1000000000,"Timeout":2000000000,"StartPeriod":3000000000,"StartInterval":4000000000,"Retries":3},"OnBuild":["RUN x"],"Shell":["/bin/sh"],"Memory":1,"MemorySwap":2,"CpuShares":3},
        "rootfs":{"type":"layers","diff_ids":["{{{D1}}}"]},
        "history":[{"created":"2015-10-31T22:22:54Z","created_by":"x","author":"A","comment":"c","empty_layer":true}]}
        """;

    internal static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    internal static void Parse(string kind, byte[] bytes, string? mediaType = null)
    {
        if (kind == "config") ImageConfig.Parse(bytes, "x");
        else ManifestDocument.Parse(bytes, "x", mediaType);
    }
}
