namespace OciTools.UnitTests.Engine;

/// <summary>Answers about one image, as engines of several kinds give them.</summary>
internal static class EngineAnswers
{
    internal const string ImageId = "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731";

    internal const string IndexDigest = "sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a";

    /// <summary>Docker 20.10, API 1.41.</summary>
    internal const string Docker20Inspect = """
        {
          "Id": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731",
          "RepoTags": ["app:1", "localhost:5000/some/app:two"],
          "RepoDigests": [],
          "Parent": "sha256:575ca241daff7027a2ff6b58f67a01cdb6fd291e8c81f828f939f8a0e14b4e3a",
          "Comment": "",
          "Created": "2026-11-24T16:59:11.147225253Z",
          "Container": "c5384869b8283255eba23469a242bd6e1bf7a84efce29513818be1545425e5f7",
          "ContainerConfig": {"Hostname": "vm", "User": "1000:1000", "Cmd": ["/bin/sh", "-c", "#(nop) ", "CMD [\"-c\" \"echo hi\"]"]},
          "DockerVersion": "20.10.24+dfsg1",
          "Author": "",
          "Config": {"Hostname": "", "Domainname": "", "User": "1000:1000", "AttachStdin": false, "AttachStdout": false, "AttachStderr": false, "ExposedPorts": {"53/udp": {}, "80/tcp": {}}, "Tty": false, "OpenStdin": false, "StdinOnce": false, "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1", "B=two words"], "Cmd": ["-c", "echo hi"], "Healthcheck": {"Test": ["CMD-SHELL", "/bin/true"], "Interval": 30000000000, "Timeout": 3000000000, "Retries": 2}, "Image": "sha256:575ca241daff7027a2ff6b58f67a01cdb6fd291e8c81f828f939f8a0e14b4e3a", "Volumes": {"/data": {}}, "WorkingDir": "/srv/app", "Entrypoint": ["/bin/sh"], "OnBuild": null, "Labels": {"org.example.title": "A title", "x": "y"}, "StopSignal": "SIGINT"},
          "Architecture": "amd64",
          "Os": "linux",
          "Size": 1985478,
          "VirtualSize": 1985478,
          "GraphDriver": {"Data": {"MergedDir": "/var/lib/docker/overlay2/521a/merged"}, "Name": "overlay2"},
          "RootFS": {"Type": "layers", "Layers": ["sha256:db7cb17f15e3f198c9d233188775ff25eaa6f67b139c41d1e3fdfb3fa6de4453", "sha256:cf2fe63d4c5ab0593b07b068d3cc38f229f1f3b8d077717ac1a5d009eedd77dd", "sha256:ec377d5b785c928bdbc324cb97000f4982f65c81d6858e145eea31b4ea0d29e3", "sha256:9fbafd64ca40c15cda4ad6283750c3b7940d615bbb654070d5cf99b56e41b597", "sha256:c6e7ea97cc325d2350cf7ff091ee585bdb539683df2878375bbb35d6234166e6"]},
          "Metadata": {"LastTagTime": "2026-11-24T16:59:11.229539205Z"}
        }
        """;

