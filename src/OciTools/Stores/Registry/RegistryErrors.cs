using System.Globalization;
using System.Text;
using System.Text.Json;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>The one place where answers of registries become errors (distribution-spec, section Error Codes). The registry's own words are kept.</summary>
internal static class RegistryErrors
{
    private const int MostShown = 5;
    private const int ExcerptLength = 200;

    /// <summary>The error that an answer stands for.</summary>
    /// <param name="response">The answer; the caller disposes of it.</param>
    /// <param name="what">What was asked for and where: <c>The manifest of docker.io/library/nginx:latest</c>.</param>
    /// <param name="notFound">The error for an answer of 404.</param>
    /// <param name="pace">How slowly the body may come.</param>
    /// <param name="cancellationToken">Stops the reading of the body.</param>
    internal static Task<OciException> FromAsync(HttpResponseMessage response, string what, ErrorDefinition notFound, BodyPace pace, CancellationToken cancellationToken) =>
        FromAsync(response, what, "read", notFound, pace, cancellationToken);

    /// <summary>The error that an answer to a request stands for.</summary>
    internal static Task<OciException> FromAsync(HttpResponseMessage response, RegistryRequest request, ErrorDefinition notFound, BodyPace pace, CancellationToken cancellationToken) =>
        FromAsync(response, request.What, request.Done, notFound, pace, cancellationToken);

    private static async Task<OciException> FromAsync(HttpResponseMessage response, string what, string done, ErrorDefinition notFound, BodyPace pace, CancellationToken cancellationToken)
    {
        RegistryWords said = await SaidAsync(response, pace, cancellationToken).ConfigureAwait(false);
        int status = (int)response.StatusCode;
        string answer = string.Create(CultureInfo.InvariantCulture, $"{Host(response)} answered {status}");
        if (said.Text.Length > 0) answer += ": " + said.Text;

        if (status == 429) return Limited(what, done, answer, RateLimit.EndOf(response, pace.Time), pace.Time);
        if (status == 503 && RetryAfter.At(response.Headers, pace.Time) is { } again) return Limited(what, done, answer, new LimitEnd(again, null), pace.Time);
        if (status is 400 or 404 && said.MissesBlob) return new NotFoundException(ErrorCatalogue.BlobNotFound, $"{what} could not be {done}: {answer}.", null, null) { Missing = said.Missing };
        ErrorDefinition error = status switch
        {
            400 when said.RefusesLogin => ErrorCatalogue.Unauthorized,
            400 or 416 when notFound == ErrorCatalogue.UploadLost && (status == 416 || said.RefusesUpload) => notFound,
            401 => ErrorCatalogue.Unauthorized,
            402 or 403 or 451 => ErrorCatalogue.Forbidden,
            404 or 410 => notFound,
            408 => ErrorCatalogue.TimedOut,
            407 => ErrorCatalogue.ConnectionFailed,
            >= 499 => ErrorCatalogue.ServerFailed,
            _ => ErrorCatalogue.ProtocolViolation,
        };
        string problem = status switch
        {
            401 or 402 or 403 or 451 => $"may not be {done}",
            404 or 410 => "is not there",
            _ => $"could not be {done}",
        };
        return error.Error($"{what} {problem}: {answer}.", null, Advice(response, said));
    }

    // where the answer tells more than its status
    private static string? Advice(HttpResponseMessage response, RegistryWords said)
    {
        int status = (int)response.StatusCode;
        if (said.RefusesLogin || (status is 401 or 403 && said.Text.Contains("expired", StringComparison.OrdinalIgnoreCase)))
            return $"The login has expired: log in again {LoginAdvice.Ways()}, or give a new -Credential.";
        // what Go's server and nginx say on a port that speaks TLS
        return status == 400 && response.RequestMessage?.RequestUri?.Scheme == Uri.UriSchemeHttp && said.Text.Contains("HTTPS", StringComparison.Ordinal)
            ? "The server speaks TLS on this port: leave out -PlainHttp."
            : null;
    }

