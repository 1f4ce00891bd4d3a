using System.Text;
using System.Text.Json;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

public sealed class LoginStorageTests
{
    private const string Host = "reg.example.com";

    private static readonly RegistryCredential s_ann = new("ann", CredentialHome.Canary, null, null, "a test");
    private static readonly RegistryCredential s_token = new(null, null, CredentialHome.Canary, null, "a test");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static LoginStorage Storage(CredentialHome home) => new(home.Environment, TimeSpan.FromSeconds(20));

    [Fact]
    public async Task A_login_is_put_into_a_new_file_that_only_its_owner_may_read()
    {
        using CredentialHome home = new();
        StoredLogin kept = await Storage(home).StoreAsync(Host, s_ann, Stop);
        Assert.Equal((Host, "ann", CredentialKind.Password, (string?)null, home.DockerFile), (kept.Registry, kept.UserName, kept.Kind, kept.Helper, kept.Source));
        string expected = "{\n\t\"auths\": {\n\t\t\"reg.example.com\": {\n\t\t\t\"auth\": \"" + Base64("ann:" + CredentialHome.Canary) + "\"\n\t\t}\n\t}\n}\n";
        Assert.Equal(expected, await File.ReadAllTextAsync(home.DockerFile, Stop));
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home.DockerFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(home.DockerFile)!));
    }

    [Fact]
    public async Task Everything_else_in_the_file_stays_as_it_is_and_where_it_is()
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile, """
            {"detachKeys":"ctrl-e","number":1.50e+3,"auths":{"b.example.com":{"auth":"Yjpi","email":"b@example.com"},"reg.example.com":{"auth":"b2xkOm9sZA==","email":"e","identitytoken":"old"},"a.example.com":{}},"HttpHeaders":{"X":"é < & > \u0041"},"nothing":null,"list":[1,{"z":0,"a":true}]}
            """);
        await Storage(home).StoreAsync(Host, s_ann, Stop);
        string expected = $$$"""
            {"detachKeys":"ctrl-e","number":1.50e+3,"auths":{"b.example.com":{"auth":"Yjpi","email":"b@example.com"},"reg.example.com":{"auth":"{{{Base64("ann:" + CredentialHome.Canary)}}}","email":"e"},"a.example.com":{}},"HttpHeaders":{"X":"é < & > A"},"nothing":null,"list":[1,{"z":0,"a":true}]}
            """;
        Assert.Equal(expected, Compact(await File.ReadAllTextAsync(home.DockerFile, Stop)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"auths":null}""")]
    [InlineData("""{"auths":{}}""")]
    public async Task A_file_without_logins_gets_the_first_one(string before)
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile, before);
        await Storage(home).StoreAsync(Host, s_ann, Stop);
        Assert.Equal("ann", (await home.Files().FindAsync(Host, "app", Stop))?.UserName);
    }

    [Theory]
    [InlineData("docker.io", RegistryKey.HubAddress)]
    [InlineData("GHCR.io", "ghcr.io")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    public async Task A_login_gets_the_key_under_which_Docker_looks_for_it(string registry, string key)
    {
        using CredentialHome home = new();
        await Storage(home).StoreAsync(registry, s_ann, Stop);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(home.DockerFile, Stop));
        Assert.Equal(key, Assert.Single(document.RootElement.GetProperty("auths").EnumerateObject()).Name);
        Assert.Equal(CredentialHome.Canary, (await home.Files().FindAsync(registry, "app", Stop))?.Password);
    }

    [Fact]
    public async Task An_identity_token_is_found_again_and_is_no_password()
    {
        using CredentialHome home = new();
        await Storage(home).StoreAsync(Host, s_token, Stop);
        RegistryCredential? found = await home.Files().FindAsync(Host, "app", Stop);
        Assert.Equal((null, null, CredentialHome.Canary), (found?.UserName, found?.Password, found?.IdentityToken));
        Assert.Contains($"\"identitytoken\": \"{CredentialHome.Canary}\"", await File.ReadAllTextAsync(home.DockerFile, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_symbolic_link_stays_one_and_what_it_points_at_is_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        using CredentialHome home = new();
        string real = Path.Combine(home.Folder, "dotfiles", "docker.json");
        CredentialHome.Write(real, """{"keep":1}""");
        Directory.CreateDirectory(Path.GetDirectoryName(home.DockerFile)!);
        string second = Path.Combine(home.Folder, "second");
        File.CreateSymbolicLink(second, real);
        File.CreateSymbolicLink(home.DockerFile, second);
        await Storage(home).StoreAsync(Host, s_ann, Stop);
        Assert.Equal(second, new FileInfo(home.DockerFile).LinkTarget);
        Assert.Equal(real, new FileInfo(second).LinkTarget);
        Assert.Contains("\"keep\": 1", await File.ReadAllTextAsync(real, Stop), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(real));
        Assert.Equal("ann", (await home.Files().FindAsync(Host, "app", Stop))?.UserName);
    }

    [Fact]
    public async Task Of_many_logins_at_once_none_is_lost()
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile, """{"before":{"x":[1]}}""");
        Figure figure = new("logins at once");
        await Parallel.ForEachAsync(Enumerable.Range(0, 64), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Stop }, async (i, token) =>
            await Storage(home).StoreAsync($"r{i}.example.com", s_ann with { UserName = $"u{i}" }, token));
        for (int i = 0; i < 64; i++) figure.Check($"r{i}", (await home.Files().FindAsync($"r{i}.example.com", "app", Stop))?.UserName == $"u{i}");
        figure.Report(64);
        Assert.Contains("\"before\"", await File.ReadAllTextAsync(home.DockerFile, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_process_left_is_gone_with_the_next_login()
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile + ".ocitools-part", CredentialHome.Canary);
        await Storage(home).StoreAsync(Host, s_ann, Stop);
        Assert.Equal(["config.json", "config.json.ocitools-lock"], Directory.GetFiles(Path.GetDirectoryName(home.DockerFile)!).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"auths":[]}""")]
    [InlineData("""{"auths":{"a":{},"a":{}}}""")]
    [InlineData("""{"Auths":{}}""")]
    [InlineData("""{"credsStore":5}""")]
    [InlineData("""{"x":"\ud800"}""")]
    public async Task A_file_that_can_be_read_in_two_ways_or_in_none_is_left_alone(string before)
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile, before);
        AccessException error = await Assert.ThrowsAsync<AccessException>(() => Storage(home).StoreAsync(Host, s_ann, Stop));
        Assert.Equal("CredentialStoreFailed", error.ErrorId);
        Assert.Equal(before, await File.ReadAllTextAsync(home.DockerFile, Stop));
    }

    [Fact]
    public async Task A_login_is_given_to_the_configured_helper_and_the_file_keeps_no_secret()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        string seen = Path.Combine(home.Folder, "seen");
        home.AddHelper("fake", $"echo \"$1\" >> {seen}; cat >> {seen}; echo >> {seen}");
        CredentialHome.Write(home.DockerFile, $$$"""{"credsStore":"fake","auths":{"reg.example.com":{"auth":"{{{CredentialHome.Auth("old", "old-secret")}}}"} } }""");
        StoredLogin kept = await Storage(home).StoreAsync(Host, s_ann, Stop);
        await Storage(home).StoreAsync("docker.io", s_token, Stop);
        await Storage(home).EraseAsync(kept, Stop);
        Assert.Equal("docker-credential-fake", kept.Source);
        Assert.Equal(
            ["store", $$"""{"ServerURL":"reg.example.com","Username":"ann","Secret":"{{CredentialHome.Canary}}"}""",
             "store", $$"""{"ServerURL":"https://index.docker.io/v1/","Username":"<token>","Secret":"{{CredentialHome.Canary}}"}""", "erase", Host],
            (await File.ReadAllLinesAsync(seen, Stop)).Where(line => line.Length > 0));
        Assert.Equal("""{"credsStore":"fake","auths":{"https://index.docker.io/v1/":{}}}""", Compact(await File.ReadAllTextAsync(home.DockerFile, Stop)));
    }

    [Fact]
    public async Task Logins_are_listed_from_files_and_helpers_without_secrets_and_what_fails_is_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        home.AddHelper("main", """[ "$1" = list ] && echo '{"https://index.docker.io/v1/":"bob","special.example.com":"not asked here","t.example.com":"<token>"}'""");
        home.AddHelper("own", """[ "$1" = list ] && echo '{"special.example.com":"carl"}'""");
        home.AddHelper("broken", "echo hunter2-canary; exit 1");
        CredentialHome.Write(home.DockerFile, $$$"""
            {"credsStore":"main","credHelpers":{"special.example.com":"own","x.example.com":"broken"},"auths":{"https://index.docker.io/v1/":{},"unused.example.com":{"auth":"{{{CredentialHome.Auth("unused")}}}"} } }
            """);
        CredentialHome.Write(home.RuntimeFile, CredentialHome.Auths(("quay.io", "dora"), ("quay.io/team", "emil"), ("https://quay.io/v1/", "old")));
        List<OciException> failures = [];
        List<StoredLogin> logins = [];
        await foreach (StoredLogin login in Storage(home).ListAsync(failures.Add, Stop)) logins.Add(login);
        Assert.Equal(
            ["special.example.com// carl Password docker-credential-own", "docker.io// bob Password docker-credential-main", "t.example.com//  IdentityToken docker-credential-main",
             $"quay.io// dora Password {home.RuntimeFile}", $"quay.io//team emil Password {home.RuntimeFile}"],
            logins.Select(l => $"{l.Registry}//{l.Repository} {l.UserName} {l.Kind} {l.Source}"));
        Assert.Contains("docker-credential-broken", Assert.Single(failures).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(CredentialHome.Canary, failures[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_logins_of_a_registry_are_found_and_removed_and_those_of_others_stay()
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile, CredentialHome.Auths((Host, "ann"), ("https://reg.example.com/v1/", "old"), ("other.example.com", "bob")));
        CredentialHome.Write(home.ConfigurationFile, CredentialHome.Auths((Host, "carl"), (Host + "/team", "dora")));
        List<OciException> failures = [];
        IReadOnlyList<StoredLogin> found = await Storage(home).FindAsync(Host, failures.Add, Stop);
        Assert.Equal(["ann", "carl"], found.Select(l => l.UserName));
        foreach (StoredLogin login in found) await Storage(home).EraseAsync(login, Stop);
        Assert.Empty(failures);
        Assert.Null(await home.Files().FindAsync(Host, "app", Stop));
        Assert.Equal("bob", (await home.Files().FindAsync("other.example.com", "app", Stop))?.UserName);
        Assert.Equal("dora", (await home.Files().FindAsync(Host, "team/app", Stop))?.UserName);
        Assert.Empty(await Storage(home).FindAsync(Host, failures.Add, Stop));
    }

    [Fact]
    public async Task Where_there_is_no_home_there_is_no_place_for_a_login()
    {
        LoginStorage storage = new(Support.RegistrySession.Empty);
        AccessException error = await Assert.ThrowsAsync<AccessException>(() => storage.StoreAsync(Host, s_ann, Stop));
        Assert.Equal("CredentialStoreFailed", error.ErrorId);
        Assert.Contains("DOCKER_CONFIG", error.Recommendation, StringComparison.Ordinal);
    }

    private static string Compact(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) document.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
