namespace OciTools.Stores.Http;

/// <summary>Where requests are told of. Secrets never reach it: addresses and headers are redacted before. It may be called from any thread.</summary>
public interface IRequestLog
{
    /// <summary>One line per request or decision: method, address, status, bytes, time.</summary>
    /// <param name="line">The line, without control characters.</param>
    void Request(string line);

    /// <summary>Headers and other details.</summary>
    /// <param name="line">The line, without control characters.</param>
    void Detail(string line);
}
