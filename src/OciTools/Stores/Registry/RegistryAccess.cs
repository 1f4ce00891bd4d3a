using System.Net;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>How a registry is reached, for the registry of one call. Nothing here holds for token servers or redirect targets on other hosts.</summary>
public sealed record RegistryAccess
{
    /// <summary>The credential that the user gave; null to look into the stores of Docker and Podman.</summary>
    public NetworkCredential? Credential { get; init; }

    /// <summary>Hosts, with a port where it is not the usual one, that may get the credential as token servers, beside those of the environment variable <c>OCITOOLS_TRUSTED_REALMS</c>.</summary>
    public IReadOnlyList<string> TrustedRealms { get; init; } = [];

    /// <summary>Whether the registry's certificate is taken without a check.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>Whether the registry is asked without TLS.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Where requests are told of; null for nowhere.</summary>
    public IRequestLog? Log { get; init; }

    /// <summary>Where certificates are looked for.</summary>
    internal CertificateFolders Certificates { get; init; } = new();

    /// <summary>Where the variable with trusted realms is read.</summary>
    internal UserEnvironment Environment { get; init; } = UserEnvironment.Current;

    /// <summary>How slowly bodies may come.</summary>
    internal BodyPace Pace { get; init; } = BodyPace.Default;
}
