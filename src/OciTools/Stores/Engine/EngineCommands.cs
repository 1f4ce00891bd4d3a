using System.Net.Http.Headers;

namespace OciTools.Stores.Engine;

/// <summary>The calls of the engine API that change something. A POST is sent once: the engine may have done what it gave no answer to.</summary>
/// <param name="client">Speaks with the engine.</param>
internal sealed class EngineCommands(EngineClient client)
{
    // an engine that unpacks a large layer may say nothing for a while
    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(5);

    /// <summary>Makes a call that answers with a JSON document, or with nothing.</summary>
    /// <param name="method">POST or DELETE.</param>
    /// <param name="path">The path behind the version, its parts escaped by <see cref="EngineClient.Escape"/>, with its query.</param>
    /// <param name="what">What the engine shall do, for messages: <c>remove the image app</c>.</param>
    /// <param name="notFound">The error of 404.</param>
    /// <param name="cancellationToken">Stops the call; the engine may do it all the same.</param>
    internal async Task<byte[]> SendAsync(HttpMethod method, string path, string what, ErrorDefinition notFound, CancellationToken cancellationToken)
    {
        string request = Telling(what);
        using CancellationTokenSource silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silent.CancelAfter(s_silence);
        return await GuardAsync(request, async () =>
        {
            using HttpResponseMessage response = await client.SendAsync(() => new HttpRequestMessage(method, path), request, notFound, silent.Token).ConfigureAwait(false);
            Stream body = await response.Content.ReadAsStreamAsync(silent.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
                return await BoundedReading.ReadAllAsync(body, Limits.EngineDocument, $"The answer of the engine, told to {what},", silent.Token).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes a call that answers with messages while it goes on. The answer starts as a success, whatever comes of it: only its end
    /// without a message of an error says that all went well.
    /// </summary>
    /// <param name="path">The path behind the version, with its query.</param>
    /// <param name="what">What the engine shall do, for messages.</param>
    /// <param name="write">Writes the body, a tar; null for none.</param>
    /// <param name="headers">More headers; null for none.</param>
    /// <param name="notFound">The error of 404.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    internal async Task PostAsync(
        string path, string what, Func<Stream, CancellationToken, Task>? write, IReadOnlyDictionary<string, string>? headers, ErrorDefinition notFound, CancellationToken cancellationToken)
    {
        string request = Telling(what);
        using CancellationTokenSource silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        PushedContent? pushed = null;
        try
        {
            await GuardAsync(request, async () =>
            {
                using HttpResponseMessage response = await client.SendAsync(Create, request, notFound, silent.Token).ConfigureAwait(false);
                Stream body = await response.Content.ReadAsStreamAsync(silent.Token).ConfigureAwait(false);
                await using (body.ConfigureAwait(false))
                    await EngineMessages.ReadAsync(body, request, () => silent.CancelAfter(s_silence), silent.Token).ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException) when (pushed?.Failure is not null)
        {
            // what could not be sent says more than the connection that broke for it
            pushed.Failure.Throw();
        }

        HttpRequestMessage Create()
        {
            silent.CancelAfter(s_silence);
            HttpRequestMessage message = new(HttpMethod.Post, path);
            foreach ((string name, string value) in headers ?? new Dictionary<string, string>()) message.Headers.TryAddWithoutValidation(name, value);
            if (write is not null) message.Content = pushed = new PushedContent(write, () => silent.CancelAfter(s_silence)) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-tar") } };
            return message;
        }
    }

    private static async Task<T> GuardAsync<T>(string request, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw ErrorCatalogue.TimedOut.Error($"{request} had no sign of life for {s_silence.TotalMinutes:0} minutes.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw EngineErrors.Broken(request, e);
        }
    }

    private string Telling(string what) => $"Telling the engine at {DisplayText.Excerpt(client.Endpoint.Name)} to {what}";
}
