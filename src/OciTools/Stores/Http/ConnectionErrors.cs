using System.Net.Sockets;
using System.Security.Authentication;

namespace OciTools.Stores.Http;

/// <summary>Turns what an HTTP chain throws into an error that names the host and the cause.</summary>
internal static class ConnectionErrors
{
    /// <summary>Whether the exception means that no answer, or no whole answer, came.</summary>
    internal static bool IsConnection(Exception exception) =>
        exception is HttpRequestException or IOException or SocketException or TimeoutException or AuthenticationException;

    /// <summary>The error for an exception of sending or reading.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="address">Where the request went.</param>
    internal static OciException From(Exception exception, Uri address)
    {
        string host = $"{address.Scheme}://{address.Authority}";
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is OciException known) return known;
            // HTTP/2, NO_ERROR and REFUSED_STREAM: the connection ends, or takes no more requests; nothing was wrong with it
            if (e is HttpProtocolException { ErrorCode: 0 or 7 }) return Failed(host, "the connection was closed before the answer was complete", exception);
            if (e is TimeoutException) return ErrorCatalogue.TimedOut.Error($"{host} did not answer in time.", exception);
        }

        for (Exception? e = exception; e is not null; e = e.InnerException)
            if (e is SocketException socket) return FromSocket(socket, host, exception);

        HttpRequestError error = exception switch
        {
            HttpRequestException request => request.HttpRequestError,
            HttpIOException body => body.HttpRequestError,
            _ => HttpRequestError.Unknown,
        };
        return error switch
        {
            HttpRequestError.NameResolutionError => Unknown(host, exception),
            HttpRequestError.SecureConnectionError => Failed(host, "no TLS connection could be made: " + Innermost(exception), exception,
                $"If {DisplayText.Clean(address.Authority)} speaks http and no TLS, add -PlainHttp. Else check the port, and the proxy on the way."),
            HttpRequestError.ProxyTunnelError => Failed(host, "the proxy did not let the request through: " + DisplayText.Excerpt(exception.Message), exception),
            HttpRequestError.UserAuthenticationError => Failed(host, "the proxy did not let the request through", exception),
            HttpRequestError.ConfigurationLimitExceeded => ErrorCatalogue.ProtocolViolation.Error($"{host} sent more headers than are read of an answer.", exception),
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError =>
                ErrorCatalogue.ProtocolViolation.Error($"{host} sent an answer that is not HTTP: {Innermost(exception)}", exception),
            HttpRequestError.ResponseEnded => Failed(host, "the connection was closed before the answer was complete", exception),
            _ => Failed(host, Innermost(exception), exception),
        };
    }

    private static OciException FromSocket(SocketException socket, string host, Exception exception) => socket.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery =>
            Unknown(host, exception),
        SocketError.ConnectionRefused => Failed(host, "the connection was refused", exception),
        SocketError.TimedOut => ErrorCatalogue.TimedOut.Error($"{host} did not answer in time.", exception),
        SocketError.ConnectionReset or SocketError.ConnectionAborted => Failed(host, "the connection was reset", exception),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown =>
            Failed(host, "there is no route to the host", exception),
        _ => Failed(host, DisplayText.Excerpt(socket.Message), exception),
    };

    private static OciException Unknown(string host, Exception exception) =>
        Failed(host, "the name of the host is not known", exception, "Check the name of the host, and the network and the proxy on the way.");

    private static string Innermost(Exception exception) => DisplayText.Excerpt(exception.GetBaseException().Message);

    private static OciException Failed(string host, string why, Exception exception, string? recommendation = null) =>
        ErrorCatalogue.ConnectionFailed.Error($"No connection to {host}: {why.TrimEnd('.')}.", exception, recommendation);
}
