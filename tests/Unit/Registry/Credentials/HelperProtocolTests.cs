using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

public sealed class HelperProtocolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""cat >/dev/null; echo '{"ServerURL":"x.org","Username":"ann","Secret":"s"}'""", "ann/s/")]
    [InlineData("""echo '{"ServerURL":"https://x.org/v1/","Username":"ann","Secret":"s"}'""", "ann/s/")]
    [InlineData("""echo '{"Username":"ann","Secret":"s","Extra":true}'""", "ann/s/")]
    [InlineData("""echo '{"Username":"<token>","Secret":"t"}'""", "//t")]
    [InlineData("""echo noise >&2; echo '{"Username":"ann","Secret":"s"}'""", "ann/s/")]
    [InlineData("""head -c 3000000 /dev/zero >&2; echo '{"Username":"ann","Secret":"s"}'""", "ann/s/")]
    [InlineData("""echo '{"Username":"ann","Secret":"s"}'; sleep 6 &""", "ann/s/")]
    [InlineData("""printf "{\"Username\":\"$1-$#-$(cat)-$(pwd)\",\"Secret\":\"s\"}" """, "get-1-x.org-//s/")]
    [InlineData("""echo '{"Username":"","Secret":""}'""", null)]
    [InlineData("""echo 'credentials not found in native keychain'; exit 1""", null)]
    [InlineData("""echo 'credentials not found in native keychain'; echo noise >&2; exit 2""", null)]
    public async Task A_helper_is_asked_and_answers_by_the_protocol(string script, string? expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        home.AddHelper("good", script);
        CredentialHome.Write(home.DockerFile, """{"credHelpers":{"x.org":"good"}}""");
        RegistryCredential? found = await home.Files().FindAsync("x.org", "app", Token);
        Assert.Equal(expected, found is null ? null : $"{found.UserName}/{found.Password}/{found.IdentityToken}");
        if (found is not null) Assert.Equal("docker-credential-good", found.Source);
    }

    [Fact]
    public async Task No_program_of_the_current_or_the_module_folder_is_run()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        string name = "ocitools-" + Guid.NewGuid().ToString("N");
        string marker = Path.Combine(home.Folder, "ran");
        string script = $$"""touch {{marker}}; echo '{"Username":"ann","Secret":"s"}'""";
        string current = Directory.GetCurrentDirectory();
        string sub = Directory.CreateDirectory(Path.Combine(current, name + ".d")).FullName;
        string[] programs =
        [
            CredentialHome.AddProgram(current, name, script), CredentialHome.AddProgram(AppContext.BaseDirectory, name, script),
            CredentialHome.AddProgram(sub, name, script), home.AddHelper(name, script),
        ];
        try
        {
            CredentialHome.Write(home.DockerFile, $$"""{"credsStore":"{{name}}"}""");
            string relative = Path.GetRelativePath(current, home.Bin);
            string[] paths =
            [
                "", ".", "./", "..", ":", "::", ":/nowhere", "/nowhere:", "/nowhere::/nowhere", ".:/nowhere", "./.", "bin", relative, "./" + relative,
                name + ".d", "./" + name + ".d", "~", "~/bin", "$HOME/bin", "$PWD", " " + home.Bin, "\"" + home.Bin + "\"",
                "\\\\" + home.Bin, "C:\\", "/nowhere:.:" + relative,
            ];
            Figure figure = new("E3 paths that reach no program");
            foreach (string path in paths)
            {
                home["PATH"] = path;
                OciException? error = await Record.ExceptionAsync(() => home.Files().FindAsync("x.org", "app", Token)) as OciException;
                figure.Check($"PATH={path}", error?.ErrorId == "CredentialStoreFailed" && !File.Exists(marker), error?.ErrorId ?? "no error");
            }

            figure.Report(20);

            // the same program runs as soon as an absolute folder holds it, so it is not broken
            home["PATH"] = "/nowhere:" + home.Bin;
            Assert.NotNull(await home.Files().FindAsync("x.org", "app", Token));
            Assert.True(File.Exists(marker));
        }
        finally
        {
            foreach (string program in programs) File.Delete(program);
            Directory.Delete(sub);
        }
    }

    [Fact]
    public async Task A_name_that_no_helper_can_have_is_refused()
    {
        string[] names =
        [
            ".", "..", "/", "a/b", "../a", "./a", "/bin/sh", "a\\b", "..\\a", "C:\\a", "C:a", "a b", " a", "a ", "a\tb", "a\nb", "a\r", "a;b", "a&b",
            "a|b", "a`b", "$(id)", "${IFS}", "$HOME", "a\"b", "a'b", "a>b", "a<b", "a*", "a?", "[a]", "{a}", "a,b", "a:b", "a@b", "a=b", "a+b", "a%20b",
            "a#b", "~", "a!b", "é", "а", "a\u200Bb", "a\u202Eb", "ａ", "a\0b", new string('a', 101), "a^b", "-a/..",
        ];
        Figure figure = new("E3 helper names refused");
        using CredentialHome home = new();
        foreach (string name in names)
        {
            CredentialHome.Write(home.DockerFile, $$"""{"credsStore":{{System.Text.Json.JsonSerializer.Serialize(name)}}}""");
            OciException? error = await Record.ExceptionAsync(() => home.Files().FindAsync("x.org", "app", Token)) as OciException;
            bool refused = error?.ErrorId == "CredentialStoreFailed" && error.Message.Contains("not a name", StringComparison.Ordinal);
            figure.Check(name, refused && !HelperPrograms.IsName(name), error?.Message ?? "no error");
        }

        figure.Report(40);
    }

    [Theory]
    [InlineData("desktop")]
    [InlineData("osxkeychain")]
    [InlineData("ecr-login")]
    [InlineData("acr-env")]
    [InlineData("gcloud_2.0")]
    [InlineData("-a")]
    [InlineData("...")]
    public void A_name_of_letters_digits_dot_hyphen_and_underscore_is_taken(string name) => Assert.True(HelperPrograms.IsName(name));

    [Theory]
    [InlineData("x.org\nPassword=1")]
    [InlineData("x.org/evil")]
    [InlineData("x.org\\evil")]
    [InlineData("user@x.org")]
    [InlineData("x.org ")]
    [InlineData("x.org\0")]
    [InlineData("http://x.org")]
    [InlineData("x.org?a")]
    [InlineData("é.org")]
    public async Task A_registry_with_other_characters_reaches_no_helper(string registry)
    {
        using CredentialHome home = new();
        CredentialHome.Write(home.DockerFile, """{"credsStore":"missing"}""");
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => home.Files().FindAsync(registry, "app", Token));
        Assert.Equal("InvalidImageName", error.ErrorId);
    }
}
