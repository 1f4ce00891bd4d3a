using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using OciTools.Stores.Engine;
using OciTools.Stores.Http;

namespace OciTools.UnitTests.Engine;

/// <summary>An engine on a Unix socket that gives scripted answers, by path without the version, and records what it was asked.</summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Dictionary<string, Func<HttpContext, Task>> _answers = new(StringComparer.Ordinal);
    private readonly string _folder;

    private ScriptedEngine(WebApplication server, string folder)
    {
        _server = server;
        _folder = folder;
        Socket = Path.Combine(folder, "engine.sock");
    }

    public string Socket { get; }

    /// <summary>Every request target, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public static async Task<ScriptedEngine> StartAsync(string? apiVersion, string? libpodVersion = null)
    {
        string folder = Directory.CreateTempSubdirectory("ocitools-engine-").FullName;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Path.Combine(folder, "engine.sock")));
        ScriptedEngine engine = new(builder.Build(), folder);
        engine.On("/_ping", async context =>
        {
            if (apiVersion is not null) context.Response.Headers["Api-Version"] = apiVersion;
            if (libpodVersion is not null) context.Response.Headers["Libpod-Api-Version"] = libpodVersion;
            await context.Response.WriteAsync("OK");
        });
        engine._server.Run(engine.AnswerAsync);
        await engine._server.StartAsync();
        return engine;
    }

    public ScriptedEngine On(string path, Func<HttpContext, Task> answer)
    {
        _answers[path] = answer;
        return this;
    }

    public ScriptedEngine On(string path, string json, int status = 200) => On(path, async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    });

    public ScriptedEngine On(string path, byte[] body) => On(path, async context => await context.Response.Body.WriteAsync(body));

    public EngineEnvironment Environment() => Environment(("DOCKER_HOST", "unix://" + Socket));

    public static EngineEnvironment Environment(params (string Name, string Value)[] variables) => Environment(null, variables);

    public static EngineEnvironment Environment(string? home, params (string Name, string Value)[] variables) =>
        new(new UserEnvironment(name => Array.Find(variables, v => v.Name == name).Value, home), false);

    public Task<EngineStore> OpenAsync() => EngineStore.OpenAsync(new SocketAdapters(), Environment(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        Requests.Enqueue(target);
        string path = target.Split('?')[0];
        int slash = path.IndexOf('/', 1);
        if (slash > 2 && path[1] == 'v' && char.IsAsciiDigit(path[2])) path = path[slash..];
        if (_answers.TryGetValue(path, out Func<HttpContext, Task>? answer)) await answer(context);
        else
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("{\"message\":\"No such image: \\u001b[31m" + path + "\"}");
        }
    }
}
