namespace OciTools.Stores.Http;

/// <summary>What holds for every connection of one pool. Two requests share connections only if their policies are equal.</summary>
public sealed record HttpPolicy
{
    /// <summary>Whether the server's certificate is taken without a check.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>A folder as in Docker's <c>certs.d</c>: CAs in <c>*.crt</c>, client certificates in <c>*.cert</c> with <c>*.key</c>; null for none.</summary>
    public string? CertificateFolder { get; init; }

    /// <summary>The path of a Unix socket that every connection goes to; null for TCP.</summary>
    public string? UnixSocket { get; init; }

    /// <summary>The name of a Windows pipe that every connection goes to; null for TCP.</summary>
    public string? NamedPipe { get; init; }

    /// <summary>Whether proxies from the environment are used.</summary>
    public bool UseProxy { get; init; } = true;

    /// <summary>Whether idempotent requests are tried again.</summary>
    public bool Retry { get; init; } = true;

    /// <summary>Whether addresses of this computer and its link are refused, after names are resolved: for targets that another server named.</summary>
    public bool RefuseLocalAddresses { get; init; }

    /// <summary>The longest time until the headers of an answer are there; null for none.</summary>
    public TimeSpan? ResponseTimeout { get; init; }
}
