using System.Net;
using System.Net.Sockets;

namespace OciTools.UnitTests.Support;

/// <summary>A port of the loopback that nobody listens on.</summary>
internal static class FreePort
{
    internal static int Take()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }
}
