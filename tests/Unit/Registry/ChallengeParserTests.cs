using OciTools.Stores.Registry;

namespace OciTools.UnitTests.Registry;

public sealed class ChallengeParserTests
{
    public static TheoryData<string, string> Headers => new()
    {
        { "Basic realm=\"x\"", "Basic[realm=x]" },
        { "basic", "basic[]" },
        { "Basic", "Basic[]" },
        { "Bearer realm=\"https://auth/token\",service=\"reg\",scope=\"repository:a/b:pull,push\"", "Bearer[realm=https://auth/token;service=reg;scope=repository:a/b:pull,push]" },
        { "Bearer realm=https", "Bearer[realm=https]" },
        { "Bearer realm = \"x\" , service = \"y\"", "Bearer[realm=x;service=y]" },
        { "Bearer realm=\"a\\\"b\\\\c\"", "Bearer[realm=a\"b\\c]" },
        { "BEARER Realm=\"x\"", "BEARER[Realm=x]" },
        { "Negotiate, Basic realm=\"x\"", "Negotiate[] Basic[realm=x]" },
        { "Negotiate YWJj==, Bearer realm=\"r\"", "Negotiate[] Bearer[realm=r]" },
        { "Negotiate YWJj/x+=, Basic realm=\"r\"", "Negotiate[] Basic[realm=r]" },
        { "Basic realm=\"x\", Bearer realm=\"y\",service=\"z\"", "Basic[realm=x] Bearer[realm=y;service=z]" },
        { "Digest realm=\"a, Basic realm=b\", nonce=\"n\", Basic realm=\"c\"", "Digest[realm=a, Basic realm=b;nonce=n] Basic[realm=c]" },
        { ", ,Basic realm=\"x\",,", "Basic[realm=x]" },
        { "Bearer realm=\"x\",scope=\"\"", "Bearer[realm=x;scope=]" },
        { "Bearer realm=\"x\"\tfoo", "" },
        { "Bearer realm=\"x", "" },
        { "Bearer realm=\"x\",realm=\"y\"", "" },
        { "Bearer realm=\"x\",Realm=\"y\"", "" },
        { "=x", "" },
        { "", "" },
        { "\"quoted\"", "" },
        { "Basic realm=\"x\", Bearer realm=\"y", "Basic[realm=x]" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Challenges_are_read_by_the_grammar(string header, string expected)
    {
        List<Challenge> challenges = ChallengeParser.Parse([header]);
        Assert.Equal(expected, string.Join(' ', challenges.Select(c => $"{c.Scheme}[{string.Join(';', c.Parameters.Select(p => $"{p.Key}={p.Value}"))}]")));
    }

    [Fact]
    public void Several_headers_are_one_list() =>
        Assert.Equal(["Basic", "Bearer"], ChallengeParser.Parse(["Basic realm=\"x\"", "Bearer realm=\"y\""]).Select(c => c.Scheme));

    [Fact]
    public void Random_text_ends_and_throws_nothing()
    {
        Random random = new(7);
        const string Alphabet = "Basic Bearer realm=\"\\,;/+~ \t=x\u00e9\0";
        for (int i = 0; i < 20_000; i++)
        {
            char[] text = new char[random.Next(0, 60)];
            for (int j = 0; j < text.Length; j++) text[j] = Alphabet[random.Next(Alphabet.Length)];
            Assert.InRange(ChallengeParser.Parse([new string(text)]).Count, 0, 16);
        }
    }
}