    /// <summary>The error for a body that is a page instead of a document.</summary>
    internal static OciException NotARegistry(string what, HttpResponseMessage response, ReadOnlySpan<byte> body) => ErrorCatalogue.ProtocolViolation.Error(
        $"{what} could not be read: {Host(response)} is not a registry; it answered with a page: {DisplayText.Excerpt(Redaction.Echo(Encoding.UTF8.GetString(body[..Math.Min(body.Length, 64 * 1024)]), response.RequestMessage), ExcerptLength)}");

    /// <summary>Whether a body is HTML or XML.</summary>
    internal static bool IsPage(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("\uFEFF"u8)) body = body[3..];
        return body.TrimStart(" \t\r\n"u8) is [(byte)'<', ..];
    }

    /// <summary>The host that answered, for messages.</summary>
    internal static string Host(HttpResponseMessage response) => response.RequestMessage?.RequestUri?.Authority ?? "the server";

    private static UnreachableException Limited(string what, string done, string answer, LimitEnd? end, TimeProvider clock)
    {
        // nobody waits for years
        if (end?.At - clock.GetUtcNow() > RateLimit.LongestWindow) end = null;
        string time = end is { } known ? known.At.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";
        string when = end switch
        {
            null => "",
            { Window: { } window } => $" It counts over {Span(window)}, so the limit ends at {time} at the latest.",
            _ => $" Try again at {time}.",
        };
        string wait = end is null ? "Wait a while" : "Wait until the named time";
        return new UnreachableException(ErrorCatalogue.RateLimited, $"{what} could not be {done}: {answer}.{when}", null,
            LoginAdvice.AgainstLimit(wait)) { RetryAt = end?.At };
    }

    private static string Span(TimeSpan window) => window.TotalSeconds switch
    {
        >= 3600 and var seconds when seconds % 3600 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h"),
        >= 60 and var seconds when seconds % 60 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min"),
        var seconds => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
    };

    private static async Task<RegistryWords> SaidAsync(HttpResponseMessage response, BodyPace pace, CancellationToken cancellationToken)
    {
        byte[] body;
        try
        {
            Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using PacedStream paced = new(stream, "The answer", pace);
            body = await BoundedReading.ReadAllAsync(paced, Limits.ErrorBody, "The answer", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OciException || ConnectionErrors.IsConnection(e))
        {
            // the status says what is wrong; that its explanation is broken or endless changes nothing
            return new RegistryWords("");
        }

        HttpRequestMessage? request = response.RequestMessage;
        return FromJson(body, request) ?? new RegistryWords(DisplayText.Excerpt(Redaction.Echo(Encoding.UTF8.GetString(body), request), ExcerptLength));
    }

    private static RegistryWords? FromJson(byte[] body, HttpRequestMessage? request)
    {
        if (body.AsSpan().TrimStart(" \t\r\n"u8) is not [(byte)'{', ..]) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
            if (!document.RootElement.TryGetProperty("errors", out JsonElement errors) || errors.ValueKind != JsonValueKind.Array)
                return (Text("message", document.RootElement) ?? Text("error_description", document.RootElement) ?? Text("details", document.RootElement) ?? Text("error", document.RootElement)) is { } text
                    ? new RegistryWords(text) { RefusesLogin = Text("error", document.RootElement) is "invalid_grant" }
                    : null;

            StringBuilder said = new();
            RegistryWords words = new("");
            int shown = 0;
            foreach (JsonElement error in errors.EnumerateArray())
            {
                if (error.ValueKind != JsonValueKind.Object) continue;
                words.Add(error);
                if (++shown > MostShown) continue;
                if (said.Length > 0) said.Append("; ");
                said.Append(Text("code", error));
                if (Text("message", error) is { Length: > 0 } message) said.Append(" (").Append(message).Append(')');
            }

            return words with { Text = said.ToString() };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }

        // hidden before it is cut, so that no part of a secret is left
        string? Text(string name, JsonElement element) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? DisplayText.Excerpt(Redaction.Echo(value.GetString()!, request), ExcerptLength)
            : null;
    }
}
