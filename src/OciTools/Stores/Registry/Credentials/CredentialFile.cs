using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>One credentials file: Docker's <c>config.json</c>, or the container tools' <c>auth.json</c> (containers-auth.json(5)).</summary>
internal sealed class CredentialFile
{
    private static readonly FrozenSet<string> s_keys = FrozenSet.ToFrozenSet(["auths", "credHelpers", "credsStore"], StringComparer.Ordinal);
    private static readonly FrozenSet<string> s_entryKeys =
        FrozenSet.ToFrozenSet(["auth", "username", "password", "identitytoken", "registrytoken"], StringComparer.Ordinal);

    private readonly string _path;
    private readonly bool _docker;
    private readonly CredentialHelper _helper;

    /// <param name="path">The file.</param>
    /// <param name="docker">Whether it is Docker's: that one has a helper for everything, and another key for Docker Hub.</param>
    /// <param name="helper">Asks credential helpers.</param>
    internal CredentialFile(string path, bool docker, CredentialHelper helper)
    {
        _path = path;
        _docker = docker;
        _helper = helper;
    }

    /// <summary>Looks the registry up; null where the file is absent or has nothing for it.</summary>
    internal async Task<RegistryCredential?> FindAsync(RegistryKey key, CancellationToken cancellationToken)
    {
        byte[]? bytes = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (bytes is null || bytes.Length == 0) return null;

        string? helper;
        RegistryCredential? entry;
        try
        {
            JsonFields fields = JsonFields.Parse(bytes, $"credentials file {DisplayText.Excerpt(_path)}", s_keys, out JsonDocument document);
            using (document)
            {
                helper = HelperFor(fields, key);
                entry = EntryFor(fields, key, tokenOnly: helper is not null);
            }
        }
        catch (MalformedException e)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error(e.Message, e);
        }

        if (helper is null) return entry;
        string server = _docker && key.IsHub ? RegistryKey.HubAddress : key.Host;
        return await _helper.GetAsync(helper, server, _path, cancellationToken).ConfigureAwait(false) ?? entry;
    }

    private string? HelperFor(JsonFields fields, RegistryKey key)
    {
        string? helper = null;
        foreach ((string name, JsonElement value) in fields.Members("credHelpers"))
        {
            if (key.Fit(name) != 1 || (helper is not null && !key.IsPlain(name, _docker))) continue;
            helper = JsonFields.Text(value, fields.PathOf("credHelpers"));
        }

        if (helper is null && _docker) helper = fields.String("credsStore");
        return string.IsNullOrEmpty(helper) ? null : helper;
    }

    private RegistryCredential? EntryFor(JsonFields fields, RegistryKey key, bool tokenOnly)
    {
        JsonElement found = default;
        string foundName = "";
        int best = 0;
        foreach ((string name, JsonElement value) in fields.Members("auths"))
        {
            int fit = key.Fit(name);
            if (fit == 0) continue;
            fit = (fit * 2) + (key.IsPlain(name, _docker) ? 1 : 0);
            if (fit <= best) continue;
            (best, found, foundName) = (fit, value, name);
        }

        if (best == 0 || found.ValueKind == JsonValueKind.Null) return null;
        string path = $"{fields.PathOf("auths")}, {DisplayText.Excerpt(foundName, 100)}";
        JsonFields entry = JsonFields.Object(found, path, s_entryKeys);
        string? registryToken = Filled(entry.String("registrytoken"));
        if (tokenOnly) return registryToken is null ? null : new RegistryCredential(null, null, null, registryToken, _path);

        string? identityToken = Filled(entry.String("identitytoken"));
        string? user = Filled(entry.String("username"));
        string? password = Filled(entry.String("password"));
        if (Filled(entry.String("auth")) is { } auth) (user, password) = Decode(auth, path);
        if (identityToken is null && registryToken is null && (user is null || password is null)) return null;
        return new RegistryCredential(user, password, identityToken, registryToken, _path);
    }

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

    // Opening may hang, on a pipe that nobody writes or a dead network share, and cannot be cancelled; so it happens aside.
    private async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Factory.StartNew(Read, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(_helper.TimeLimit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error(
                $"The credentials file {DisplayText.Excerpt(_path)} could not be read within {_helper.TimeLimit.TotalSeconds:0.#} seconds.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error(
                $"The credentials file {DisplayText.Excerpt(_path)} cannot be read: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    private byte[]? Read()
    {
        try
        {
            using FileStream stream = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] buffer = new byte[Limits.CredentialDocument + 1];
            int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (count > Limits.CredentialDocument) throw new IOException($"it is larger than {Limits.CredentialDocument} bytes");
            return buffer[..count];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
