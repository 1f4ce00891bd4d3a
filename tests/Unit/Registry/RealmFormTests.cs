using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class RealmFormTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // {own} is the registry's host:port, {other} a second server's, {port} the second server's port, {ownport} the registry's
    public static IReadOnlyList<(string Realm, string Decision)> Forms { get; } =
    [
        ("http://{own}/token", "credentials"),
        ("http://{own}/token?a=b", "credentials"),
        ("HTTP://{own}/token", "credentials"),
        ("http://{other}/token", "anonymous"),
        ("http://localhost:{port}/token", "anonymous"),
        ("http://localhost:{ownport}/token", "anonymous"),
        ("http://127.0.0.2:{port}/token", "anonymous"),
        ("http://[::ffff:127.0.0.1]:{port}/token", "anonymous"),
        ("http://2130706433:{port}/token", "anonymous"),
        ("http://0x7f000001:{port}/token", "anonymous"),
        ("http://127.1:{port}/token", "anonymous"),
        ("http://0.0.0.0:{port}/token", "anonymous"),
        ("https://{other}/token", "anonymous"),
        ("http://alice@{own}/token", "refused"),
        ("http://alice:secret@{other}/token", "refused"),
        ("http://{own}@{other}/token", "refused"),
        ("http://{own}\\\\@{other}/token", "refused"),
        ("http://169.254.169.254/latest/meta-data", "refused"),
        ("http://[fe80::1]/token", "refused"),
        ("http://metadata.google.internal/token", "refused"),
        ("http://224.0.0.1/token", "refused"),
        ("file:///etc/passwd", "refused"),
        ("ftp://{other}/token", "refused"),
        ("/token", "refused"),
        ("token", "refused"),
        ("//{other}/token", "refused"),
        ("http:{other}", "refused"),
        ("http://", "refused"),
        ("http://{other}:/token", "refused"),
        (" http://{other}/token", "refused"),
        ("javascript:alert(1)", "refused"),
        ("http://%31%32%37.0.0.1:{port}/token", "refused"),
        ("", "refused"),
    ];

    [Fact]
    public async Task Each_form_of_a_realm_gets_what_the_table_says()
    {
        int held = 0;
        foreach ((string form, string decision) in Forms)
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync();
            await using FakeRegistry other = await FakeRegistry.StartAsync();
            registry.AddImage("app", "latest", [1]);
            string realm = form.Replace("{own}", registry.Host, StringComparison.Ordinal).Replace("{other}", other.Host, StringComparison.Ordinal)
                .Replace("{port}", $"{other.Address.Port}", StringComparison.Ordinal).Replace("{ownport}", $"{registry.Address.Port}", StringComparison.Ordinal);
            other.OnRequest = _ => new Fault { Status = 401 };
            registry.OnRequest = r => r.Path == "/token" && r.Header("Authorization") is null ? new Fault { Status = 401 } : RegistrySession.Bearer(registry, realm: realm)(r);
            Exception? error = await Record.ExceptionAsync(() => new RegistrySession().Open(registry.Host, RegistrySession.AsAlice).ResolveAsync(RegistrySession.At(registry), Stop));

            string? id = (error as OciException)?.ErrorId;
            bool asked = other.Requests.Count > 0 || registry.Requests.Any(r => r.Path == "/token");
            bool right = decision switch
            {
                "credentials" => error is null,
                // an https form of a server without TLS cannot be asked; then the connection fails
                "anonymous" => id is "RealmNotTrusted" or "ConnectionFailed" or "InvalidImageName",
                _ => id is "RealmNotTrusted" or "Unauthorized" && !asked,
            };
            if (right && !RegistrySession.HoldsSecret(other)) held++;
            else output.WriteLine($"{realm}: {decision}, but {id ?? "no error"}; asked: {asked}: {error?.Message}");
        }

        output.WriteLine($"realm forms: tried {Forms.Count}, held {held}");
        Assert.Equal(Forms.Count, held);
        Assert.True(Forms.Count >= 30);
    }
}
