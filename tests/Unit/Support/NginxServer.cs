using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OciTools.UnitTests.Support;

/// <summary>The program nginx with one server; a test that needs it where it is not there is skipped and says so.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Process _process;

    private NginxServer(string listen, Func<string, string> server)
    {
        Port = FreePort.Take();
        string file = _folder.Write("nginx.conf", System.Text.Encoding.UTF8.GetBytes($$"""
            daemon off;
            master_process off;
            pid {{_folder.Path}}/pid;
            error_log {{_folder.Path}}/error.log;
            events { worker_connections 512; }
            http {
              log_format fields '$request_method|$request_uri|$status|$http_authorization|$connection_requests|$server_protocol|$http_range';
              access_log {{_folder.Path}}/access.log fields;
              client_body_temp_path {{_folder.Path}}/body;
              proxy_temp_path {{_folder.Path}}/proxy;
              fastcgi_temp_path {{_folder.Path}}/fastcgi;
              uwsgi_temp_path {{_folder.Path}}/uwsgi;
              scgi_temp_path {{_folder.Path}}/scgi;
              server {
                listen 127.0.0.1:{{Port}} {{listen}};
                {{server(_folder.Path)}}
              }
            }
            """));
        try
        {
            _process = Tool.Start("nginx", ["-c", file, "-e", Path.Join(_folder.Path, "error.log"), "-p", _folder.Path]);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    internal int Port { get; }

    /// <summary>Host and port, as the registry part of a reference.</summary>
    internal string Host => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <param name="server">What the server does, as lines of nginx; it is given the server's folder.</param>
    /// <param name="listen">More words for its <c>listen</c>.</param>
    internal static async Task<NginxServer> StartAsync(Func<string, string> server, string listen = "")
    {
        NginxServer nginx = new(listen, server);
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, nginx.Port).ConfigureAwait(false);
                return nginx;
            }
            catch (SocketException) when (clock.Elapsed < TimeSpan.FromSeconds(20) && !nginx._process.HasExited)
            {
                await Task.Delay(20).ConfigureAwait(false);
            }
            catch
            {
                await nginx.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>
    /// The requests that it has answered, once there are so many: method, address, status, Authorization, which of its connection it was,
    /// protocol and Range. It writes of an answer when all of it is sent.
    /// </summary>
    internal async Task<string[][]> RequestsAsync(int atLeast)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            string[][] requests = [.. (await File.ReadAllLinesAsync(Path.Join(_folder.Path, "access.log")).ConfigureAwait(false)).Select(line => line.Split('|'))];
            if (requests.Length >= atLeast || clock.Elapsed > TimeSpan.FromSeconds(5)) return requests;
            await Task.Delay(20).ConfigureAwait(false);
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
