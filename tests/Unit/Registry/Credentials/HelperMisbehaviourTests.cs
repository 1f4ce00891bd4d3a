using System.Diagnostics;
using System.Globalization;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

public sealed class HelperMisbehaviourTests
{
    private const string Host = "reg.example.com";
    private const double ShortLimit = 0.4;

    // what a working helper would have said; a misbehaving one often says it too
    private const string Good = """echo '{"ServerURL":"reg.example.com","Username":"ann","Secret":"hunter2-canary"}'""";

    private static readonly (string Name, bool Hangs, string Script)[] s_scripts =
    [
        ("exit 1", false, "exit 1"),
        ("exit 1 with a secret on stderr", false, "echo hunter2-canary >&2; exit 1"),
        ("exit 1 with a secret on stdout", false, "echo hunter2-canary; exit 1"),
        ("exit 1 with a whole answer", false, Good + "; exit 1"),
        ("exit 127", false, "exit 127"),
        ("exit 255", false, "exit 255"),
        ("killed by a signal", false, "kill -9 $$"),
        ("reads no input and fails", false, "exec <&-; exit 3"),
        ("fails while a child holds the pipe", false, "sleep 6 & exit 1"),
        ("gives garbage while a child holds the pipe", false, "echo hunter2-canary; sleep 6 &"),
        ("hangs", true, "sleep 60"),
        ("hangs after a whole answer", true, Good + "; sleep 60"),
        ("hangs and ignores signals", true, "trap '' TERM INT HUP; sleep 60; sleep 60"),
        ("hangs with children", true, "sleep 60 & sleep 60 & wait"),
        ("hangs in a loop", true, "while :; do :; done"),
        ("hangs reading", true, "tail -f /dev/null"),
        ("closes its output and hangs", true, "exec >&- 2>&-; sleep 60"),
        ("answers, closes its output and hangs", true, Good + "; exec >&- 2>&-; sleep 60"),
        ("writes to stderr without end", true, "while :; do echo hunter2-canary; done >&2"),
        ("stops itself", true, "kill -STOP $$"),
        ("writes without end", false, "yes hunter2-canary"),
        ("writes 1 GiB", false, "head -c 1073741824 /dev/zero"),
        ("writes one byte too many", false, """printf '{"Username":"ann","Secret":"hunter2-canary","Pad":"'; head -c 1048576 /dev/zero | tr '\0' x; echo '"}'"""),
        ("says nothing", false, "exit 0"),
        ("says blanks", false, "echo '   '"),
        ("says text", false, "echo hunter2-canary"),
        ("says HTML", false, "echo '<html>hunter2-canary</html>'"),
        ("says an array", false, """echo '["ann","hunter2-canary"]'"""),
        ("says a string", false, """echo '"hunter2-canary"'"""),
        ("says a number", false, "echo 42"),
        ("says null", false, "echo null"),
        ("is cut short", false, """printf '{"Username":"ann","Secret":"hunter2-canary'"""),
        ("answers twice", false, Good + "; " + Good),
        ("user is a number", false, """echo '{"Username":5,"Secret":"hunter2-canary"}'"""),
        ("secret is an object", false, """echo '{"Username":"ann","Secret":{"hunter2-canary":1}}'"""),
        ("no secret", false, """echo '{"Username":"ann"}'"""),
        ("empty secret", false, """echo '{"Username":"ann","Secret":""}'"""),
        ("no user", false, """echo '{"Secret":"hunter2-canary"}'"""),
        ("the secret twice", false, """echo '{"Username":"ann","Secret":"x","Secret":"hunter2-canary"}'"""),
        ("keys in another case", false, """echo '{"username":"ann","secret":"hunter2-canary"}'"""),
        ("bytes that are not UTF-8", false, """printf '{"Username":"ann","Secret":"hunter2-canary\377"}'"""),
        ("half a character", false, """echo '{"Username":"ann","Secret":"hunter2-canary\ud800"}'"""),
        ("UTF-16", false, """printf '\377\376{\000}\000'"""),
        ("a byte order mark", false, """printf '\357\273\277{"Username":"ann","Secret":"hunter2-canary"}'"""),
        ("deep nesting", false, """printf '{"Username":'; head -c 5000 /dev/zero | tr '\0' '['"""),
        ("another server's answer", false, """echo '{"ServerURL":"https://evil.org/","Username":"ann","Secret":"hunter2-canary"}'"""),
        ("a look-alike's answer", false, """echo '{"ServerURL":"reg.example.com.evil.org","Username":"ann","Secret":"hunter2-canary"}'"""),
        ("not found, but exit 0", false, "echo 'credentials not found in native keychain'"),
        ("not found and more", false, "echo 'credentials not found in native keychain: hunter2-canary'; exit 1"),
        ("not found, but on stderr", false, "echo 'credentials not found in native keychain' >&2; exit 1"),
    ];