    /// <summary>Docker 20.10: the classic builder keeps the id of every step; WORKDIR and rm are layers without size.</summary>
    internal const string Docker20History = """
        [
          {"Comment": "", "Created": 1795539551, "CreatedBy": "/bin/sh -c #(nop)  CMD [\"-c\" \"echo hi\"]", "Id": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731", "Size": 0, "Tags": ["app:1", "localhost:5000/some/app:two"]},
          {"Comment": "", "Created": 1795539549, "CreatedBy": "/bin/sh -c rm greeting", "Id": "sha256:3fab56f2abc5aba0b3678e476328ebf7ce74900223ca3562a8be38f617a07d11", "Size": 0, "Tags": null},
          {"Comment": "", "Created": 1795539549, "CreatedBy": "/bin/sh -c echo hello > greeting", "Id": "sha256:c3239ff6052025722944294c7ac9c1566c6cc026d48b9131b43d9af22e42e0e9", "Size": 6, "Tags": null},
          {"Comment": "", "Created": 1795539549, "CreatedBy": "/bin/sh -c #(nop) WORKDIR /srv/app", "Id": "sha256:b18c4a4043dcc2d6006da4e55856725ea1136ec06ccd7fa18a0e559341dcc0eb", "Size": 0, "Tags": null},
          {"Comment": "", "Created": 1795539548, "CreatedBy": "/bin/sh -c #(nop)  ENV A=1 B=two words", "Id": "sha256:a33b60c28b0d4b474527f8e3d1b8c56e8853e4f55845930aa0f6a149867d4179", "Size": 0, "Tags": null},
          {"Comment": "", "Created": 1795539548, "CreatedBy": "/bin/busybox --install -s /bin", "Id": "sha256:b1889d9325dcba24ee89ca865b0bf6dba722e592133172c6699f36f8aafe7ee4", "Size": 3216, "Tags": null},
          {"Comment": "", "Created": 1795539548, "CreatedBy": "/bin/sh -c #(nop) ADD file:73e2b2d48642b21b357384b0cb81c1869cc5e0c48a00f61553756196058304b9 in /bin/ ", "Id": "sha256:e2b7068981bdb882c70ab953e54bfb9e38049aa164579d8dd2995043a6537c8d", "Size": 1982256, "Tags": null}
        ]
        """;

    /// <summary>Docker 28 on a graph driver, API 1.51: no descriptor.</summary>
    internal const string Docker28Inspect = """
        {
          "Id": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731",
          "RepoTags": ["app:1", "localhost:5000/some/app:two"],
          "RepoDigests": ["localhost:5000/some/app@sha256:aaaabbbbccccddddeeeeffff00001111222233334444555566667777888899aa"],
          "Parent": "sha256:575ca241daff7027a2ff6b58f67a01cdb6fd291e8c81f828f939f8a0e14b4e3a",
          "Comment": "",
          "Created": "2026-11-24T16:59:11.147225253Z",
          "DockerVersion": "20.10.24+dfsg1",
          "Author": "",
          "Config": {"User": "1000:1000", "ExposedPorts": {"53/udp": {}, "80/tcp": {}}, "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1", "B=two words"], "Cmd": ["-c", "echo hi"], "Healthcheck": {"Test": ["CMD-SHELL", "/bin/true"], "Interval": 30000000000, "Timeout": 3000000000, "Retries": 2}, "Volumes": {"/data": {}}, "WorkingDir": "/srv/app", "Entrypoint": ["/bin/sh"], "OnBuild": null, "Labels": {"org.example.title": "A title", "x": "y"}, "StopSignal": "SIGINT"},
          "Architecture": "amd64",
          "Os": "linux",
          "Size": 1985478,
          "GraphDriver": {"Data": {"MergedDir": "/var/lib/docker/overlay2/521a/merged"}, "Name": "overlay2"},
          "RootFS": {"Type": "layers", "Layers": ["sha256:db7cb17f15e3f198c9d233188775ff25eaa6f67b139c41d1e3fdfb3fa6de4453", "sha256:cf2fe63d4c5ab0593b07b068d3cc38f229f1f3b8d077717ac1a5d009eedd77dd", "sha256:ec377d5b785c928bdbc324cb97000f4982f65c81d6858e145eea31b4ea0d29e3", "sha256:9fbafd64ca40c15cda4ad6283750c3b7940d615bbb654070d5cf99b56e41b597", "sha256:c6e7ea97cc325d2350cf7ff091ee585bdb539683df2878375bbb35d6234166e6"]},
          "Metadata": {"LastTagTime": "2026-11-24T16:59:11.229539205Z"}
        }
        """;

