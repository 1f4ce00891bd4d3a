namespace OciTools.UnitTests.Content;

public sealed class DigestTests
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    // FIPS 180 example vectors: the empty message and "abc"
    [Theory]
    [InlineData("", "sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("", "sha384", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b")]
    [InlineData("abc", "sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")]
    [InlineData("", "sha512", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e")]
    [InlineData("abc", "sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")]
    public void Published_vectors_come_out(string text, string algorithm, string hex)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text);
        Digest digest = Digest.Compute(bytes, algorithm);
        Assert.Equal(algorithm + ":" + hex, digest.ToString());
        Assert.Equal((algorithm, hex), (digest.Algorithm, digest.Hex));
        Assert.Equal(digest, Digest.Parse(algorithm + ":" + hex));
        Assert.True(digest.Matches(bytes));
        Assert.False(digest.Matches([1]));
    }

    public static TheoryData<string> Bad()
    {
        TheoryData<string> data =
        [
            "", " ", ":", "sha256", "sha256:", "sha256: ", Hex, ":" + Hex, "sha256" + Hex, "sha256-" + Hex, "sha256::" + Hex, "sha256:" + Hex[1..], "sha256:" + Hex + "0", "sha256:" + Hex.ToUpperInvariant(),
            "sha256:E" + Hex[1..], "SHA256:" + Hex, "Sha256:" + Hex, "sha256:../../x", "sha256:" + new string('/', 64), "sha256:" + new string('.', 64), "sha256:" + new string(' ', 64), "sha256:" + new string('g', 64),
            "sha256:" + new string('١', 64), "sha256:" + new string('０', 64), "sha256:" + new string('а', 64), "sha256:" + Hex[1..] + "\0", "sha256:\0" + Hex[1..], "sha256:" + Hex + "\0", "sha256:" + Hex + "\n", "sha256:" + Hex + "\r\n",
            " sha256:" + Hex, "sha256:" + Hex + " ", "sha256 :" + Hex, "sha256: " + Hex, "sha512:" + Hex, "sha384:" + Hex, "sha256:" + Hex + Hex, "sha512:" + Hex + Hex[1..], "sha384:" + Hex + Hex[..31], "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "md5:d41d8cd98f00b204e9800998ecf8427e", "sha224:" + Hex[..56], "sha3256:" + Hex, "blake3:" + Hex, "sha257:" + Hex, "sha256+b64:" + Hex, "sha256.foo-bar:" + Hex, "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
            "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", "sha256:" + Hex + "@sha256:" + Hex, "sha256:" + Hex + "/..", "../sha256:" + Hex, "/sha256:" + Hex, "sha256/" + Hex, "sha256\\" + Hex, "ſha256:" + Hex, "sha256:" + Hex[..63] + "\u0301",
            "sha256:" + Hex[..32] + "%2f" + Hex[..29], "sha256:%" + Hex[1..], "sha256:" + Hex[..63] + "-", "sha256:0x" + Hex[2..], "sha256:" + Hex[..63] + "\uD800", "sha256：" + Hex,
        ];
        return data;
    }

    [Fact]
    public void There_are_at_least_sixty_bad_ones() => Assert.True(Bad().Count >= 60, $"{Bad().Count}");

    [Theory, MemberData(nameof(Bad))]
    public void Anything_but_exact_lower_case_hex_of_a_known_algorithm_is_refused(string? text)
    {
        Assert.False(Digest.TryParse(text, out Digest? none));
        Assert.Null(none);
        MalformedException e = Assert.Throws<MalformedException>(() => Digest.Parse(text!));
        Assert.Equal("InvalidDigest", e.ErrorId);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public void An_unknown_algorithm_cannot_be_computed() =>
        Assert.Equal("InvalidDigest", Assert.Throws<MalformedException>(() => Digest.Compute([], "md5")).ErrorId);

    [Fact]
    public void Null_is_no_digest() => Assert.False(Digest.TryParse(null, out _));

    [Theory]
    [InlineData(typeof(Digest))]
    [InlineData(typeof(ImageReference))]
    [InlineData(typeof(ImageLocation))]
    [InlineData(typeof(Platform))]
    public void No_cast_makes_an_identity(Type type)
    {
        Assert.True(type.IsSealed && type.IsClass);
        Assert.Empty(type.GetConstructors());
        Assert.DoesNotContain(type.GetProperties(), p => p.SetMethod is not null);
        Assert.Empty(type.GetFields());
        Assert.DoesNotContain(type.GetMethods(), m => m.Name is "op_Implicit" or "op_Explicit");
        foreach (string json in new[] { "{}", """{"Algorithm":"sha256","Hex":"00","Registry":"x","OS":"x"}""" })
            Assert.Throws<NotSupportedException>(() => System.Text.Json.JsonSerializer.Deserialize(json, type));
    }

    [Fact]
    public void Order_and_equality_are_those_of_the_text()
    {
        Digest a = Digest.Compute("abc"u8);
        Digest b = Digest.Compute([]);
        Assert.True(a < b && b > a && a <= b && b >= a && a != b && !(a == b));
        Assert.Equal(1, a.CompareTo((object?)null));
        Assert.Equal(0, a.CompareTo(a.ToString()));
        Assert.Throws<ArgumentException>(() => a.CompareTo(3));
        Assert.Equal(a.GetHashCode(), Digest.Parse(a.ToString()).GetHashCode());
    }
}
