using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OciTools.Stores.Engine;

/// <summary>Turns an engine's error answers and broken connections into errors of the catalogue.</summary>
internal static class EngineErrors
{
    private const string LookAtTheEngine = "Try again, or look into the log of the engine.";
    private const string CheckTheAddress = "Check that the address is the one of a Docker or Podman engine.";

    /// <summary>The error for an answer that is no success.</summary>
    /// <param name="status">The status.</param>
    /// <param name="message">What the engine says.</param>
    /// <param name="request">What was asked of whom, for the message.</param>
    /// <param name="notFound">The error of 404.</param>
    internal static OciException For(HttpStatusCode status, string message, string request, ErrorDefinition notFound)
    {
        string says = message.Length > 0 ? $"says: {message}" : "says nothing more";
        string text = $"{request} failed with status {(int)status}; the engine {says}";
        return status switch
        {
            HttpStatusCode.NotFound => notFound.Error(text, recommendation: notFound == ErrorCatalogue.ImageNotFound ? "Get-Image lists the images of the engine; Copy-Image brings one in." : CheckTheAddress),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ErrorCatalogue.Forbidden.Error(text, recommendation: "The engine, or a plugin of it, refuses this to your account; ask who runs it."),
            HttpStatusCode.Conflict => ErrorCatalogue.ImageInUse.Error(text),
            _ when status == HttpStatusCode.TooManyRequests || IsLimit(message) => Limited(text),
            HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout => ErrorCatalogue.TimedOut.Error(text, recommendation: LookAtTheEngine),
            >= HttpStatusCode.InternalServerError => ErrorCatalogue.ServerFailed.Error(text, recommendation: LookAtTheEngine),
            _ => ErrorCatalogue.ProtocolViolation.Error(text, recommendation: CheckTheAddress),
        };
    }

    /// <summary>Whether an engine says that a registry has let it pull too much: it gives the registry's code, and no time.</summary>
    internal static bool IsLimit(string message) => message.Contains("toomanyrequests", StringComparison.OrdinalIgnoreCase);

    /// <summary>The error for a limit of a registry that the engine has met.</summary>
    internal static OciException Limited(string text) =>
        ErrorCatalogue.RateLimited.Error(text, recommendation: LoginAdvice.AgainstLimit("Wait a while"));

    /// <summary>The message in an error answer: the engine's <c>message</c>, or the start of the text; sanitised.</summary>
    internal static string Message(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
                foreach (string name in (ReadOnlySpan<string>)["message", "error"])
                    if (root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String) return DisplayText.Excerpt(value.GetString());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // not JSON: a proxy, or something that is no engine
        }

        return DisplayText.Excerpt(Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 1200))));
    }

    /// <summary>Why a connection failed, in a few words.</summary>
    internal static string Reason(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException { SocketErrorCode: SocketError.AccessDenied } or UnauthorizedAccessException:
                    return "permission denied";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return "nobody listens";
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable }:
                    return "no such socket";
            }
        }

        return DisplayText.Excerpt(error.GetBaseException().Message, 150);
    }

    /// <summary>The error for a connection that broke.</summary>
    internal static OciException Broken(string request, Exception error) =>
        ErrorCatalogue.ConnectionFailed.Error($"{request} failed: the connection broke ({Reason(error)}).", error, LookAtTheEngine);
}
