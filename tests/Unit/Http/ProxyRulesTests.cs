using System.Net;
using OciTools.Stores.Http;

namespace OciTools.UnitTests.Http;

public sealed class ProxyRulesTests
{
    private static readonly (string NoProxy, string Destination, bool Direct)[] s_exceptions =
    [
        ("*", "https://example.com/", true),
        ("*", "https://10.1.2.3/", true),
        ("example.com", "https://example.com/", true),
        ("example.com", "https://a.example.com/", true),
        ("example.com", "https://a.b.example.com:5000/", true),
        ("example.com", "https://notexample.com/", false),
        ("example.com", "https://example.com.evil.org/", false),
        ("example.com", "https://example.com./", true),
        ("EXAMPLE.com", "https://Example.COM/", true),
        (".example.com", "https://a.example.com/", true),
        (".example.com", "https://example.com/", false),
        ("*.example.com", "https://a.example.com/", true),
        ("*.example.com", "https://example.com/", false),
        ("example.com:5000", "https://example.com:5000/", true),
        ("example.com:5000", "https://example.com/", false),
        ("example.com:443", "https://example.com/", true),
        ("example.com:5000", "https://a.example.com:5000/", true),
        ("a.org , example.com ,b.org", "https://example.com/", true),
        ("a.org,,example.com,", "https://example.com/", true),
        ("10.1.2.3", "https://10.1.2.3/", true),
        ("10.1.2.3", "https://10.1.2.30/", false),
        ("10.1.2.3:5000", "https://10.1.2.3:5000/", true),
        ("10.1.2.3:5000", "https://10.1.2.3/", false),
        ("10.1.2.3", "https://[::ffff:10.1.2.3]/", true),
        ("10.0.0.0/8", "https://10.255.0.1/", true),
        ("10.0.0.0/8", "https://11.0.0.1/", false),
        ("10.1.2.3/8", "https://10.255.0.1/", true),
        ("192.168.4.0/22", "https://192.168.7.255/", true),
        ("192.168.4.0/22", "https://192.168.8.0/", false),
        ("2001:db8::1", "https://[2001:db8::1]/", true),
        ("[2001:db8::1]", "https://[2001:db8:0:0::1]/", true),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]:5000/", true),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]/", false),
        ("2001:db8::/32", "https://[2001:db8:ffff::9]/", true),
        ("2001:db8::/32", "https://[2001:db9::9]/", false),
        ("", "https://example.com/", false),
        ("example.com:x", "https://example.com/", false),
        ("10.0.0.0/33", "https://10.0.0.1/", false),
        ("com", "https://example.com/", true),
        ("", "http://localhost:5000/", true),
        ("", "http://127.0.0.1:5000/", true),
        ("", "http://127.8.9.10/", true),
        ("", "http://[::1]:5000/", true),
        ("", "http://127.0.0.1.example.com/", false),
    ];

    [Fact]
    public void An_exception_covers_what_its_form_says()
    {
        Figure figure = new("C12 NO_PROXY forms");
        foreach ((string noProxy, string destination, bool direct) in s_exceptions)
        {
            ProxyRules rules = Rules(("HTTPS_PROXY", "http://proxy:3128"), ("HTTP_PROXY", "http://proxy:3128"), ("NO_PROXY", noProxy));
            Uri address = new(destination);
            Uri? expected = direct ? null : new Uri("http://proxy:3128/");
            figure.Check($"'{noProxy}' for {destination}", rules.IsBypassed(address) == direct && rules.GetProxy(address) == expected);
        }

        figure.Report(44);
    }

    [Theory]
    [InlineData("HTTPS_PROXY=http://p1:1", "https://x.org/", "http://p1:1/")]
    [InlineData("https_proxy=http://p2:2", "https://x.org/", "http://p2:2/")]
    [InlineData("https_proxy=http://p2:2", "http://x.org/", null)]
    [InlineData("http_proxy=http://p3:3", "http://x.org/", "http://p3:3/")]
    [InlineData("HTTP_PROXY=http://p4:4", "http://x.org/", "http://p4:4/")]
    [InlineData("HTTP_PROXY=http://p4:4|REQUEST_METHOD=GET", "http://x.org/", null)]
    [InlineData("http_proxy=http://p3:3|REQUEST_METHOD=GET", "http://x.org/", "http://p3:3/")]
    [InlineData("HTTP_PROXY=http://p4:4", "https://x.org/", null)]
    [InlineData("ALL_PROXY=socks5://p5", "https://x.org/", "socks5://p5:1080/")]
    [InlineData("all_proxy=socks5h://p5:9", "http://x.org/", "socks5://p5:9/")]
    [InlineData("ALL_PROXY=http://p5:5|HTTPS_PROXY=http://p1:1", "https://x.org/", "http://p1:1/")]
    [InlineData("HTTPS_PROXY=p6:3128", "https://x.org/", "http://p6:3128/")]
    [InlineData("HTTPS_PROXY=https://p7", "https://x.org/", "https://p7/")]
    [InlineData("HTTPS_PROXY=http://[2001:db8::9]:3128", "https://x.org/", "http://[2001:db8::9]:3128/")]
    [InlineData("HTTPS_PROXY=http://u:p@p8:8/path", "https://x.org/", "http://p8:8/")]
    [InlineData("HTTPS_PROXY=", "https://x.org/", null)]
    [InlineData("", "https://x.org/", null)]
    public void The_proxy_comes_from_the_variable_of_the_scheme(string variables, string destination, string? expected)
    {
        ProxyRules rules = Rules([.. variables.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(v => (v[..v.IndexOf('=')], v[(v.IndexOf('=') + 1)..]))]);
        Assert.Equal(expected is null ? null : new Uri(expected), rules.GetProxy(new Uri(destination)));
    }

    [Fact]
    public void Credentials_are_for_their_proxy_alone()
    {
        ProxyRules rules = Rules(("HTTPS_PROXY", "http://ann:p%40ss%3A@proxy:3128"), ("HTTP_PROXY", "http://other:3128"));
        Uri proxy = rules.GetProxy(new Uri("https://x.org/"))!;
        Assert.Equal("", proxy.UserInfo);
        NetworkCredential credential = rules.Credentials!.GetCredential(proxy, "Basic")!;
        Assert.Equal(("ann", "p@ss:"), (credential.UserName, credential.Password));
        Assert.Null(rules.Credentials.GetCredential(rules.GetProxy(new Uri("http://x.org/"))!, "Basic"));
        Assert.Null(rules.Credentials.GetCredential(new Uri("http://proxy:3129/"), "Basic"));
    }

    [Theory]
    [InlineData("ftp://proxy:1")]
    [InlineData("http://")]
    [InlineData("http://user:hunter2@:3128")]
    [InlineData("http://user:hunter2@proxy:99999")]
    public void An_address_that_is_none_is_an_error_that_does_not_show_it(string value)
    {
        OciException error = Assert.ThrowsAny<OciException>(() => Rules(("HTTPS_PROXY", value)));
        Assert.Equal("ConnectionFailed", error.ErrorId);
        Assert.Contains("HTTPS_PROXY", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    private static ProxyRules Rules(params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> map = variables.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal);
        return ProxyRules.FromEnvironment(new UserEnvironment(map.GetValueOrDefault, null));
    }
}
