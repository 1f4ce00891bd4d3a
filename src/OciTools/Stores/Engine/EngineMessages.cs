using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace OciTools.Stores.Engine;

/// <summary>Reads the messages that an engine sends while it works: one JSON object on each line (Docker Engine API, <c>ImageLoad</c>, <c>ImageCreate</c>).</summary>
internal static class EngineMessages
{
    private const int LongestLine = 1024 * 1024;

    /// <summary>Reads all messages.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="request">What was asked of whom, for messages.</param>
    /// <param name="alive">Is called whenever something came.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="UnreachableException">The engine says that it failed (<c>ServerFailed</c>), or that a registry gives it no more for now (<c>RateLimited</c>).</exception>
    internal static async Task ReadAsync(Stream body, string request, Action alive, CancellationToken cancellationToken)
    {
        PipeReader reader = PipeReader.Create(body, new StreamPipeReaderOptions(leaveOpen: true));
        while (true)
        {
            ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            alive();
            ReadOnlySequence<byte> left = result.Buffer;
            while (left.PositionOf((byte)'\n') is { } end)
            {
                Check(left.Slice(0, end).ToArray(), request);
                left = left.Slice(left.GetPosition(1, end));
            }

            if (left.Length > LongestLine) throw ErrorCatalogue.ProtocolViolation.Error($"{request} was answered with a line of more than {LongestLine} bytes.");
            if (result.IsCompleted)
            {
                Check(left.ToArray(), request);
                return;
            }

            reader.AdvanceTo(left.Start, left.End);
        }
    }

    private static void Check(byte[] line, string request)
    {
        if (line.AsSpan().Trim(" \t\r\n"u8).IsEmpty) return;
        string? error;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
            error = ErrorIn(document.RootElement);
        }
        catch (JsonException e)
        {
            throw ErrorCatalogue.ProtocolViolation.Error(
                $"{request} was answered with something that is no message of an engine: '{DisplayText.Excerpt(Encoding.UTF8.GetString(line.AsSpan(0, Math.Min(line.Length, 300))))}'.", e);
        }

        if (error is null) return;
        string text = $"{request} failed; the engine says: {DisplayText.Excerpt(error)}";
        throw EngineErrors.IsLimit(error) ? EngineErrors.Limited(text) : ErrorCatalogue.ServerFailed.Error(text);
    }

    private static string? ErrorIn(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object) return null;
        if (message.TryGetProperty("errorDetail", out JsonElement detail) && detail.ValueKind == JsonValueKind.Object
            && detail.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String) return text.GetString();
        return message.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null ? error.ToString() : null;
    }
}
