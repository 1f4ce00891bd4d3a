namespace OciTools.Stores.Http;

/// <summary>What OciTools takes from third-party packages, in terms of framework types only.</summary>
public interface IAdapters
{
    /// <summary>
    /// The HTTP chain for a policy: retries of idempotent requests over a tuned connection pool. Calls with an equal policy give chains
    /// over the same pool, as long as the proxies of the environment and the certificates of the folder stay the same; other policies never
    /// share a connection. Redirects are not followed, cookies are not kept, bodies are not inflated.
    /// </summary>
    /// <param name="policy">What holds for every connection of the pool.</param>
    /// <exception cref="OciException">A certificate is none (<c>CertificateRefused</c>) or cannot be read (<c>ReadFailed</c>), or a variable names no proxy (<c>ConnectionFailed</c>).</exception>
    HttpMessageInvoker Http(HttpPolicy policy);

    /// <summary>Inflates zstd: all frames, window up to <see cref="Limits.ZstdWindowLog"/>; a stream cut short throws <see cref="InvalidDataException"/> or <see cref="EndOfStreamException"/>.</summary>
    /// <param name="compressed">The frames; closed with the result.</param>
    Stream Inflate(Stream compressed);
}
