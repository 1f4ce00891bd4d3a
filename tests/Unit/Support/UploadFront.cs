using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace OciTools.UnitTests.Support;

/// <summary>Stands before a real registry, hands on what it gets, and lets a function lie about it: to the registry, to the client, or to both.</summary>
internal sealed class UploadFront : IAsyncDisposable
{
    private readonly FakeRegistry _front;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Uri _target;

    private UploadFront(FakeRegistry front, Uri target)
    {
        _front = front;
        _target = target;
        front.OnRequest = request => new Fault { Answer = context => AnswerAsync(context, request) };
    }

    /// <summary>Host and port, as the registry part of a reference.</summary>
    internal string Host => _front.Host;

    /// <summary>Asked first; null hands the request on as it is.</summary>
    internal Func<ReceivedRequest, Task<FrontAnswer?>>? Lie { get; set; }

    internal static async Task<UploadFront> StartAsync(RealRegistry registry) => new(await FakeRegistry.StartAsync(), registry.Address);

    /// <summary>Asks the registry.</summary>
    /// <param name="request">What the client asked.</param>
    /// <param name="body">Another body; null for the same.</param>
    /// <param name="path">Another path and query; null for the same.</param>
    /// <param name="method">Another method; null for the same.</param>
    internal async Task<FrontAnswer> ForwardAsync(ReceivedRequest request, byte[]? body = null, string? path = null, string? method = null)
    {
        using HttpRequestMessage message = new(new HttpMethod(method ?? request.Method), new Uri(_target, path ?? request.Path + request.Query));
        byte[] bytes = body ?? request.Body;
        if (bytes.Length > 0 || message.Method == HttpMethod.Put || message.Method == HttpMethod.Post) message.Content = new ByteArrayContent(bytes);
        foreach ((string name, string value) in request.Headers)
        {
            if (name is "Host" or "Content-Length" or "Expect" or "Connection" or "Content-Range") continue;
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await _http.SendAsync(message);
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, HeaderStringValues values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)) headers[name] = values.ToString();
        return new FrontAnswer(response.StatusCode, headers, await response.Content.ReadAsByteArrayAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        FrontAnswer answer = (Lie is null ? null : await Lie(request)) ?? await ForwardAsync(request);
        if (answer.IsLost)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)answer.Status;
        foreach ((string name, string value) in answer.Headers)
            if (name is not ("Transfer-Encoding" or "Connection" or "Date")) context.Response.Headers[name] = value;
        if (request.Method != "HEAD" && answer.Status != HttpStatusCode.NoContent) await context.Response.Body.WriteAsync(answer.Body);
    }
}

/// <summary>An answer that a client gets of an <see cref="UploadFront"/>.</summary>
internal sealed record FrontAnswer(HttpStatusCode Status, Dictionary<string, string> Headers, byte[] Body)
{
    /// <summary>Whether the connection is cut instead.</summary>
    internal bool IsLost { get; init; }

    internal static FrontAnswer Of(HttpStatusCode status, params (string Name, string Value)[] headers) =>
        new(status, headers.ToDictionary(h => h.Name, h => h.Value, StringComparer.OrdinalIgnoreCase), []);

    internal FrontAnswer With(string name, string value) => this with { Headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase) { [name] = value } };
}
