using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>As much of Docker's API as it takes to load an image and to take its file system out again.</summary>
internal sealed class DockerSocket : IDisposable
{
    private readonly HttpClient _http;

    internal DockerSocket(string socket)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://engine/v1.41/") };
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    /// <summary>Loads an archive of one image and gives its file system as a tar.</summary>
    /// <exception cref="InvalidOperationException">The engine refuses it.</exception>
    internal async Task<byte[]> LoadAndExportAsync(byte[] archive, string image)
    {
        string loaded = await SendAsync(HttpMethod.Post, "images/load?quiet=1", new ByteArrayContent(archive));
        if (loaded.Contains("\"error\"", StringComparison.Ordinal)) throw new InvalidOperationException(loaded);
        StringContent body = new($$"""{"Image":"{{image}}","Cmd":["/x"]}""", Encoding.UTF8, "application/json");
        using JsonDocument created = JsonDocument.Parse(await SendAsync(HttpMethod.Post, "containers/create", body));
        string container = created.RootElement.GetProperty("Id").GetString()!;
        byte[] exported = await _http.GetByteArrayAsync(new Uri($"containers/{container}/export", UriKind.Relative), Stop);
        await SendAsync(HttpMethod.Delete, $"containers/{container}", null);
        await SendAsync(HttpMethod.Delete, $"images/{image}", null);
        return exported;
    }

    private async Task<string> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using HttpRequestMessage request = new(method, path) { Content = content };
        using HttpResponseMessage response = await _http.SendAsync(request, Stop);
        string text = await response.Content.ReadAsStringAsync(Stop);
        return response.IsSuccessStatusCode ? text : throw new InvalidOperationException(text);
    }
}
