using Microsoft.AspNetCore.Http;

namespace OciTools.UnitTests.Support;

/// <summary>How one answer of a <see cref="FakeRegistry"/> differs from the right one.</summary>
internal sealed record Fault
{
    /// <summary>Another status; without <see cref="Body"/> the body stays empty.</summary>
    internal int? Status { get; init; }

    /// <summary>Headers to set; a null value removes the header.</summary>
    internal IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>();

    /// <summary>Changes the body.</summary>
    internal Func<byte[], byte[]>? Body { get; init; }

    /// <summary>Closes the connection after so many bytes of the body.</summary>
    internal long? CutAt { get; init; }

    /// <summary>Sends nothing more after so many bytes of the body, and keeps the connection.</summary>
    internal long? StallAt { get; init; }

    /// <summary>Sends the body byte by byte with this pause.</summary>
    internal TimeSpan? Drip { get; init; }

    /// <summary>Waits before the answer.</summary>
    internal TimeSpan Delay { get; init; }

    /// <summary>Closes the connection without any answer.</summary>
    internal bool Reset { get; init; }

    /// <summary>Answers wholly by itself.</summary>
    internal Func<HttpContext, Task>? Answer { get; init; }

    internal static Fault Redirect(string location, int status = 307) => new() { Status = status, Headers = new Dictionary<string, string?> { ["Location"] = location } };

    internal static Fault Challenge(string challenge) => new() { Status = 401, Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = challenge } };

    internal static Fault Json(int status, string json) =>
        new() { Status = status, Body = _ => System.Text.Encoding.UTF8.GetBytes(json), Headers = new Dictionary<string, string?> { ["Content-Type"] = "application/json" } };

    internal static Fault WithHeaders(params (string Name, string? Value)[] headers) => new() { Headers = headers.ToDictionary(h => h.Name, h => h.Value) };
}
