using OciTools.Stores.Http;
using OciTools.Stores.Registry;

namespace OciTools.UnitTests.Registry;

public sealed class RealmPolicyTests
{
    private const RealmDecision Send = RealmDecision.SendCredentials;
    private const RealmDecision Anonymous = RealmDecision.AnonymousOnly;
    private const RealmDecision Refuse = RealmDecision.Refuse;

    // Each decision follows from the rule: own origin, known pair or trusted host get the credential; link-local and malformed get
    // nothing; private addresses get nothing from a public registry; all else gets an anonymous request.
    private static readonly (string Registry, string? Realm, string Trusted, RealmDecision Expected)[] s_table =
    [
        // the registry's own origin
        ("https://reg.example.com/", "https://reg.example.com/token", "", Send),
        ("https://reg.example.com/", "https://REG.Example.com:443/token", "", Send),
        ("https://reg.example.com/", "https://reg.example.com./token", "", Send),
        ("https://reg.example.com:5000/", "https://reg.example.com:5000/token?x=1", "", Send),
        ("https://reg.example.com/", "https://reg.example.com:8443/token", "", Anonymous),
        ("https://reg.example.com/", "http://reg.example.com/token", "", Anonymous),
        ("https://reg.example.com:5000/", "http://reg.example.com:5000/token", "", Anonymous),
        ("http://reg.example.com:5000/", "http://reg.example.com:5000/token", "", Send),
        ("http://reg.example.com:5000/", "https://reg.example.com:5000/token", "", Send),
        ("http://reg.example.com:5000/", "http://auth.example.com/token", "", Anonymous),
        ("https://10.0.0.5/", "https://10.0.0.5/token", "", Send),
        ("https://10.0.0.5:5000/", "https://10.0.0.5:5001/token", "", Anonymous),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000/token", "", Send),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", "", Anonymous),
        ("http://127.0.0.1:5000/", "http://localhost:5000/token", "", Anonymous),
        ("http://[::1]:5000/", "http://[::1]:5000/token", "", Send),
        ("http://[::1]:5000/", "http://[0:0:0:0:0:0:0:1]:5000/token", "", Send),
        // another host, look-alikes
        ("https://reg.example.com/", "https://auth.example.com/token", "", Anonymous),
        ("https://reg.example.com/", "https://reg.example.com.evil.org/token", "", Anonymous),
        ("https://reg.example.com/", "https://evilreg.example.com/token", "", Anonymous),
        ("https://reg.example.com/", "https://evil.org/reg.example.com", "", Anonymous),
        ("https://reg.example.com/", "https://203.0.113.7/token", "", Anonymous),
        // known pairs
        ("https://registry-1.docker.io/", "https://auth.docker.io/token", "", Send),
        ("https://registry.gitlab.com/", "https://gitlab.com/jwt/auth", "", Send),
        ("https://nvcr.io/", "https://authn.nvidia.com/token", "", Send),
        ("https://registry-1.docker.io/", "http://auth.docker.io/token", "", Anonymous),
        ("https://registry-1.docker.io/", "https://auth.docker.io:8443/token", "", Anonymous),
        ("https://registry-1.docker.io:5000/", "https://auth.docker.io/token", "", Anonymous),
        ("https://reg.example.com/", "https://auth.docker.io/token", "", Anonymous),
        ("https://registry-1.docker.io/", "https://gitlab.com/jwt/auth", "", Anonymous),
        ("https://registry-1.docker.io/", "https://auth.docker.io.evil.org/token", "", Anonymous),
        // trusted by the user
        ("https://reg.example.com/", "https://auth.example.com/token", "auth.example.com", Send),
        ("https://reg.example.com/", "https://auth.example.com/token", "AUTH.example.com.", Send),
        ("https://reg.example.com/", "https://auth.example.com/token", "auth.example.com:443", Send),
        ("https://reg.example.com/", "https://auth.example.com:8443/token", "auth.example.com", Anonymous),
        ("https://reg.example.com/", "https://auth.example.com:8443/token", "auth.example.com:8443", Send),
        ("https://reg.example.com/", "https://sub.auth.example.com/token", "auth.example.com", Anonymous),
        ("https://reg.example.com/", "http://auth.example.com/token", "auth.example.com", Anonymous),
        ("https://reg.example.com/", "https://auth.example.com/token", "https://auth.example.com/", Anonymous),
        ("https://reg.example.com/", "https://auth.example.com/token", "*", Anonymous),
        ("https://reg.example.com/", "https://10.1.2.3/token", "10.1.2.3", Send),
        ("https://reg.example.com/", "http://10.1.2.3:80/token", "10.1.2.3:80", Anonymous),
        ("https://reg.example.com/", "http://127.0.0.1:5001/token", "127.0.0.1:5001", Send),
        ("https://reg.example.com/", "http://[::1]:5001/token", "[::1]:5001", Send),
        ("https://reg.example.com/", "https://169.254.169.254/token", "169.254.169.254", Refuse),
        // userinfo, schemes, forms
        ("https://reg.example.com/", "https://user@reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "https://user:pw@reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com@evil.org/token", "", Refuse),
        ("https://reg.example.com/", "https://@reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com%40evil.org/token", "", Refuse),
        ("https://reg.example.com/", "https://reg%2Eexample.com/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com\\@evil.org/token", "", Refuse),
        ("https://reg.example.com/", "https:\\\\reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "file:///etc/passwd", "", Refuse),
        ("https://reg.example.com/", "ftp://reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "gopher://reg.example.com/", "", Refuse),
        ("https://reg.example.com/", "unix:///run/docker.sock", "", Refuse),
        ("https://reg.example.com/", "javascript:alert(1)", "", Refuse),
        ("https://reg.example.com/", "/token", "", Refuse),
        ("https://reg.example.com/", "//reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "token", "", Refuse),
        ("https://reg.example.com/", "reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "", "", Refuse),
        ("https://reg.example.com/", null, "", Refuse),
        ("https://reg.example.com/", "https://", "", Refuse),
        ("https://reg.example.com/", "https:///token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com:/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com:0/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com:65536/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com:abc/token", "", Refuse),
        ("https://reg.example.com/", " https://reg.example.com/token", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com/to ken", "", Refuse),
        ("https://reg.example.com/", "https://reg.example.com/token\r\nX: y", "", Refuse),
        ("https://reg.example.com/", "https://rég.example.com/token", "", Refuse),
        ("https://reg.example.com/", "https://[reg.example.com/token", "", Refuse),
        // link-local and metadata, in all spellings
        ("https://reg.example.com/", "http://169.254.169.254/latest/meta-data/", "", Refuse),
        ("https://reg.example.com/", "https://169.254.0.1/token", "", Refuse),
        ("https://reg.example.com/", "http://2852039166/token", "", Refuse),
        ("https://reg.example.com/", "http://0xA9FEA9FE/token", "", Refuse),
        ("https://reg.example.com/", "http://0251.0376.0251.0376/token", "", Refuse),
        ("https://reg.example.com/", "http://169.16689662/token", "", Refuse),
        ("https://reg.example.com/", "http://169.254.169.254./token", "", Refuse),
        ("https://reg.example.com/", "http://[::ffff:169.254.169.254]/token", "", Refuse),
        ("https://reg.example.com/", "http://[::ffff:a9fe:a9fe]/token", "", Refuse),
        ("https://reg.example.com/", "http://[64:ff9b::a9fe:a9fe]/token", "", Refuse),
        ("https://reg.example.com/", "http://[2002:a9fe:a9fe::1]/token", "", Refuse),
        ("https://reg.example.com/", "http://[fe80::1]/token", "", Refuse),
        ("https://reg.example.com/", "http://[febf::1]/token", "", Refuse),
        ("https://reg.example.com/", "http://[fe80::1%25eth0]/token", "", Refuse),
        ("https://reg.example.com/", "http://[fd00:ec2::254]/token", "", Refuse),
        ("https://reg.example.com/", "http://metadata.google.internal/token", "", Refuse),
        ("https://reg.example.com/", "http://100.100.100.200/token", "", Refuse),
        ("http://127.0.0.1:5000/", "http://169.254.169.254/token", "", Refuse),
        ("https://169.254.169.254/", "https://169.254.169.254/token", "", Refuse),
        // private and loopback addresses named by a registry elsewhere
        ("https://reg.example.com/", "http://127.0.0.1:8080/token", "", Refuse),
        ("https://reg.example.com/", "http://127.1/token", "", Refuse),
        ("https://reg.example.com/", "http://2130706433/token", "", Refuse),
        ("https://reg.example.com/", "http://0x7f000001/token", "", Refuse),
        ("https://reg.example.com/", "http://0177.0.0.1/token", "", Refuse),
        ("https://reg.example.com/", "http://0.0.0.0:2375/token", "", Refuse),
        ("https://reg.example.com/", "http://[::]:2375/token", "", Refuse),
        ("https://reg.example.com/", "http://[::1]/token", "", Refuse),
        ("https://reg.example.com/", "http://[::ffff:127.0.0.1]/token", "", Refuse),
        ("https://reg.example.com/", "http://localhost/token", "", Refuse),
        ("https://reg.example.com/", "http://a.localhost/token", "", Refuse),
        ("https://reg.example.com/", "https://10.1.2.3/token", "", Refuse),
        ("https://reg.example.com/", "https://172.31.0.1/token", "", Refuse),
        ("https://reg.example.com/", "https://172.32.0.1/token", "", Anonymous),
        ("https://reg.example.com/", "https://192.168.1.1/token", "", Refuse),
        ("https://reg.example.com/", "https://100.64.0.1/token", "", Refuse),
        ("https://reg.example.com/", "https://[fd12::1]/token", "", Refuse),
        ("https://reg.example.com/", "https://224.0.0.1/token", "", Refuse),
        ("https://reg.example.com/", "https://256.1.1.1/token", "", Refuse),
        ("https://reg.example.com/", "https://1.2.3.4.5/token", "", Refuse),
        ("https://10.0.0.5/", "https://10.0.0.6/token", "", Refuse),
        ("http://127.0.0.1:5000/", "https://10.0.0.6/token", "", Anonymous),
        ("http://127.0.0.1:5000/", "https://auth.example.com/token", "", Anonymous),
        ("http://127.0.0.1.evil.org:5000/", "http://127.0.0.1:5000/token", "", Refuse),
    ];

    [Fact]
    public void Every_realm_is_decided_as_the_rule_says()
    {
        Figure figure = new("B2 realm forms");
        foreach ((string registry, string? realm, string trusted, RealmDecision expected) in s_table)
        {
            RealmDecision decision = RealmPolicy.Decide(
                new Uri(registry), realm, trusted.Split(' ', StringSplitOptions.RemoveEmptyEntries), out Uri? address);
            figure.Check($"{registry} names {realm ?? "(null)"}, trusted '{trusted}', expected {expected}", decision == expected, decision.ToString());
            if (decision == Refuse != (address is null)) figure.Check($"{realm}: address", false);
        }

        figure.Report(30);
    }

    [Fact]
    public void Trusted_hosts_come_from_the_parameter_and_the_variable()
    {
        UserEnvironment environment = new(name => name == RealmPolicy.Variable ? " a.org, b.org:8443;c.org\td.org " : null, null);
        string[] expected = ["a.org", "b.org:8443", "c.org", "d.org", "e.org", "f.org"];
        Assert.Equal(expected, RealmPolicy.TrustedHosts(["e.org,f.org", "A.org"], environment).Select(h => h.ToLowerInvariant()).Order(StringComparer.Ordinal));
        Assert.Empty(RealmPolicy.TrustedHosts(null, new UserEnvironment(_ => null, null)));
    }
}
