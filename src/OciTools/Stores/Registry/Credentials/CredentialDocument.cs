using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>What a credentials file says. Its members are read when they are asked for; one that cannot be read is an error that names its place.</summary>
internal sealed class CredentialDocument : IDisposable
{
    /// <summary>The keys of an entry that say who logs in, and with what.</summary>
    internal static readonly FrozenSet<string> EntryKeys =
        FrozenSet.ToFrozenSet(["auth", "username", "password", "identitytoken", "registrytoken"], StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_keys = FrozenSet.ToFrozenSet(["auths", "credHelpers", "credsStore"], StringComparer.Ordinal);

    private readonly JsonDocument _document;
    private readonly JsonFields _fields;
    private readonly string _path;
    private readonly bool _docker;

    /// <param name="bytes">The bytes of the file.</param>
    /// <param name="path">The file, for messages and as the source of credentials.</param>
    /// <param name="docker">Whether it is Docker's.</param>
    /// <exception cref="MalformedException">It is not such a document.</exception>
    internal CredentialDocument(byte[] bytes, string path, bool docker)
    {
        _fields = JsonFields.Parse(bytes, $"credentials file {DisplayText.Excerpt(path)}", s_keys, out _document);
        _path = path;
        _docker = docker;
    }

    /// <summary>The whole document.</summary>
    internal JsonElement Root => _document.RootElement;

    /// <summary>The helper that keeps what no other one keeps; null for none. Only Docker's file has it.</summary>
    internal string? DefaultHelper => _docker ? Filled(_fields.String("credsStore")) : null;

    /// <summary>The servers that have a helper of their own.</summary>
    internal IEnumerable<(string Server, string Helper)> Helpers
    {
        get
        {
            foreach ((string server, JsonElement value) in _fields.Members("credHelpers"))
                if (Filled(JsonFields.Text(value, _fields.PathOf("credHelpers"))) is { } helper) yield return (server, helper);
        }
    }

    /// <summary>The keys of the logins in the file.</summary>
    internal IEnumerable<string> Keys => _fields.Members("auths").Select(member => member.Key);

    /// <summary>The helper that is asked for a registry; null for none.</summary>
    internal string? HelperFor(RegistryKey key)
    {
        string? helper = null;
        foreach ((string name, JsonElement value) in _fields.Members("credHelpers"))
        {
            if (key.Fit(name) != 1 || (helper is not null && !key.IsPlain(name, _docker))) continue;
            helper = JsonFields.Text(value, _fields.PathOf("credHelpers"));
        }

        return helper is null ? DefaultHelper : Filled(helper);
    }

    /// <summary>The login in the file that fits best; null for none.</summary>
    /// <param name="key">The registry and the repository.</param>
    /// <param name="tokenOnly">Whether only a registry token counts, since a helper has the rest.</param>
    internal RegistryCredential? EntryFor(RegistryKey key, bool tokenOnly)
    {
        JsonElement found = default;
        string foundName = "";
        int best = 0;
        foreach ((string name, JsonElement value) in _fields.Members("auths"))
        {
            int fit = key.Fit(name);
            if (fit == 0) continue;
            fit = (fit * 2) + (key.IsPlain(name, _docker) ? 1 : 0);
            if (fit <= best) continue;
            (best, found, foundName) = (fit, value, name);
        }

        if (best == 0 || found.ValueKind == JsonValueKind.Null) return null;
        string path = $"{_fields.PathOf("auths")}, {DisplayText.Excerpt(foundName, 100)}";
        JsonFields entry = JsonFields.Object(found, path, EntryKeys);
        string? registryToken = Filled(entry.String("registrytoken"));
        if (tokenOnly) return registryToken is null ? null : new RegistryCredential(null, null, null, registryToken, _path);

        string? identityToken = Filled(entry.String("identitytoken"));
        string? user = Filled(entry.String("username"));
        string? password = Filled(entry.String("password"));
        if (Filled(entry.String("auth")) is { } auth) (user, password) = Decode(auth, path);
        if (identityToken is null && registryToken is null && (user is null || password is null)) return null;
        if (identityToken is not null && user == CredentialHelper.TokenUser) user = null;
        return new RegistryCredential(user, password, identityToken, registryToken, _path);
    }

    public void Dispose() => _document.Dispose();

    private static (string? User, string? Password) Decode(string auth, string path)
    {
        byte[] buffer = new byte[(auth.Length * 3 / 4) + 3];
        if (!Convert.TryFromBase64String(auth, buffer, out int count)) throw JsonFields.Wrong($"{path}, auth", "base64");
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, count);
        }
        catch (DecoderFallbackException)
        {
            throw JsonFields.Wrong($"{path}, auth", "base64 of UTF-8 text");
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1) throw JsonFields.Wrong($"{path}, auth", "base64 of user:password");
        // Docker strips the zero bytes that an early version padded passwords with.
        return (text[..colon], Filled(text[(colon + 1)..].Trim('\0')));
    }

    private static string? Filled(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
