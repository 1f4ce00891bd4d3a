namespace OciTools.Stores.Http;

/// <summary>What a request tells the handlers on its way.</summary>
internal static class RequestMarks
{
    /// <summary>A secret in the body of the request.</summary>
    internal static HttpRequestOptionsKey<string> Secret { get; } = new("OciTools.Secret");

    /// <summary>A broken connection is not tried again: the caller finds out what the other side speaks.</summary>
    internal static HttpRequestOptionsKey<bool> Probe { get; } = new("OciTools.Probe");

    /// <summary>The request carries content whose pace is watched where it is read, so that no time limit holds for all of it.</summary>
    internal static HttpRequestOptionsKey<bool> Upload { get; } = new("OciTools.Upload");
}
