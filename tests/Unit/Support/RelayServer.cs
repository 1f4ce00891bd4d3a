using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OciTools.UnitTests.Support;

/// <summary>A TCP server of raw bytes: reads the head of a request (or the first byte of TLS), lets a function decide, and can join the connection to another port.</summary>
internal sealed class RelayServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, (string? Answer, int? JoinPort)> _decide;
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _heads = new();
    private readonly Task _loop;

    internal RelayServer(Func<string, (string? Answer, int? JoinPort)> decide)
    {
        _decide = decide;
        _listener.Start();
        _loop = AcceptAsync();
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The heads that were received; <c>TLS</c> for the beginning of a handshake.</summary>
    internal IReadOnlyCollection<string> Heads => _heads;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                while (true)
                {
                    byte[] first = new byte[1];
                    if (await stream.ReadAsync(first, _stop.Token) == 0) return;
                    string head = first[0] == 0x16 ? "TLS" : await ReadHeadAsync(stream, (char)first[0]);
                    _heads.Enqueue(head);
                    (string? answer, int? port) = _decide(head);
                    if (answer is not null) await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), _stop.Token);
                    if (port is { } target)
                    {
                        using TcpClient other = new();
                        await other.ConnectAsync(IPAddress.Loopback, target, _stop.Token);
                        NetworkStream far = other.GetStream();
                        if (head == "TLS") await far.WriteAsync(first, _stop.Token);
                        else if (answer is null) await far.WriteAsync(Encoding.Latin1.GetBytes(head), _stop.Token);
                        await Task.WhenAny(stream.CopyToAsync(far, _stop.Token), far.CopyToAsync(stream, _stop.Token));
                        return;
                    }

                    if (answer is null || answer.Contains("Connection: close", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.0", StringComparison.Ordinal)) return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // the other side left
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream, char first)
    {
        StringBuilder head = new();
        head.Append(first);
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _stop.Token) == 1) head.Append((char)one[0]);
        return head.ToString();
    }
}
