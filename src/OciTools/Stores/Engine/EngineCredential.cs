using System.Text.Json;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Stores.Engine;

/// <summary>Hands the credential for a registry to an engine (Docker Engine API, Authentication).</summary>
internal static class EngineCredential
{
    /// <summary>The headers with the credential; null without one.</summary>
    /// <param name="registry">The registry as references name it.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="endpoint">The engine.</param>
    /// <exception cref="RefusedException">The way to the engine is open for others to read (<c>CredentialInClear</c>).</exception>
    internal static Dictionary<string, string>? Headers(string registry, RegistryCredential? credential, EngineEndpoint endpoint)
    {
        if (credential is null) return null;
        bool isPrivate = endpoint.Policy.UnixSocket is not null || endpoint.Policy.NamedPipe is not null || endpoint.BaseAddress.Scheme == Uri.UriSchemeHttps || endpoint.BaseAddress.IsLoopback;
        if (!isPrivate)
            throw ErrorCatalogue.CredentialInClear.Error($"The credential for {registry} is not sent to the engine at {DisplayText.Excerpt(endpoint.Name)}: nothing protects the way there.");
        RegistryKey key = new(registry, "");
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            if (credential.IdentityToken is { } identity) json.WriteString("identitytoken", identity);
            else if (credential.RegistryToken is { } token) json.WriteString("registrytoken", token);
            else
            {
                json.WriteString("username", credential.UserName);
                json.WriteString("password", credential.Password);
            }

            json.WriteString("serveraddress", key.IsHub ? RegistryKey.HubAddress : registry);
            json.WriteEndObject();
        }

        // base64 for addresses, with its padding
        string text = Convert.ToBase64String(bytes.ToArray()).Replace('+', '-').Replace('/', '_');
        return new Dictionary<string, string> { ["X-Registry-Auth"] = text };
    }
}
