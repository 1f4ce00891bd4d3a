using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Registry.Credentials;

public sealed class HostMatchTests
{
    private static readonly (string Key, string Registry, bool Match)[] s_pairs =
    [
        ("reg.example.com", "reg.example.com", true),
        ("REG.Example.com", "reg.example.com", true),
        ("reg.example.com", "REG.EXAMPLE.COM", true),
        ("reg.example.com.", "reg.example.com", true),
        ("reg.example.com", "reg.example.com.", true),
        ("reg.example.com:5000", "reg.example.com:5000", true),
        ("reg.example.com.:5000", "reg.example.com:5000", true),
        ("https://reg.example.com", "reg.example.com", true),
        ("https://reg.example.com/", "reg.example.com", true),
        ("https://reg.example.com/v1/", "reg.example.com", true),
        ("https://reg.example.com/v2/", "reg.example.com", true),
        ("http://reg.example.com/v1/", "reg.example.com", true),
        ("HTTPS://reg.example.com/v1/", "reg.example.com", true),
        ("https://reg.example.com:5000/v1/", "reg.example.com:5000", true),
        ("reg.example.com/", "reg.example.com", true),
        ("reg.example.com/v1/", "reg.example.com", true),
        ("localhost:5000", "localhost:5000", true),
        ("[::1]:5000", "[::1]:5000", true),
        ("127.0.0.1:5000", "127.0.0.1:5000", true),
        ("https://index.docker.io/v1/", "docker.io", true),
        ("index.docker.io", "docker.io", true),
        ("docker.io", "docker.io", true),
        ("https://registry-1.docker.io", "docker.io", true),
        ("https://index.docker.io/v1/", "registry-1.docker.io", true),
        ("reg.example.com:443", "reg.example.com", false),
        ("reg.example.com", "reg.example.com:443", false),
        ("https://reg.example.com:443/", "reg.example.com", false),
        ("reg.example.com:5000", "reg.example.com", false),
        ("reg.example.com", "reg.example.com:5000", false),
        ("reg.example.com:5000", "reg.example.com:5001", false),
        ("reg.example.com:5000", "reg.example.com:50000", false),
        ("reg.example.com:50000", "reg.example.com:5000", false),
        ("example.com", "reg.example.com", false),
        ("reg.example.com", "example.com", false),
        (".example.com", "reg.example.com", false),
        ("*.example.com", "reg.example.com", false),
        ("*", "reg.example.com", false),
        ("", "reg.example.com", false),
        ("reg.example.com", "reg.example.com.evil.org", false),
        ("reg.example.com.evil.org", "reg.example.com", false),
        ("reg.example.com", "evilreg.example.com", false),
        ("reg.example.com", "reg-example.com", false),
        ("reg.example.com", "regXexample.com", false),
        ("reg.example.com", "reg.example.co", false),
        ("reg.example.co", "reg.example.com", false),
        ("https://reg.example.com@evil.org/", "evil.org", false),
        ("https://reg.example.com@evil.org/", "reg.example.com", false),
        ("https://user:pw@reg.example.com/", "reg.example.com", false),
        ("https://evil.org/reg.example.com", "reg.example.com", false),
        ("evil.org/reg.example.com", "reg.example.com", false),
        ("https://evil.org?reg.example.com", "reg.example.com", false),
        ("https://evil.org#reg.example.com", "reg.example.com", false),
        ("https://reg.example.com\\.evil.org/", "reg.example.com", false),
        ("ftp://reg.example.com", "reg.example.com", false),
        ("https://https://reg.example.com", "reg.example.com", false),
        (" reg.example.com", "reg.example.com", false),
        ("reg.example.com\n", "reg.example.com", false),
        ("reg.example.com..", "reg.example.com", false),
        ("reg%2Eexample.com", "reg.example.com", false),
        ("réɡ.example.com", "reg.example.com", false),
        ("reg.exaмple.com", "reg.example.com", false),
        ("https://index.docker.io/v1/", "docker.io.evil.org", false),
        ("https://index.docker.io/v1/", "evildocker.io", false),
        ("https://index.docker.io/v1/", "docker.io:443", false),
        ("https://index.docker.io/v1/", "hub.docker.io", false),
        ("https://index.docker.io.evil.org/v1/", "docker.io", false),
        ("docker.io", "index.docker.io.evil.org", false),
        ("localhost:5000", "127.0.0.1:5000", false),
        ("localhost", "localhost:5000", false),
        ("127.0.0.1:5000", "127.0.0.1.evil.org:5000", false),
        ("[::1]:5000", "[::1]:5001", false),
        ("[::1]", "[::1]:5000", false),
        ("[::1]:5000", "[::11]:5000", false),
        ("1.azurecr.io", "evil.azurecr.io", false),
        ("my.azurecr.io", "my.azurecr.io.evil.org", false),
        ("gcr.io", "eu.gcr.io", false),
        ("reg.example.com/other", "reg.example.com", false),
    ];

    [Fact]
    public async Task A_key_matches_its_host_and_port_and_nothing_like_it()
    {
        using CredentialHome home = new();
        Figure figure = new("E4 host pairs");
        foreach ((string key, string registry, bool match) in s_pairs)
        {
            CredentialHome.Write(home.DockerFile, CredentialHome.Auths((key, "ann")));
            RegistryCredential? found = await home.Files().FindAsync(registry, "team/app", TestContext.Current.CancellationToken);
            figure.Check($"key '{key}' for {registry}, expected {match}", found is not null == match, found?.ToString() ?? "none");
            if (!key.StartsWith("https://index", StringComparison.Ordinal) && (new RegistryKey(registry, "team/app").Fit(key) > 0) != match)
                figure.Check($"helper key '{key}' for {registry}", false);
        }

        figure.Report(60);
    }
}
