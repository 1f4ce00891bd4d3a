using System.Text;
using System.Text.Json;

namespace OciTools.Stores.Engine;

/// <summary>Finds the engine that a Docker context names (<c>docker context use</c>).</summary>
internal static class DockerContext
{
    private const string Default = "default";

    /// <summary>The engine of <c>DOCKER_CONTEXT</c> or of <c>currentContext</c> in Docker's configuration; null where neither names one.</summary>
    internal static EngineEndpoint? Find(EngineEnvironment environment)
    {
        if (environment.User.DockerFolder is not { } folder) return null;
        string source = "DOCKER_CONTEXT";
        string? name = environment[source];
        if (name is null)
        {
            string file = Path.Combine(folder, "config.json");
            source = file;
            name = Read(file) is { } document ? Use(document, root => Text(root, "currentContext")) : null;
        }

        if (name is null or { Length: 0 } or Default) return null;

        // The name goes through a hash, so it never is a path.
        string id = Digest.Compute(Encoding.UTF8.GetBytes(name)).Hex;
        string meta = Path.Combine(folder, "contexts", "meta", id, "meta.json");
        if (Read(meta) is not { } context)
            throw ErrorCatalogue.EngineNotReachable.Error(
                $"The Docker context '{DisplayText.Excerpt(name, 100)}', which {DisplayText.Excerpt(source)} names, is not there: {DisplayText.Excerpt(meta)} was not found.",
                recommendation: "docker context ls lists the contexts; docker context use default goes back to the local engine.");

        string tls = Path.Combine(folder, "contexts", "tls", id, "docker");
        return Use(context, root =>
        {
            if (Member(root, "Endpoints") is not { } endpoints || Member(endpoints, "docker") is not { } docker || Text(docker, "Host") is not { Length: > 0 } host)
                throw ErrorCatalogue.MalformedDocument.Error($"The Docker context in {DisplayText.Excerpt(meta)} names no engine.");
            bool skip = Member(docker, "SkipTLSVerify") is { ValueKind: JsonValueKind.True };
            bool hasKeys = Directory.Exists(tls);
            return EngineEndpoint.Parse(host, $"the Docker context '{name}'", hasKeys || skip ? new EngineTls(hasKeys ? tls : null, skip) : null);
        });
    }

    private static T Use<T>(JsonDocument document, Func<JsonElement, T> read)
    {
        using (document) return read(document.RootElement);
    }

    private static JsonDocument? Read(string file)
    {
        try
        {
            FileInfo info = new(file);
            if (!info.Exists) return null;
            if (info.Length > Limits.CredentialDocument) throw BoundedReading.TooLarge($"The file {DisplayText.Excerpt(file)}", Limits.CredentialDocument);
            return JsonFields.ParseJson(File.ReadAllBytes(file), $"Docker configuration in {DisplayText.Excerpt(file)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.ReadFailed.Error($"The Docker configuration in {DisplayText.Excerpt(file)} cannot be read: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value ? JsonFields.Text(value, name) : null;
}
