using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using OciTools.Stores.Http;

namespace OciTools.Adapters;

/// <summary>HTTP by the client factory of Microsoft.Extensions.Http, retries by Polly, zstd by ZstdSharp. One per process; nothing is opened before it is used.</summary>
public sealed class ModuleAdapters : IAdapters
{
    private readonly ConcurrentDictionary<ChainKey, Lazy<HttpMessageInvoker>> _chains = new();
    private readonly ConcurrentDictionary<string, HttpPolicy> _policies = new(StringComparer.Ordinal);
    private readonly Lazy<IHttpMessageHandlerFactory> _factory;
    private readonly TimeProvider _time;
    private readonly UserEnvironment _environment;

    /// <summary>For this process: its clock and its environment.</summary>
    public ModuleAdapters()
        : this(TimeProvider.System, UserEnvironment.Current) { }

    internal ModuleAdapters(TimeProvider time, UserEnvironment environment)
    {
        _time = time;
        _environment = environment;
        _factory = new(OpenFactory);
    }

    /// <inheritdoc/>
    public HttpMessageInvoker Http(HttpPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        // a session lives long: proxies and certificates are changed in it, often because an error has said so
        ChainKey key = new(policy,
            ConnectionPool.UsesProxy(policy) ? ProxyRules.SettingsIn(_environment) : "",
            policy.CertificateFolder is { } folder ? CertificateFolder.StampOf(folder) : "");
        Lazy<HttpMessageInvoker> chain = _chains.GetOrAdd(key, one => new Lazy<HttpMessageInvoker>(() => Open(one.Policy)));
        try
        {
            return chain.Value;
        }
        catch
        {
            // a failure is not remembered
            _chains.TryRemove(new(key, chain));
            throw;
        }
    }

    /// <inheritdoc/>
    public Stream Inflate(Stream compressed) => new ZstdStream(compressed);

    private HttpMessageInvoker Open(HttpPolicy policy)
    {
        // the name of a client is text; equal policies get here once only
        string name = "policy " + Guid.NewGuid().ToString("N");
        _policies[name] = policy;
        return new HttpMessageInvoker(_factory.Value.CreateHandler(name), disposeHandler: false);
    }

    private IHttpMessageHandlerFactory OpenFactory()
    {
        ServiceCollection services = new();
        services.AddHttpClient();
        services.ConfigureHttpClientDefaults(static builder => builder.RemoveAllLoggers());
        services.ConfigureAll<HttpClientFactoryOptions>(options =>
        {
            // the pool ages its connections itself; replacing handlers would throw warm connections away
            options.HandlerLifetime = Timeout.InfiniteTimeSpan;
            options.HttpMessageHandlerBuilderActions.Add(Build);
        });
        return services.BuildServiceProvider().GetRequiredService<IHttpMessageHandlerFactory>();
    }

    private void Build(HttpMessageHandlerBuilder builder)
    {
        HttpPolicy policy = _policies[builder.Name!];
        builder.PrimaryHandler = ConnectionPool.Create(policy, _environment);
        builder.AdditionalHandlers.Add(new RetryHandler(policy, _time));
    }

    // what a pool is made of
    private sealed record ChainKey(HttpPolicy Policy, string Proxies, string Certificates);
}
