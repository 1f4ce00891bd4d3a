using System.Collections.Frozen;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// Asks credential helpers by Docker's protocol: the program gets <c>get</c>, <c>store</c>, <c>erase</c> or <c>list</c> as its argument and the
/// server or the login on its input, and answers with JSON. What a helper writes is never shown, in no error either: it may hold what it keeps.
/// </summary>
internal sealed class CredentialHelper
{
    // the answer that stands for "nothing stored", by the protocol's own library
    private const string NotFound = "credentials not found in native keychain";

    /// <summary>The user under which an identity token is kept.</summary>
    internal const string TokenUser = "<token>";

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly FrozenSet<string> s_keys = FrozenSet.ToFrozenSet(["ServerURL", "Username", "Secret"], StringComparer.Ordinal);

    private readonly UserEnvironment _environment;

    internal CredentialHelper(UserEnvironment environment, TimeSpan timeLimit)
    {
        _environment = environment;
        TimeLimit = timeLimit;
    }

    /// <summary>How long a helper may take.</summary>
    internal TimeSpan TimeLimit { get; }

    /// <summary>Asks a helper; null where it has nothing stored.</summary>
    /// <param name="name">The name of the helper, as the file has it.</param>
    /// <param name="server">The server to ask for.</param>
    /// <param name="file">The file that names the helper.</param>
    /// <param name="cancellationToken">Stops the helper.</param>
    internal async Task<RegistryCredential?> GetAsync(string name, string server, string file, CancellationToken cancellationToken)
    {
        (HelperAnswer answer, string what) = await RunAsync(name, "get", server, file, cancellationToken).ConfigureAwait(false);
        if (answer.ExitCode == 0) return Read(answer.Output, server, ProgramOf(name), what);
        if (IsNotFound(answer)) return null;
        throw Ended(what, answer, $"for {DisplayText.Excerpt(server)}");
    }

    /// <summary>Gives a login to a helper to keep.</summary>
    internal async Task StoreAsync(string name, string server, RegistryCredential credential, string file, CancellationToken cancellationToken)
    {
        string login = JsonSerializer.Serialize(new JsonObject
        {
            ["ServerURL"] = server,
            ["Username"] = credential.IdentityToken is null ? credential.UserName : TokenUser,
            ["Secret"] = credential.IdentityToken ?? credential.Password,
        }, s_json);
        (HelperAnswer answer, string what) = await RunAsync(name, "store", login, file, cancellationToken).ConfigureAwait(false);
        if (answer.ExitCode != 0) throw Ended(what, answer, $"and has not kept the login of {DisplayText.Excerpt(server)}");
    }

    /// <summary>Has a helper forget a login; one that it does not have is fine.</summary>
    internal async Task EraseAsync(string name, string server, string file, CancellationToken cancellationToken)
    {
        (HelperAnswer answer, string what) = await RunAsync(name, "erase", server, file, cancellationToken).ConfigureAwait(false);
        if (answer.ExitCode != 0 && !IsNotFound(answer)) throw Ended(what, answer, $"and has not forgotten the login of {DisplayText.Excerpt(server)}");
    }

    /// <summary>The servers that a helper has a login for, and the users. No secret is asked for.</summary>
    internal async Task<IReadOnlyList<(string Server, string User)>> ListAsync(string name, string file, CancellationToken cancellationToken)
    {
        (HelperAnswer answer, string what) = await RunAsync(name, "list", "", file, cancellationToken).ConfigureAwait(false);
        if (answer.ExitCode != 0) throw Ended(what, answer, "when it was asked for its logins");
        try
        {
            List<(string, string)> logins = [];
            JsonFields fields = JsonFields.Parse(answer.Output, "answer", [], out JsonDocument document);
            using (document)
                foreach (JsonProperty member in fields.Element.EnumerateObject()) logins.Add((member.Name, JsonFields.Text(member.Value, "answer")));
            return logins;
        }
        catch (MalformedException)
        {
            // not the cause: its message may quote the answer
            throw Failed($"{what} gave a list that is not a JSON object of servers and users.");
        }
    }

    /// <summary>The program of a helper.</summary>
    internal static string ProgramOf(string name) => "docker-credential-" + name;

    private async Task<(HelperAnswer Answer, string What)> RunAsync(string name, string verb, string input, string file, CancellationToken cancellationToken)
    {
        if (!HelperPrograms.IsName(name))
            throw Failed($"The credentials file {DisplayText.Excerpt(file)} names the helper '{DisplayText.Excerpt(name, 60)}', which is not a name a helper can have.");

        string what = $"The credential helper {ProgramOf(name)}, named in {DisplayText.Excerpt(file)},";
        string? path = HelperPrograms.Find(name, _environment);
        if (path is null) throw Failed($"{what} is not in any absolute directory of PATH.");
        return (await HelperProcess.RunAsync(path, verb, input, TimeLimit, what, cancellationToken).ConfigureAwait(false), what);
    }

    private static bool IsNotFound(HelperAnswer answer) => Encoding.UTF8.GetString(answer.Output).Trim() == NotFound;

    private static OciException Ended(string what, HelperAnswer answer, string why) =>
        Failed($"{what} ended with exit code {answer.ExitCode} {why}. Run it by hand to see what it says.");

    private static RegistryCredential? Read(byte[] output, string server, string source, string what)
    {
        string? answered, user, secret;
        try
        {
            JsonFields fields = JsonFields.Parse(output, "answer", s_keys, out JsonDocument document);
            using (document)
                (answered, user, secret) = (fields.String("ServerURL"), fields.String("Username"), fields.String("Secret"));
        }
        catch (MalformedException)
        {
            // not the cause: its message may quote the answer
            throw Failed($"{what} gave an answer that is not a JSON object with Username and Secret.");
        }

        if (!string.IsNullOrEmpty(answered) && HostName(answered) != HostName(server))
            throw Failed($"{what} was asked for {DisplayText.Excerpt(server)} and answered for another server.");
        if (string.IsNullOrEmpty(user) && string.IsNullOrEmpty(secret)) return null;
        if (string.IsNullOrEmpty(user) || string.IsNullOrEmpty(secret)) throw Failed($"{what} gave an answer without Username or without Secret.");
        return user == TokenUser
            ? new RegistryCredential(null, null, secret, null, source)
            : new RegistryCredential(user, secret, null, null, source);
    }

    // Helpers give back the address as it was stored, with or without scheme, port and path; the host is what must agree.
    private static string HostName(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? address : address[(scheme + 3)..];
        int end = rest.IndexOfAny(['/', '?', '#']);
        string host = RegistryKey.FoldHost(end < 0 ? rest : rest[..end]);
        int colon = host.LastIndexOf(':');
        return RegistryKey.FoldHost(colon > host.LastIndexOf(']') ? host[..colon] : host);
    }

    private static OciException Failed(string message) => ErrorCatalogue.CredentialStoreFailed.Error(message);
}