    /// <summary>Docker 28 or 29 on containerd's store: the id is the digest of the index.</summary>
    internal const string ContainerdInspect = """
        {
          "Id": "sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a",
          "RepoTags": ["app:1", "localhost:5000/some/app:two"],
          "RepoDigests": ["app@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "localhost:5000/some/app@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a"],
          "Parent": "",
          "Comment": "buildkit.dockerfile.v0",
          "Created": "2026-11-24T16:59:11.147225253Z",
          "DockerVersion": "",
          "Author": "",
          "Config": {"User": "1000:1000", "ExposedPorts": {"53/udp": {}, "80/tcp": {}}, "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1", "B=two words"], "Cmd": ["-c", "echo hi"], "Healthcheck": {"Test": ["CMD-SHELL", "/bin/true"], "Interval": 30000000000, "Timeout": 3000000000, "Retries": 2}, "Volumes": {"/data": {}}, "WorkingDir": "/srv/app", "Entrypoint": ["/bin/sh"], "OnBuild": null, "Labels": {"org.example.title": "A title", "x": "y"}, "StopSignal": "SIGINT"},
          "Architecture": "arm64",
          "Os": "linux",
          "Size": 1985478,
          "GraphDriver": {"Data": null, "Name": "overlayfs"},
          "RootFS": {"Type": "layers", "Layers": ["sha256:db7cb17f15e3f198c9d233188775ff25eaa6f67b139c41d1e3fdfb3fa6de4453", "sha256:cf2fe63d4c5ab0593b07b068d3cc38f229f1f3b8d077717ac1a5d009eedd77dd", "sha256:ec377d5b785c928bdbc324cb97000f4982f65c81d6858e145eea31b4ea0d29e3", "sha256:9fbafd64ca40c15cda4ad6283750c3b7940d615bbb654070d5cf99b56e41b597", "sha256:c6e7ea97cc325d2350cf7ff091ee585bdb539683df2878375bbb35d6234166e6"]},
          "Metadata": {"LastTagTime": "2026-11-24T16:59:11.229539205Z"},
          "Descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "size": 856},
          "Variant": "v8"
        }
        """;

    /// <summary>Docker 28 or 29 on containerd's store, built by BuildKit: sizes are of the snapshots.</summary>
    internal const string ContainerdHistory = """
        [
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539551, "CreatedBy": "CMD [\"-c\" \"echo hi\"]", "Id": "sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "Size": 0, "Tags": ["app:1", "localhost:5000/some/app:two"]},
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539549, "CreatedBy": "RUN /bin/sh -c rm greeting # buildkit", "Id": "<missing>", "Size": 4096, "Tags": null},
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539549, "CreatedBy": "RUN /bin/sh -c echo hello > greeting # buildkit", "Id": "<missing>", "Size": 12288, "Tags": null},
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539549, "CreatedBy": "WORKDIR /srv/app", "Id": "<missing>", "Size": 8192, "Tags": null},
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539548, "CreatedBy": "ENV A=1 B=two words", "Id": "<missing>", "Size": 0, "Tags": null},
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539548, "CreatedBy": "RUN /bin/busybox --install -s /bin # buildkit", "Id": "<missing>", "Size": 16384, "Tags": null},
          {"Comment": "buildkit.dockerfile.v0", "Created": 1795539548, "CreatedBy": "ADD busybox /bin/ # buildkit", "Id": "<missing>", "Size": 1990656, "Tags": null}
        ]
        """;

