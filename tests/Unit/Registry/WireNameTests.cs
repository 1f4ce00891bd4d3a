using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class WireNameTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static IEnumerable<string> BadDigests()
    {
        string hex = new('a', 64);
        string[] algorithms = ["sha256", "sha384", "sha512", "SHA256", "md5", "sha1", "sha512-256", "blake3", "", "sha256+b64"];
        string[] values = [hex[..63], hex + "a", hex.ToUpperInvariant(), "../../../../etc/passwd", new string('/', 64), new string('.', 64)];
        foreach (string algorithm in algorithms)
            foreach (string value in values) yield return $"{algorithm}:{value}";
    }

    private static IEnumerable<string> BadNames()
    {
        string[] repositories =
        [
            "../v2", "a/../../etc", "a/./b", "a//b", "/a", "a/", "A", "aB", "a b", "a%2e%2e", "a%2f..%2fb", "a\\b", "a..b", ".a", "a.", "_a", "a_", "a___b", "-a", "a-", "a?x=y", "a#b", "a&b",
            "a;b", "a@", "a\tb", "a\nb", "a\r\nX: y", "a\0b", "ä", "a\u202eb", "a/..", "..", ".", "a|b", "a$b", "a*b", "a\"b", "a'b", "<a>", "{a}", "a^b", "a`b", "a~b", "a,b", "a=b", "a+b", new string('a', 256),
            "http://evil", "a/http://evil",
        ];
        string[] tags = ["", "-x", ".x", "a/b", "a b", "a:b", "../x", "%2e", new string('t', 129), "ü", "a\nb", "a\0", "a?b", "a#b", "a&b", "a\\b", "a%00", "{x}", "$(x)", "`x`"];
        foreach (string repository in repositories)
        {
            yield return repository;
            yield return repository + ":tag";
            yield return "team/" + repository;
        }

        foreach (string tag in tags)
        {
            yield return "app:" + tag;
            yield return "team/app:" + tag;
            yield return $"app:{tag}@sha256:{new string('a', 64)}";
        }
    }

    [Fact]
    public async Task Bad_digests_and_names_never_reach_the_wire()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        RegistryStore store = new RegistrySession().Open(registry.Host);
        foreach ((string kind, IEnumerable<string> texts) in new[] { ("digests", BadDigests().Select(d => "app@" + d)), ("names", BadNames()) })
        {
            int tried = 0, held = 0;
            foreach (string text in texts)
            {
                tried++;
                int before = registry.Requests.Count;
                Exception? error = await Record.ExceptionAsync(() => store.ResolveAsync(ImageLocation.Parse($"{registry.Host}/{text}"), Stop));
                if (error is MalformedException && registry.Requests.Count == before) held++;
                else output.WriteLine($"{text}: {error?.Message ?? "taken"}; {registry.Requests.LastOrDefault()}");
            }

            output.WriteLine($"bad {kind}: tried {tried}, held {held}");
            Assert.Equal(tried, held);
            Assert.True(tried >= (kind == "digests" ? 60 : 200));
        }
    }
}
