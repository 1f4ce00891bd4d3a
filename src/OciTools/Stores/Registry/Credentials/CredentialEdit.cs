using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>Changes one login in a credentials file and copies all the rest as it is, in its order: other tools keep their settings there.</summary>
internal static class CredentialEdit
{
    private const string Logins = "auths";

    // as Docker itself writes it
    private static readonly JsonWriterOptions s_options = new()
    {
        Indented = true, IndentCharacter = '\t', IndentSize = 1, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The file with a login.</summary>
    /// <param name="document">The file as it is; null for none.</param>
    /// <param name="key">The key of the login.</param>
    /// <param name="credential">The login; null for the empty entry that Docker leaves where a helper has it.</param>
    internal static byte[] With(JsonElement? document, string key, RegistryCredential? credential) =>
        Rewrite(document, name => name == key, key, (writer, before) => WriteEntry(writer, before, credential));

    /// <summary>The file without some logins.</summary>
    internal static byte[] Without(JsonElement document, IReadOnlyCollection<string> keys) => Rewrite(document, keys.Contains, null, (_, _) => { });

    private static byte[] Rewrite(JsonElement? document, Predicate<string> isChanged, string? added, Action<Utf8JsonWriter, JsonElement?> write)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter writer = new(bytes, s_options))
        {
            writer.WriteStartObject();
            bool isWritten = false;
            if (document is { } root)
            {
                foreach (JsonProperty member in root.EnumerateObject())
                {
                    if (member.Name != Logins)
                    {
                        member.WriteTo(writer);
                        continue;
                    }

                    if (member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object)) throw JsonFields.Wrong($"credentials file, {Logins}", "an object");
                    WriteLogins(writer, member.Value.ValueKind == JsonValueKind.Null ? null : member.Value, isChanged, added, write);
                    isWritten = true;
                }
            }

            if (!isWritten && added is not null) WriteLogins(writer, null, isChanged, added, write);
            writer.WriteEndObject();
        }

        return [.. bytes.WrittenSpan, (byte)'\n'];
    }

    private static void WriteLogins(Utf8JsonWriter writer, JsonElement? logins, Predicate<string> isChanged, string? added, Action<Utf8JsonWriter, JsonElement?> write)
    {
        writer.WriteStartObject(Logins);
        bool isWritten = added is null;
        if (logins is { } before)
        {
            foreach (JsonProperty login in before.EnumerateObject())
            {
                if (!isChanged(login.Name))
                {
                    login.WriteTo(writer);
                }
                else if (login.Name == added)
                {
                    writer.WritePropertyName(login.Name);
                    write(writer, login.Value.ValueKind == JsonValueKind.Object ? login.Value : null);
                    isWritten = true;
                }
            }
        }

        if (!isWritten)
        {
            writer.WritePropertyName(added!);
            write(writer, null);
        }

        writer.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter writer, JsonElement? before, RegistryCredential? credential)
    {
        writer.WriteStartObject();
        if (credential is not null)
        {
            // podman and skopeo skip an entry without a user, also one that has an identity token
            string account = credential.IdentityToken is null ? $"{credential.UserName}:{credential.Password}" : $"{CredentialHelper.TokenUser}:";
            writer.WriteString("auth", Convert.ToBase64String(Encoding.UTF8.GetBytes(account)));
            if (credential.IdentityToken is not null) writer.WriteString("identitytoken", credential.IdentityToken);
        }

        if (before is { } entry)
        {
            foreach (JsonProperty member in entry.EnumerateObject())
                if (!CredentialDocument.EntryKeys.Contains(member.Name)) member.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