    /// <summary>Podman 4.3, API 1.41: OsVersion is the version of the builder, the health check is missing.</summary>
    internal const string Podman4Inspect = """
        {
          "Id": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731",
          "RepoTags": ["localhost/app:1"],
          "RepoDigests": ["localhost/app@sha256:fb25056eb5a67ac9551c37d66d6601ba2517614cb7a9de79b6b89e6b7b2cb325"],
          "Parent": "",
          "Comment": "",
          "Created": "2026-11-24T16:59:11.147225253Z",
          "Container": "",
          "ContainerConfig": {},
          "DockerVersion": "20.10.24+dfsg1",
          "Author": "",
          "Config": {"Hostname": "", "Domainname": "", "User": "1000:1000", "AttachStdin": false, "AttachStdout": false, "AttachStderr": false, "ExposedPorts": {"53/udp": {}, "80/tcp": {}}, "Tty": false, "OpenStdin": false, "StdinOnce": false, "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1", "B=two words"], "Cmd": ["-c", "echo hi"], "Image": "", "Volumes": {"/data": {}}, "WorkingDir": "/srv/app", "Entrypoint": ["/bin/sh"], "OnBuild": null, "Labels": {"org.example.title": "A title", "x": "y"}, "StopSignal": "SIGINT"},
          "Architecture": "amd64",
          "Os": "linux",
          "OsVersion": "20.10.24+dfsg1",
          "Size": 2136772,
          "VirtualSize": 2136772,
          "GraphDriver": {"Data": null, "Name": "vfs"},
          "RootFS": {"Type": "layers", "Layers": ["sha256:db7cb17f15e3f198c9d233188775ff25eaa6f67b139c41d1e3fdfb3fa6de4453", "sha256:cf2fe63d4c5ab0593b07b068d3cc38f229f1f3b8d077717ac1a5d009eedd77dd", "sha256:ec377d5b785c928bdbc324cb97000f4982f65c81d6858e145eea31b4ea0d29e3", "sha256:9fbafd64ca40c15cda4ad6283750c3b7940d615bbb654070d5cf99b56e41b597", "sha256:c6e7ea97cc325d2350cf7ff091ee585bdb539683df2878375bbb35d6234166e6"]},
          "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"}
        }
        """;

    /// <summary>Podman 4.3, its own call.</summary>
    internal const string Podman4Libpod = """
        {
          "Id": "915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731",
          "Digest": "sha256:fb25056eb5a67ac9551c37d66d6601ba2517614cb7a9de79b6b89e6b7b2cb325",
          "RepoTags": ["localhost/app:1"],
          "Created": "2026-11-24T16:59:11.147225253Z",
          "Healthcheck": {"Test": ["CMD-SHELL", "/bin/true"], "Interval": 30000000000, "Timeout": 3000000000, "Retries": 2},
          "ManifestType": "application/vnd.docker.distribution.manifest.v2+json"
        }
        """;

    /// <summary>Podman 4.3: ids without their algorithm, sizes are of the tars.</summary>
    internal const string Podman4History = """
        [
          {"Id": "915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731", "Created": 1795539551, "CreatedBy": "/bin/sh -c #(nop)  CMD [\"-c\" \"echo hi\"]", "Tags": null, "Size": 0, "Comment": ""},
          {"Id": "<missing>", "Created": 1795539549, "CreatedBy": "/bin/sh -c rm greeting", "Tags": null, "Size": 2560, "Comment": ""},
          {"Id": "<missing>", "Created": 1795539549, "CreatedBy": "/bin/sh -c echo hello > greeting", "Tags": null, "Size": 3072, "Comment": ""},
          {"Id": "<missing>", "Created": 1795539549, "CreatedBy": "/bin/sh -c #(nop) WORKDIR /srv/app", "Tags": null, "Size": 2048, "Comment": ""},
          {"Id": "<missing>", "Created": 1795539548, "CreatedBy": "/bin/sh -c #(nop)  ENV A=1 B=two words", "Tags": null, "Size": 0, "Comment": ""},
          {"Id": "<missing>", "Created": 1795539548, "CreatedBy": "/bin/busybox --install -s /bin", "Tags": null, "Size": 138752, "Comment": ""},
          {"Id": "<missing>", "Created": 1795539548, "CreatedBy": "/bin/sh -c #(nop) ADD file:73e2b2d48642b21b357384b0cb81c1869cc5e0c48a00f61553756196058304b9 in /bin/ ", "Tags": null, "Size": 1984512, "Comment": ""}
        ]
        """;