    private static readonly (string Name, Action<CredentialHome, string> Make)[] s_programs =
    [
        ("not there", (_, _) => { }),
        ("not executable", (home, name) => File.WriteAllText(Path.Combine(home.Bin, name), "#!/bin/sh\n" + Good)),
        ("a folder", (home, name) => Directory.CreateDirectory(Path.Combine(home.Bin, name))),
        ("a link to nothing", (home, name) => File.CreateSymbolicLink(Path.Combine(home.Bin, name), Path.Combine(home.Folder, "nothing"))),
        ("no interpreter", (home, name) => MakeExecutable(Path.Combine(home.Bin, name), "#!/no/such/interpreter\n")),
        ("no program", (home, name) => MakeExecutable(Path.Combine(home.Bin, name), "\0\0\0hunter2-canary")),
    ];

    [Fact]
    public async Task A_misbehaving_helper_is_an_error_in_time_without_a_secret_and_without_another_source()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        List<(string Name, string Helper, bool Hangs)> cases = [];
        foreach ((string name, bool hangs, string script) in s_scripts)
        {
            string helper = "bad" + cases.Count.ToString(CultureInfo.InvariantCulture);
            home.AddHelper(helper, script);
            cases.Add((name, helper, hangs));
        }

        foreach ((string name, Action<CredentialHome, string> make) in s_programs)
        {
            string helper = "bad" + cases.Count.ToString(CultureInfo.InvariantCulture);
            make(home, "docker-credential-" + helper);
            cases.Add((name, helper, false));
        }

        // Each file holds other credentials for the registry, which must not be taken instead.
        string decoy = CredentialHome.Auth("decoy", "decoy-password");
        CredentialHome.Write(home.RuntimeFile, $$$$"""{"auths":{"{{{{Host}}}}":{"auth":"{{{{decoy}}}}"}}}""");
        Figure figure = new("E2 helper misbehaviours");
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (item, token) =>
        {
            string file = Path.Combine(home.Folder, "config-" + item.Helper, "config.json");
            CredentialHome.Write(file, $$$$"""{"auths":{"{{{{Host}}}}":{"auth":"{{{{decoy}}}}"}},"credsStore":"{{{{item.Helper}}}}"}""");
            Stopwatch watch = Stopwatch.StartNew();
            string? wrong = await TryAsync(home, Path.GetDirectoryName(file)!, item.Helper, item.Hangs ? ShortLimit : 20, token);
            if (wrong is null && item.Hangs && watch.Elapsed > TimeSpan.FromSeconds(ShortLimit + 6)) wrong = $"took {watch.Elapsed}";
            figure.Check(item.Name, wrong is null, wrong);
        });
        figure.Report(40);
    }

    [Fact]
    public async Task Stopping_the_lookup_kills_the_helper_and_what_it_started()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        string pids = Path.Combine(home.Folder, "pids");
        home.AddHelper("slow", $"sleep 60 & echo $! > {pids}.part; echo $$ >> {pids}.part; mv {pids}.part {pids}; wait");
        CredentialHome.Write(home.DockerFile, """{"credsStore":"slow"}""");
        using CancellationTokenSource stop = new();
        Task lookup = home.Files().FindAsync(Host, "app", stop.Token);
        while (!File.Exists(pids) && !lookup.IsCompleted) await Task.Delay(20, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookup);
        string[] lines = await File.ReadAllLinesAsync(pids, TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Length);
        foreach (string line in lines)
        {
            for (int i = 0; i < 100 && IsAlive(line); i++) await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.False(IsAlive(line), $"process {line} still runs");
        }
    }

    private static async Task<string?> TryAsync(CredentialHome home, string folder, string helper, double limit, CancellationToken cancellationToken)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["DOCKER_CONFIG"] = folder, ["PATH"] = home.Bin, ["REGISTRY_AUTH_FILE"] = home.RuntimeFile,
        };
        CredentialFiles files = new(new(variables.GetValueOrDefault, home.Folder), TimeSpan.FromSeconds(limit));
        try
        {
            RegistryCredential? found = await files.FindAsync(Host, "app", cancellationToken);
            return $"gave {found}";
        }
        catch (OciException e)
        {
            if (e.ErrorId != "CredentialStoreFailed") return $"gave {e.ErrorId}";
            string text = e + e.Message + e.Recommendation;
            if (text.Contains(CredentialHome.Canary, StringComparison.Ordinal)) return "shows the secret: " + e.Message;
            return e.Message.Contains("docker-credential-" + helper, StringComparison.Ordinal) ? null : "does not name the helper: " + e.Message;
        }
    }

    private static bool IsAlive(string pid)
    {
        try
        {
            // after the name in parentheses comes the state; Z is dead and not yet collected by its parent
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void MakeExecutable(string path, string content)
    {
        File.WriteAllText(path, content);
        CredentialHome.MakeExecutable(path);
    }
}
