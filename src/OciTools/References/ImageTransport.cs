namespace OciTools;

/// <summary>The kinds of places where images lie, by the transport names that skopeo, podman and buildah use.</summary>
public enum ImageTransport
{
    /// <summary>A registry: <c>docker://</c>, or no transport.</summary>
    Registry,

    /// <summary>The local engine: <c>docker-daemon:</c>.</summary>
    DockerDaemon,

    /// <summary>An OCI layout directory: <c>oci:</c>.</summary>
    Oci,

    /// <summary>An OCI layout in a tar: <c>oci-archive:</c>.</summary>
    OciArchive,

    /// <summary>A tar as <c>docker save</c> writes it: <c>docker-archive:</c>.</summary>
    DockerArchive,

    /// <summary>A file or directory whose kind is found by looking at it.</summary>
    Path,
}
