using System.Net.Sockets;
using OciTools.Stores.Http;

namespace OciTools.UnitTests.Engine;

/// <summary>Connections over Unix sockets and TCP without retries.</summary>
internal sealed class SocketAdapters : IAdapters
{
    public HttpMessageInvoker Http(HttpPolicy policy)
    {
        SocketsHttpHandler handler = new() { UseProxy = false, AllowAutoRedirect = false, UseCookies = false };
        if (policy.UnixSocket is { } path)
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        return new HttpMessageInvoker(handler);
    }

    public Stream Inflate(Stream compressed) => throw new NotSupportedException();
}
