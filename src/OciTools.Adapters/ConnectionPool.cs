using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using OciTools.Stores.Http;

namespace OciTools.Adapters;

/// <summary>Makes the connection pool of one policy.</summary>
internal static class ConnectionPool
{
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Whether connections may go by way of a proxy.</summary>
    internal static bool UsesProxy(HttpPolicy policy) => policy is { UseProxy: true, UnixSocket: null, NamedPipe: null };

    internal static SocketsHttpHandler Create(HttpPolicy policy, UserEnvironment environment)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            MaxConnectionsPerServer = 64,
            ConnectTimeout = s_connectTimeout,
            EnableMultipleHttp2Connections = true,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 64 * 1024,
            ActivityHeadersPropagator = null,
            PreAuthenticate = false,
        };

        ProxyRules? proxy = UsesProxy(policy) ? ProxyRules.FromEnvironment(environment) : null;
        handler.UseProxy = proxy is { HasProxy: true };
        if (handler.UseProxy) handler.Proxy = proxy;

        if (policy.UnixSocket is { } socket) handler.ConnectCallback = (_, stop) => ToSocketAsync(new UnixDomainSocketEndPoint(socket), AddressFamily.Unix, ProtocolType.Unspecified, stop);
        else if (policy.NamedPipe is { } pipe) handler.ConnectCallback = (_, stop) => ToPipeAsync(pipe, stop);
        else if (policy.RefuseLocalAddresses) handler.ConnectCallback = ToForeignHostAsync;

        CertificateFolder? folder = policy.CertificateFolder is { } path ? CertificateFolder.Load(path) : null;
        CertificateCheck check = new(policy.SkipCertificateCheck, folder?.Authorities ?? []);
#pragma warning disable CA5359 // the check throws where it does not return true, so that the error says why
        handler.SslOptions.RemoteCertificateValidationCallback = check.Validate;
#pragma warning restore CA5359
        if (folder is { Clients.Count: > 0 })
        {
            handler.SslOptions.ClientCertificates = [.. folder.Clients];
            handler.SslOptions.LocalCertificateSelectionCallback = static (_, _, certificates, _, _) => certificates.Count > 0 ? certificates[0] : null!;
        }

        return handler;
    }

    private static async ValueTask<Stream> ToSocketAsync(EndPoint address, AddressFamily family, ProtocolType protocol, CancellationToken cancellationToken)
    {
        Socket socket = new(family, SocketType.Stream, protocol);
        try
        {
            if (protocol == ProtocolType.Tcp) socket.NoDelay = true;
            await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async ValueTask<Stream> ToPipeAsync(string name, CancellationToken cancellationToken)
    {
        NamedPipeClientStream pipe = new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            await pipe.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return pipe;
        }
        catch
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // A registry far away names this host. What counts is the address that its name has now, not how the name looks. Behind a proxy the
    // end point is the proxy's, and the proxy decides.
    private static async ValueTask<Stream> ToForeignHostAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint target = context.DnsEndPoint;
        Uri? asked = context.InitialRequestMessage.RequestUri;
        bool direct = asked is not null && target.Port == asked.Port && string.Equals(target.Host.Trim('[', ']'), asked.IdnHost.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
        SocketException? failure = null;
        foreach (IPAddress address in addresses)
        {
            if (direct && AddressRanges.KindOf(address) is AddressKind.Loopback or AddressKind.LinkLocal or AddressKind.Reserved)
                throw ErrorCatalogue.RedirectRefused.Error($"The host '{DisplayText.Excerpt(target.Host, 100)}', which the registry names, has the address {address} of this computer or its link; it is not asked.");
            try
            {
                return await ToSocketAsync(new IPEndPoint(address, target.Port), address.AddressFamily, ProtocolType.Tcp, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                failure = e;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }
}
