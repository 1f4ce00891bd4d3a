using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OciTools.UnitTests.Support;

/// <summary>The program docker-registry with a storage of its own; a test that needs it where it is not there is skipped and says so.</summary>
internal sealed class RealRegistry : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Process _process;

    private RealRegistry()
    {
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}");
        }

        string file = Path.Join(_folder.Path, "registry.yml");
        File.WriteAllText(file, $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: {{_folder.Path}}/data }, delete: { enabled: true } }
            http: { addr: {{Host}}, secret: fixture }
            """);
        try
        {
            _process = Process.Start(new ProcessStartInfo("docker-registry", ["serve", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            _folder.Dispose();
            Assert.Skip("This needs the program 'docker-registry'.");
            throw;
        }

        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Host and port, as the registry part of a reference.</summary>
    internal string Host { get; }

    internal static async Task<RealRegistry> StartAsync()
    {
        RealRegistry registry = new();
        using HttpClient http = new();
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri($"http://{registry.Host}/v2/")).ConfigureAwait(false);
                return registry;
            }
            catch (HttpRequestException) when (clock.Elapsed < TimeSpan.FromSeconds(20) && !registry._process.HasExited)
            {
                await Task.Delay(20).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
        _folder.Dispose();
    }
}
