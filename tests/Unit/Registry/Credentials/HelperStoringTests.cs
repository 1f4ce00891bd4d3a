using System.Diagnostics;
using System.Globalization;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

public sealed class HelperStoringTests
{
    private const string Host = "reg.example.com";
    private const double ShortLimit = 0.4;

    // whether it hangs, and whether what it does is a failure: a helper that ends well has done what it was asked, whatever it says
    private static readonly (string Name, bool Hangs, bool Fails, string Script)[] s_scripts =
    [
        ("exit 1", false, true, "exit 1"),
        ("exit 1 with its input on stderr", false, true, "cat >&2; exit 1"),
        ("exit 1 with its input on stdout", false, true, "cat; exit 1"),
        ("exit 127", false, true, "exit 127"),
        ("exit 255", false, true, "exit 255"),
        ("killed by a signal", false, true, "kill -9 $$"),
        ("reads no input and fails", false, true, "exec <&-; exit 3"),
        ("fails while a child holds the pipe", false, true, "sleep 6 & exit 1"),
        ("hangs", true, true, "sleep 60"),
        ("hangs after its input", true, true, "cat; sleep 60"),
        ("hangs and ignores signals", true, true, "trap '' TERM INT HUP; sleep 60; sleep 60"),
        ("hangs with children", true, true, "sleep 60 & sleep 60 & wait"),
        ("hangs in a loop", true, true, "while :; do :; done"),
        ("closes its output and hangs", true, true, "exec >&- 2>&-; sleep 60"),
        ("writes to stderr without end", true, true, "while :; do echo hunter2-canary; done >&2"),
        ("stops itself", true, true, "kill -STOP $$"),
        ("writes without end", false, true, "yes hunter2-canary"),
        ("writes 1 GiB", false, true, "head -c 1073741824 /dev/zero"),
        ("says garbage and ends well", false, false, "cat; echo '<html>hunter2-canary</html>'"),
        ("says nothing and ends well", false, false, "cat > /dev/null"),
        ("ends well while a child holds the pipe", false, false, "cat > /dev/null; sleep 6 &"),
        ("is not there", false, true, ""),
    ];

    [Fact]
    public async Task A_helper_that_misbehaves_while_it_stores_or_erases_is_an_error_in_time_without_a_secret_and_without_the_file_instead()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helpers of this test are shell scripts");
        using CredentialHome home = new();
        List<(string Verb, string Name, bool Hangs, bool Fails, string Helper)> cases = [];
        foreach ((string name, bool hangs, bool fails, string script) in s_scripts)
        {
            string helper = "bad" + cases.Count.ToString(CultureInfo.InvariantCulture);
            if (script.Length > 0) home.AddHelper(helper, script);
            cases.Add(("store", name, hangs, fails, helper));
            cases.Add(("erase", name, hangs, fails, helper));
        }

        Figure figure = new("E2 helper misbehaviours while storing and erasing");
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (item, token) =>
        {
            string file = Path.Combine(home.Folder, $"{item.Helper}-{item.Verb}", "config.json");
            string before = $$"""{"auths":{"{{Host}}":{} },"credsStore":"{{item.Helper}}"}""";
            CredentialHome.Write(file, before);
            Stopwatch watch = Stopwatch.StartNew();
            string? wrong = await TryAsync(home, file, before, item.Verb, item.Helper, item.Hangs, item.Fails, token);
            if (wrong is null && item.Hangs && watch.Elapsed > TimeSpan.FromSeconds(ShortLimit + 6)) wrong = $"took {watch.Elapsed}";
            figure.Check($"{item.Verb}, {item.Name}", wrong is null, wrong);
        });
        figure.Report(40);
    }

    private static async Task<string?> TryAsync(CredentialHome home, string file, string before, string verb, string helper, bool hangs, bool fails, CancellationToken cancellationToken)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["DOCKER_CONFIG"] = Path.GetDirectoryName(file)!, ["PATH"] = home.Bin, ["REGISTRY_AUTH_FILE"] = Path.Combine(home.Folder, "none.json"),
        };
        LoginStorage storage = new(new(variables.GetValueOrDefault, home.Folder), TimeSpan.FromSeconds(hangs ? ShortLimit : 20));
        try
        {
            if (verb == "store") await storage.StoreAsync(Host, new RegistryCredential("ann", CredentialHome.Canary, null, null, "a test"), cancellationToken);
            else await storage.EraseAsync(new StoredLogin(Host, "", "ann", CredentialKind.Password, helper, file, IsDocker: true), cancellationToken);
            if (fails) return "did not fail";
        }
        catch (OciException e)
        {
            if (!fails) return "failed: " + e.Message;
            if (e.ErrorId != "CredentialStoreFailed") return $"gave {e.ErrorId}";
            if ((e + e.Recommendation).Contains(CredentialHome.Canary, StringComparison.Ordinal)) return "shows the secret: " + e.Message;
            if (!e.Message.Contains("docker-credential-" + helper, StringComparison.Ordinal)) return "does not name the helper: " + e.Message;
            if (await File.ReadAllTextAsync(file, cancellationToken) != before) return "changed the file";
        }

        string after = await File.ReadAllTextAsync(file, cancellationToken);
        return after.Contains(CredentialHome.Canary, StringComparison.Ordinal) || after.Contains(CredentialHome.Auth("ann", CredentialHome.Canary), StringComparison.Ordinal) ? "the file holds the secret" : null;
    }
}
