using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

public sealed class CredentialFilesTests
{
    private const string Failed = "CredentialStoreFailed";

    // YW5uOnB3 is ann:pw, Ym9iOnB3 is bob:pw, Y2Fs... is cal:pw (printf ann:pw | base64)
    private const string Ann = """{"auth":"YW5uOnB3"}""";
    private const string Bob = """{"auth":"Ym9iOnB3"}""";
    private const string Cal = """{"auth":"Y2FsOnB3"}""";

    // helper "h" answers helper/s, "none" has nothing stored
    private static readonly (string Name, string? Docker, string? Runtime, string? Configuration, string Registry, string Repository, string? Expected)[] s_files =
    [
        ("no file", null, null, null, "x.org", "a", null),
        ("empty file", "", null, null, "x.org", "a", null),
        ("empty object", "{}", null, null, "x.org", "a", null),
        ("user and password", $$$$"""{"auths":{"x.org":{{{{Ann}}}}}}""", null, null, "x.org", "a", "ann:pw"),
        ("password with colons", """{"auths":{"x.org":{"auth":"YW5uOnA6dzo="}}}""", null, null, "x.org", "a", "ann:p:w:"),
        ("password in UTF-8", """{"auths":{"x.org":{"auth":"YW5uOsOpw7w="}}}""", null, null, "x.org", "a", "ann:éü"),
        ("padded password", """{"auths":{"x.org":{"auth":"YW5uOnB3AAA="}}}""", null, null, "x.org", "a", "ann:pw"),
        ("plain user and password", """{"auths":{"x.org":{"username":"ann","password":"pw"}}}""", null, null, "x.org", "a", "ann:pw"),
        ("auth before plain fields", """{"auths":{"x.org":{"username":"u","password":"p","auth":"YW5uOnB3"}}}""", null, null, "x.org", "a", "ann:pw"),
        ("identity token", """{"auths":{"x.org":{"auth":"YW5uOg==","identitytoken":"idt"}}}""", null, null, "x.org", "a", "ann:+id=idt"),
        ("identity token alone", """{"auths":{"x.org":{"identitytoken":"idt"}}}""", null, null, "x.org", "a", ":+id=idt"),
        ("registry token", """{"auths":{"x.org":{"registrytoken":"rt"}}}""", null, null, "x.org", "a", ":+rt=rt"),
        ("entry without anything", """{"auths":{"x.org":{}}}""", null, null, "x.org", "a", null),
        ("entry with null", """{"auths":{"x.org":null}}""", null, null, "x.org", "a", null),
        ("other keys of the file", $$$$"""{"HttpHeaders":{"a":"b"},"psFormat":"x","auths":{"x.org":{{{{Ann}}}}},"plugins":{}}""", null, null, "x.org", "a", "ann:pw"),
        ("plain host before address", $$$$"""{"auths":{"https://x.org/v1/":{{{{Bob}}}},"x.org":{{{{Ann}}}}}}""", null, null, "x.org", "a", "ann:pw"),
        ("hub by its address", $$$$"""{"auths":{"docker.io":{{{{Bob}}}},"https://index.docker.io/v1/":{{{{Ann}}}}}}""", null, null, "docker.io", "library/a", "ann:pw"),
        ("hub in auth.json", null, $$$$"""{"auths":{"https://index.docker.io/v1/":{{{{Bob}}}},"docker.io":{{{{Ann}}}}}}""", null, "docker.io", "library/a", "ann:pw"),
        ("docker before containers", $$$$"""{"auths":{"x.org":{{{{Ann}}}}}}""", $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", null, "x.org", "a", "ann:pw"),
        ("containers where docker has none", $$$$"""{"auths":{"y.org":{{{{Ann}}}}}}""", $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", null, "x.org", "a", "bob:pw"),
        ("runtime before configuration", null, $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", $$$$"""{"auths":{"x.org":{{{{Cal}}}}}}""", "x.org", "a", "bob:pw"),
        ("configuration last", null, null, $$$$"""{"auths":{"x.org":{{{{Cal}}}}}}""", "x.org", "a", "cal:pw"),
        ("most specific key", null, $$$$"""{"auths":{"x.org":{{{{Ann}}}},"x.org/t/a":{{{{Cal}}}},"x.org/t":{{{{Bob}}}}}}""", null, "x.org", "t/a", "cal:pw"),
        ("namespace", null, $$$$"""{"auths":{"x.org":{{{{Ann}}}},"x.org/t/a":{{{{Cal}}}},"x.org/t":{{{{Bob}}}}}}""", null, "x.org", "t/b", "bob:pw"),
        ("host below namespaces", null, $$$$"""{"auths":{"x.org":{{{{Ann}}}},"x.org/t/a":{{{{Cal}}}},"x.org/t":{{{{Bob}}}}}}""", null, "x.org", "u/a", "ann:pw"),
        ("namespace is whole", null, $$$$"""{"auths":{"x.org/tea":{{{{Bob}}}}}}""", null, "x.org", "team/a", null),
        ("namespace keeps its case", null, $$$$"""{"auths":{"x.org/Team":{{{{Bob}}}}}}""", null, "x.org", "team/a", null),
        ("hub namespace", null, $$$$"""{"auths":{"docker.io":{{{{Ann}}}},"docker.io/library":{{{{Bob}}}}}}""", null, "docker.io", "library/a", "bob:pw"),
        ("helper for the host", $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credHelpers":{"x.org":"h"}}""", null, null, "x.org", "a", "helper:s"),
        ("helper for another host", $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credHelpers":{"y.org":"h"}}""", null, null, "x.org", "a", "ann:pw"),
        ("helper for all", $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credsStore":"h"}""", null, null, "x.org", "a", "helper:s"),
        ("host's helper before the one for all", """{"credsStore":"broken","credHelpers":{"x.org":"h"}}""", null, null, "x.org", "a", "helper:s"),
        ("helper has nothing, file not asked", $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credsStore":"none"}""", null, null, "x.org", "a", null),
        ("helper has nothing, registry token stays", """{"auths":{"x.org":{"auth":"YW5uOnB3","registrytoken":"rt"}},"credsStore":"none"}""", null, null, "x.org", "a", ":+rt=rt"),
        ("helper has nothing, next file", """{"credsStore":"none"}""", $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", null, "x.org", "a", "bob:pw"),
        ("empty helper name is none", $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credsStore":""}""", null, null, "x.org", "a", "ann:pw"),
        ("helper in auth.json", null, $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credHelpers":{"x.org":"h"}}""", null, "x.org", "a", "helper:s"),
        ("credsStore is Docker's alone", null, $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credsStore":"broken"}""", null, "x.org", "a", "ann:pw"),
        ("hub helper is asked by the address", """{"credsStore":"echo"}""", null, null, "docker.io", "library/a", "https://index.docker.io/v1/:s"),
        ("helper is asked by host and port", """{"credsStore":"echo"}""", null, null, "X.org:5000", "a", "x.org:5000:s"),
        ("broken helper", $$$$"""{"auths":{"x.org":{{{{Ann}}}}},"credsStore":"broken"}""", $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", null, "x.org", "a", Failed),
        ("broken JSON", """{"auths":{"x.org":""", $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", null, "x.org", "a", Failed),
        ("an array", "[]", null, null, "x.org", "a", Failed),
        ("auths is a list", """{"auths":[]}""", null, null, "x.org", "a", Failed),
        ("entry is text", """{"auths":{"x.org":"YW5uOnB3"}}""", null, null, "x.org", "a", Failed),
        ("auth is not base64", """{"auths":{"x.org":{"auth":"%%%"}}}""", $$$$"""{"auths":{"x.org":{{{{Bob}}}}}}""", null, "x.org", "a", Failed),
        ("auth has no colon", """{"auths":{"x.org":{"auth":"YW5u"}}}""", null, null, "x.org", "a", Failed),
        ("auth is not UTF-8", """{"auths":{"x.org":{"auth":"YW5uOv8="}}}""", null, null, "x.org", "a", Failed),
        ("a key twice", $$$$"""{"auths":{"x.org":{{{{Ann}}}},"x.org":{{{{Bob}}}}}}""", null, null, "x.org", "a", Failed),
        ("auths in another case", $$$$"""{"Auths":{"x.org":{{{{Ann}}}}}}""", null, null, "x.org", "a", Failed),
        ("helper is a number", """{"credsStore":5}""", null, null, "x.org", "a", Failed),
        ("broken auth.json", null, "nonsense", $$$$"""{"auths":{"x.org":{{{{Cal}}}}}}""", "x.org", "a", Failed),
        ("broken file behind one that has it", $$$$"""{"auths":{"x.org":{{{{Ann}}}}}}""", "nonsense", null, "x.org", "a", "ann:pw"),
        ("broken entry of another host", $$$$"""{"auths":{"y.org":{"auth":"%%%"},"x.org":{{{{Ann}}}}}}""", null, null, "x.org", "a", "ann:pw"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lookups_in_files_follow_docker_and_the_container_tools()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        Figure figure = new("E4 credentials files");
        foreach ((string name, string? docker, string? runtime, string? configuration, string registry, string repository, string? expected) in s_files)
        {
            using CredentialHome home = new();
            home.AddHelper("h", """echo '{"Username":"helper","Secret":"s"}'""");
            home.AddHelper("none", "echo 'credentials not found in native keychain'; exit 1");
            home.AddHelper("broken", "exit 1");
            home.AddHelper("echo", """printf "{\"Username\":\"$(cat)\",\"Secret\":\"s\"}" """);
            if (docker is not null) CredentialHome.Write(home.DockerFile, docker);
            if (runtime is not null) CredentialHome.Write(home.RuntimeFile, runtime);
            if (configuration is not null) CredentialHome.Write(home.ConfigurationFile, configuration);
            string? found = await FindAsync(home, registry, repository);
            figure.Check($"{name}, expected {expected ?? "none"}", found == expected, found ?? "none");
        }

        figure.Report(30);
    }

    [Fact]
    public async Task The_variables_name_the_files()
    {
        using CredentialHome home = new();
        home["DOCKER_CONFIG"] = Path.Combine(home.Folder, "elsewhere");
        home["REGISTRY_AUTH_FILE"] = Path.Combine(home.Folder, "my-auth.json");
        CredentialHome.Write(home.DockerFile, CredentialHome.Auths(("a.org", "wrong")));
        CredentialHome.Write(home.RuntimeFile, CredentialHome.Auths(("b.org", "wrong")));
        CredentialHome.Write(Path.Combine(home.Folder, "elsewhere", "config.json"), CredentialHome.Auths(("a.org", "ann")));
        CredentialHome.Write(Path.Combine(home.Folder, "my-auth.json"), CredentialHome.Auths(("b.org", "bob")));
        Assert.Equal("ann:pw", await FindAsync(home, "a.org", "x"));
        Assert.Equal("bob:pw", await FindAsync(home, "b.org", "x"));
    }

    [Fact]
    public async Task A_change_of_the_file_is_seen_by_the_next_lookup()
    {
        using CredentialHome home = new();
        CredentialFiles files = home.Files();
        Assert.Null(await files.FindAsync("x.org", "a", Token));
        CredentialHome.Write(home.DockerFile, CredentialHome.Auths(("x.org", "ann")));
        Assert.Equal("ann", (await files.FindAsync("x.org", "a", Token))?.UserName);
        CredentialHome.Write(home.DockerFile, CredentialHome.Auths(("x.org", "bob")));
        Assert.Equal("bob", (await files.FindAsync("x.org", "a", Token))?.UserName);
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("large")]
    [InlineData("pipe")]
    public async Task A_file_that_cannot_be_read_is_an_error_and_no_other_is_asked(string what)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a folder is reported in another way there");
        using CredentialHome home = new();
        CredentialHome.Write(home.RuntimeFile, CredentialHome.Auths(("x.org", "decoy")));
        if (what == "folder") Directory.CreateDirectory(home.DockerFile);
        else if (what == "large") CredentialHome.Write(home.DockerFile, "{" + new string(' ', Limits.CredentialDocument) + "}");
        else await MakePipeAsync(home.DockerFile);
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => home.Files(1).FindAsync("x.org", "a", Token));
        Assert.Equal(Failed, error.ErrorId);
        Assert.Contains(home.DockerFile, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_a_credential_nor_an_error_shows_a_secret_in_its_text()
    {
        RegistryCredential credential = new("ann", "hunter2", "idt-hunter2", "rt-hunter2", "/home/ann/.docker/config.json");
        Assert.DoesNotContain("hunter2", credential.ToString(), StringComparison.Ordinal);
        Assert.Contains("/home/ann/.docker/config.json", credential.ToString(), StringComparison.Ordinal);

        using CredentialHome home = new();
        foreach (string entry in new[] { "\"hunter2\"", """{"auth":"hunter2"}""", """{"auth":["hunter2"]}""", """{"password":{"hunter2":1}}""", "{\"auth\":\"hunter2\u0001\"}" })
        {
            CredentialHome.Write(home.DockerFile, $$$$"""{"auths":{"x.org":{{{{entry}}}}}}""");
            OciException error = await Assert.ThrowsAnyAsync<OciException>(() => home.Files().FindAsync("x.org", "a", Token));
            Assert.Equal(Failed, error.ErrorId);
            Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<string?> FindAsync(CredentialHome home, string registry, string repository)
    {
        try
        {
            RegistryCredential? found = await home.Files().FindAsync(registry, repository, Token);
            if (found is null) return null;
            string text = $"{found.UserName}:{found.Password}";
            if (found.IdentityToken is not null) text += "+id=" + found.IdentityToken;
            return found.RegistryToken is null ? text : text + "+rt=" + found.RegistryToken;
        }
        catch (OciException e)
        {
            return e.ErrorId;
        }
    }

    private static async Task MakePipeAsync(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start("/usr/bin/mkfifo", [path]);
        await process.WaitForExitAsync(Token);
        Assert.Equal(0, process.ExitCode);
    }
}