    /// <summary>Docker 20.10: an image with one tag, one dangling, one with two tags.</summary>
    internal const string Docker20List = """
        [
          {"Containers": -1, "Created": 1795539569, "Id": "sha256:64312507009fa2e4d102d3f67932aa088fa2fc48d2da528bd04b4df044807e6b", "Labels": {"org.example.title": "A title", "x": "y", "z": "2"}, "ParentId": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731", "RepoDigests": null, "RepoTags": ["dang:1"], "SharedSize": -1, "Size": 1985478, "VirtualSize": 1985478},
          {"Containers": -1, "Created": 1795539568, "Id": "sha256:3ab202b9b2d7713982c78951f775f5680c7d846486dd2ac43bcfe5840614e567", "Labels": {"org.example.title": "A title", "x": "y", "z": "1"}, "ParentId": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731", "RepoDigests": ["<none>@<none>"], "RepoTags": ["<none>:<none>"], "SharedSize": -1, "Size": 1985478, "VirtualSize": 1985478},
          {"Containers": -1, "Created": 1795539551, "Id": "sha256:915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731", "Labels": {"org.example.title": "A title", "x": "y"}, "ParentId": "sha256:575ca241daff7027a2ff6b58f67a01cdb6fd291e8c81f828f939f8a0e14b4e3a", "RepoDigests": ["localhost:5000/some/app@sha256:aaaabbbbccccddddeeeeffff00001111222233334444555566667777888899aa"], "RepoTags": ["app:1", "localhost:5000/some/app:two"], "SharedSize": -1, "Size": 1985478, "VirtualSize": 1985478}
        ]
        """;

    /// <summary>Docker 28 or 29 on containerd's store: a tag, and an image that was pulled by digest.</summary>
    internal const string ContainerdList = """
        [
          {"Containers": -1, "Created": 1795539551, "Id": "sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "Labels": null, "ParentId": "", "Descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a", "size": 856}, "RepoDigests": ["app@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a"], "RepoTags": ["app:1"], "SharedSize": -1, "Size": 1990656},
          {"Containers": -1, "Created": 0, "Id": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "Labels": null, "ParentId": "", "Descriptor": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "size": 400}, "RepoDigests": ["ghcr.io/org/tool@sha256:2222222222222222222222222222222222222222222222222222222222222222"], "RepoTags": ["ghcr.io/org/tool@sha256:2222222222222222222222222222222222222222222222222222222222222222"], "SharedSize": -1, "Size": 10}
        ]
        """;

    /// <summary>Podman 5: ids without their algorithm, a dangling image with empty lists.</summary>
    internal const string Podman5List = """
        [
          {"Id": "915df609aac407101c62a29b8082038df599078efa4fa4fc4b1e16f438412731", "ParentId": "", "RepoTags": ["localhost/app:1"], "RepoDigests": ["localhost/app@sha256:fb25056eb5a67ac9551c37d66d6601ba2517614cb7a9de79b6b89e6b7b2cb325"], "Created": 1795539551, "Size": 2136772, "SharedSize": 0, "VirtualSize": 2136772, "Labels": null, "Containers": 0, "Arch": "amd64", "Os": "linux", "Digest": "sha256:fb25056eb5a67ac9551c37d66d6601ba2517614cb7a9de79b6b89e6b7b2cb325", "Names": ["localhost/app:1"], "IsManifestList": false},
          {"Id": "3333333333333333333333333333333333333333333333333333333333333333", "ParentId": "", "RepoTags": [], "RepoDigests": [], "Created": 1795539000, "Size": 5, "SharedSize": 0, "VirtualSize": 5, "Labels": null, "Containers": 0, "Dangling": true}
        ]
        """;
}
