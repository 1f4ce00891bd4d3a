namespace OciTools.UnitTests.References;

public sealed class ImageReferenceTests
{
    private const string F64 = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    private const string Hub = "docker.io";

    // input | registry | repository | tag | digest
    private static readonly string[] s_valid =
    [
        // short names
        "nginx|docker.io|library/nginx|latest|", "nginx:1.27|docker.io|library/nginx|1.27|", "debian|docker.io|library/debian|latest|",
        "docker/docker|docker.io|docker/docker|latest|", "library/debian|docker.io|library/debian|latest|",
        "docker.io/docker/docker|docker.io|docker/docker|latest|", "docker.io/library/debian|docker.io|library/debian|latest|",
        "docker.io/debian|docker.io|library/debian|latest|", "docker.io/debian:12|docker.io|library/debian|12|",
        "index.docker.io/docker/docker|docker.io|docker/docker|latest|", "index.docker.io/library/debian|docker.io|library/debian|latest|",
        "index.docker.io/debian|docker.io|library/debian|latest|", "index.docker.io/foo:t|docker.io|library/foo|t|",
        "docker.io/library/foo/bar|docker.io|library/foo/bar|latest|", "store/foo/bar|docker.io|store/foo/bar|latest|",
        "fooo/bar|docker.io|fooo/bar|latest|", "nonlibrary/ubuntu|docker.io|nonlibrary/ubuntu|latest|", "other/library|docker.io|other/library|latest|",
        "ubuntu-12.04-base|docker.io|library/ubuntu-12.04-base|latest|", "d/docker|docker.io|d/docker|latest|", "jess/t|docker.io|jess/t|latest|",
        "dock__er/docker|docker.io|dock__er/docker|latest|", "docker-rules/docker|docker.io|docker-rules/docker|latest|",
        "docker---rules/docker|docker.io|docker---rules/docker|latest|", "doc/docker|docker.io|doc/docker|latest|",
        "thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev|docker.io|library/thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev|latest|",
        "dbcc1|docker.io|library/dbcc1|latest|", "redis|docker.io|library/redis|latest|", "redis:latest|docker.io|library/redis|latest|",
        "dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9|docker.io|library/dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9|latest|",
        "docker.io/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a|docker.io|library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a|latest|",
        "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a:t|docker.io|library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a|t|",
        "a|docker.io|library/a|latest|", "0|docker.io|library/0|latest|", "a/a/a/a|docker.io|a/a/a/a|latest|", "a/aa|docker.io|a/aa|latest|", "a/aa/a|docker.io|a/aa/a|latest|",
        "aa-a/a|docker.io|aa-a/a|latest|", "foo_bar|docker.io|library/foo_bar|latest|", "foo__bar|docker.io|library/foo__bar|latest|", "foo.com|docker.io|library/foo.com|latest|",
        "foo_bar.com|docker.io|library/foo_bar.com|latest|", "foo_bar.com:8080|docker.io|library/foo_bar.com|8080|", "foo/foo_bar.com:8080|docker.io|foo/foo_bar.com|8080|",
        "test_com|docker.io|library/test_com|latest|", "test_com/foo|docker.io|test_com/foo|latest|", "test.com:tag|docker.io|library/test.com|tag|",
        "test.com:5000|docker.io|library/test.com|5000|", "192.168.0.1|docker.io|library/192.168.0.1|latest|", "192.168.0.1:80|docker.io|library/192.168.0.1|80|",
        "localhost|docker.io|library/localhost|latest|", "localhost:8080|docker.io|library/localhost|8080|", "lowercase:Uppercase|docker.io|library/lowercase|Uppercase|",
        "docker/stevvooe/app|docker.io|docker/stevvooe/app|latest|", "aa/aa/bb/bb/bb|docker.io|aa/aa/bb/bb/bb|latest|", "a.b|docker.io|library/a.b|latest|",
        "a-b|docker.io|library/a-b|latest|", "a----b|docker.io|library/a----b|latest|", "a.b-c_d__e|docker.io|library/a.b-c_d__e|latest|", "do__cker/docker|docker.io|do__cker/docker|latest|",
        "docker.io/localhost/foo|docker.io|localhost/foo|latest|", "docker.io/foo.bar/baz|docker.io|foo.bar/baz|latest|",
        // hosts
        "test.com/repo:tag|test.com|repo|tag|", "test:5000/repo|test:5000|repo|latest|", "test:5000/repo:tag|test:5000|repo|tag|", "test.com/foo|test.com|foo|latest|",
        "test.com:8080/foo|test.com:8080|foo|latest|", "test-com:8080/foo|test-com:8080|foo|latest|", "localhost/foo|localhost|foo|latest|", "localhost/a/b:c|localhost|a/b|c|",
        "localhost:5000/foo|localhost:5000|foo|latest|", "localhost:8080/bar|localhost:8080|bar|latest|", "127.0.0.1:5000/docker/docker|127.0.0.1:5000|docker/docker|latest|",
        "127.0.0.1:5000/library/debian|127.0.0.1:5000|library/debian|latest|", "127.0.0.1:5000/debian|127.0.0.1:5000|debian|latest|", "127.0.0.1/debian|127.0.0.1|debian|latest|",
        "192.168.0.1:8/debian|192.168.0.1:8|debian|latest|", "192.168.0.2:25000/debian|192.168.0.2:25000|debian|latest|", "192.168.1.1/repo|192.168.1.1|repo|latest|",
        "192.168.1.1:5000/repo:5050|192.168.1.1:5000|repo|5050|", "Docker/docker|Docker|docker|latest|", "DOCKER/docker|DOCKER|docker|latest|", "Foo/bar|Foo|bar|latest|", "FOO/bar|FOO|bar|latest|",
        "Asdf.com/foo/bar|Asdf.com|foo/bar|latest|", "Uppercase/lowercase:tag|Uppercase|lowercase|tag|", "sub-dom1.foo.com/bar/baz/quux|sub-dom1.foo.com|bar/baz/quux|latest|",
        "sub-dom1.foo.com/bar/baz/quux:some-long-tag|sub-dom1.foo.com|bar/baz/quux|some-long-tag|", "b.gcr.io/test.example.com/my-app:test.example.com|b.gcr.io|test.example.com/my-app|test.example.com|",
        "b.gcr.io/test.example.com/my-app|b.gcr.io|test.example.com/my-app|latest|", "xn--n3h.com/myimage|xn--n3h.com|myimage|latest|", "xn--n3h.com/myimage:xn--n3h.com|xn--n3h.com|myimage|xn--n3h.com|",
        "xn--7o8h.com/myimage|xn--7o8h.com|myimage|latest|", "xn--n3h.com:18080/foo|xn--n3h.com:18080|foo|latest|", "example.com/xn--7o8h.com/myimage|example.com|xn--7o8h.com/myimage|latest|",
        "example.com/some_separator__underscore/myimage|example.com|some_separator__underscore/myimage|latest|", "foo.com/foo_bar|foo.com|foo_bar|latest|", "foo.com:8080/bar|foo.com:8080|bar|latest|",
        "registry.io/foo/project--id.module--name.ver---sion--name|registry.io|foo/project--id.module--name.ver---sion--name|latest|", "0101.com/a|0101.com|a|latest|", "001a.com/a|001a.com|a|latest|",
        "ab.c-om/a|ab.c-om|a|latest|", "a-b.com/a|a-b.com|a|latest|", "b.gbc.io:443/a|b.gbc.io:443|a|latest|", "ghcr.io/org/app|ghcr.io|org/app|latest|", "quay.io/a/b:v1|quay.io|a/b|v1|",
        "mcr.microsoft.com/windows/servercore:ltsc2022|mcr.microsoft.com|windows/servercore|ltsc2022|", "public.ecr.aws/x/y:1|public.ecr.aws|x/y|1|", "registry-1.docker.io/library/a|registry-1.docker.io|library/a|latest|",
        "docker.io:443/foo|docker.io:443|foo|latest|", "example.com:65535/a|example.com:65535|a|latest|", "example.com:0080/a|example.com:0080|a|latest|", "a.b.c.d.e.f/g|a.b.c.d.e.f|g|latest|",
        "oci:5000/app|oci:5000|app|latest|", "1.2.3.4.5/a|1.2.3.4.5|a|latest|",
        // IPv6
        "[::1]:5000/app|[::1]:5000|app|latest|", "[::1]/app|[::1]|app|latest|", "[fc00::1]:5000/docker|[fc00::1]:5000|docker|latest|", "[fc00::1]:5000/docker/docker|[fc00::1]:5000|docker/docker|latest|",
        "[fc00:1:2:3:4:5:6:7]:5000/library/debian|[fc00:1:2:3:4:5:6:7]:5000|library/debian|latest|", "[2001:db8::1]/repo|[2001:db8::1]|repo|latest|", "[2001:db8:1:2:3:4:5:6]/repo:tag|[2001:db8:1:2:3:4:5:6]|repo|tag|",
        "[2001:db8::1]:5000/repo|[2001:db8::1]:5000|repo|latest|", "[2001:db8::1]:5000/repo:tag|[2001:db8::1]:5000|repo|tag|", "[2001:db8::]:5000/repo|[2001:db8::]:5000|repo|latest|",
        "[2001:0db8:85a3:0000:0000:8a2e:0370:7334]/a|[2001:0db8:85a3:0000:0000:8a2e:0370:7334]|a|latest|", "[FD00:1:2::3]:443/a|[FD00:1:2::3]:443|a|latest|", "[::]/a|[::]|a|latest|",
        // tags
        "a:_|docker.io|library/a|_|", "a:_a.b-c|docker.io|library/a|_a.b-c|", "a:0|docker.io|library/a|0|", "a:A|docker.io|library/a|A|", "a:1.0.0-rc.1|docker.io|library/a|1.0.0-rc.1|", "a:a..b|docker.io|library/a|a..b|",
        "a:a--|docker.io|library/a|a--|", "a:a.|docker.io|library/a|a.|", "a:__|docker.io|library/a|__|", "test.com:8000/foo:TAG5|test.com:8000|foo|TAG5|", "sha256:abc|docker.io|library/sha256|abc|", "a:latest|docker.io|library/a|latest|",
        "a:sha256-aaaa.sig|docker.io|library/a|sha256-aaaa.sig|",
    ];

    public static TheoryData<string, string, string, string?, string?> Valid()
    {
        TheoryData<string, string, string, string?, string?> data = [];
        foreach (string line in s_valid)
        {
            string[] c = line.Split('|');
            data.Add(c[0], c[1], c[2], c[3], null);
        }

        string f96 = new('a', 96);
        string f128 = new('0', 128);
        data.Add($"nginx@sha256:{F64}", Hub, "library/nginx", null, $"sha256:{F64}");
        data.Add($"nginx:1@sha256:{F64}", Hub, "library/nginx", "1", $"sha256:{F64}");
        data.Add($"test:5000/repo@sha256:{F64}", "test:5000", "repo", null, $"sha256:{F64}");
        data.Add($"test:5000/repo:tag@sha256:{F64}", "test:5000", "repo", "tag", $"sha256:{F64}");
        data.Add($"[2001:db8::1]:5000/repo@sha256:{F64}", "[2001:db8::1]:5000", "repo", null, $"sha256:{F64}");
        data.Add($"[2001:db8::1]:5000/repo:tag@sha256:{F64}", "[2001:db8::1]:5000", "repo", "tag", $"sha256:{F64}");
        data.Add($"xn--7o8h.com/myimage:xn--7o8h.com@sha512:{f128}", "xn--7o8h.com", "myimage", "xn--7o8h.com", $"sha512:{f128}");
        data.Add($"a@sha384:{f96}", Hub, "library/a", null, $"sha384:{f96}");
        data.Add($"localhost:8080@sha256:{F64}", Hub, "library/localhost", "8080", $"sha256:{F64}");
        data.Add($"localhost:8080/name@sha256:{F64}", "localhost:8080", "name", null, $"sha256:{F64}");
        data.Add($"localhost@sha256:{F64}", Hub, "library/localhost", null, $"sha256:{F64}");
        data.Add($"{F64}@sha256:{F64}", Hub, "library/" + F64, null, $"sha256:{F64}");
        data.Add($"docker.io/library/sha256:{F64}", Hub, "library/sha256", F64, null);
        data.Add("a:" + new string('x', 128), Hub, "library/a", new string('x', 128), null);
        data.Add("host.io/" + new string('a', 255), "host.io", new string('a', 255), "latest", null);
        data.Add(new string('a', 247), Hub, "library/" + new string('a', 247), "latest", null);
        data.Add(string.Concat(Enumerable.Repeat("a/", 127)) + "a:tag-puts-this-over-max", Hub, string.Concat(Enumerable.Repeat("a/", 127)) + "a", "tag-puts-this-over-max", null);
        data.Add(new string('h', 63) + "." + new string('h', 200) + ".io/a", new string('h', 63) + "." + new string('h', 200) + ".io", "a", "latest", null);
        return data;
    }

    public static TheoryData<string, string> Invalid()
    {
        TheoryData<string, string> data = [];
        string[] names =
        [
            "", " ", ":", "@", "/", ".", "-", "_", ":justtag", "-docker", "-foo", "-docker/docker", "-docker.io/docker/docker", "docker-/docker", "-docker-/docker", "docker/Docker", "docker///docker",
            "docker.io/docker/Docker", "docker.io/docker///docker", "docker/", "docker//", "/docker", "//docker", "docker.io/", "docker.io//a", "foo.com/", "a/a/a/a/", "a//a/a", "a/", "localhost/", "localhost:5000/",
            "https://github.com/docker/docker", "http://a/b", "file:///a", "ftp://x/y", "[fc00::1]", "[fc00::1]:5000", "fc00::1:5000/debian", "[fe80::1%eth0]:5000/debian", "[fe80::1%@invalidzone]:5000/repo",
            "[2001:db8:3:4::192.0.2.33]:5000/debian", "[2001:db8::1]", "[2001:db8::1]:5000", "[2001:db8::1]:tag", "[fd00:1:2::3]75050/a", "[fd00:1:2::3]::75050/a", "fd00:1:2::3:75050/a", "[]/a", "[]:5000/a", "[:]/a", "[::1/a",
            "::1]/a", "[::1]a/b", "[fd00123123123]:5000/a", "[1:2:3]/a", "[::g]/a", "[::1::2]/a", "[ ::1]/a",
            "____/____", "_docker/_docker", "docker_/docker_", "_foo/bar", "foo/bar-", "foo-/bar", "foo/-bar", "foo/_bar", "foo/bar_", "foo/.bar", "foo/bar.", "dock..er/docker", "dock_.er/docker", "dock-.er/docker", "a___b", "a_-b", "a-_b", "a._b",
            "a.-b", "a-.b", "a..b", ".a", "a.", "a-", "a_", "a-/a/a/a", "foo.com/a-/a/a", "example.com/__underscore/myimage", "example.com/..dots/myimage", "example.com/.dots/myimage", "example.com/nodouble..dots/myimage",
            "docker./docker", ".docker/docker", "do..cker/docker", "do__cker:8080/docker", "foo_bar.com:8080/app", "bad_hostname.com:8080/myapp:tag", "a..b/c", "a.b-/c", "-ab.com/x", "ab-.com/x", "ab.-com/x", "ab.com-/x",
            "test.com:http/a", "foo.com:http/bar", "localhost:http/name", "a:/b", "a:b:c", "a:b:c/d", "a:5000:6000/b", "localhost:99999/a", "192.168.1.1:750050/a", "localhost:65536/a", "localhost:-1/a", "localhost:+1/a", "localhost: 80/a",
            "Uppercase:tag", "Uppercase", "test:5000/Uppercase/lowercase:tag", "Foo/FarB", "aa/asdf$$^/aa", "asdf$$^/aa", "a^a", "registry.com:8080/myapp:invalid~tag", "a:", "a:.b", "a:-b", "a:b/c", "a:b c", "a:é", "a:b+c", "a:b\n", "a:tag ", " a",
            "a b", "a\tb", "a\nb", "a\0b", "a\rb", "é", "nginх", "ａ", "a\u200Bb", "a\\b", "C:\\x", "a%2fb", "a?b", "a#b", "a*b", "a=b", "a,b", "a;b", "a'b", "a\"b", "a|b", "a<b", "a&b", "user:pass@host/a", "user@host/a", "a@b", "..", "../a",
            "./a", "~", "~/a", "a/../b", "a/./b", "docker.io/../a", "host.io/a:b:c", "host.io/a@", "host.io/:a", "١", "a:١", "host.io:١/a", "oci:", "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a",
        ];
        foreach (string name in names) data.Add(name, name.Contains('@', StringComparison.Ordinal) ? "either" : "InvalidImageName");

        data.Add("a:" + new string('x', 129), "InvalidImageName");
        data.Add("host.io/" + new string('a', 256), "InvalidImageName");
        data.Add(new string('a', 248), "InvalidImageName");
        data.Add(string.Concat(Enumerable.Repeat("a/", 128)) + "a:tag", "InvalidImageName");
        data.Add("this_is_not_a_valid_namespace_because_its_lenth_is_greater_than_255_" + new string('a', 255) + "/docker", "InvalidImageName");
        data.Add("sha256:" + F64, "InvalidImageName");
        data.Add("sha512:" + F64 + F64, "InvalidImageName");
        data.Add("@sha256:" + F64, "InvalidImageName");
        data.Add("a@sha256:" + F64 + "@sha256:" + F64, "InvalidDigest");
        foreach (string digest in new[] { "", "sha256", "sha256:", "sha256:ffff", "sha256:" + F64[1..], "sha256:" + F64 + "f", "sha256:" + F64.ToUpperInvariant(), "SHA256:" + F64, "invaliddigest:" + F64, "md5:d41d8cd98f00b204e9800998ecf8427e", "bad", "2bad", "sha256:" + F64 + ":tag", "sha256:" + F64 + "/x", "sha256:../../x", "sha512:" + F64 })
            data.Add("registry.com:8080/myapp@" + digest, "InvalidDigest");
        return data;
    }

    [Fact]
    public void The_tables_are_as_large_as_they_say()
    {
        Assert.True(Valid().Count >= 150, $"{Valid().Count}");
        Assert.True(Invalid().Count >= 150, $"{Invalid().Count}");
    }

    [Theory, MemberData(nameof(Valid))]
    public void A_valid_name_gives_registry_repository_tag_and_digest(string text, string registry, string repository, string? tag, string? digest)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal((registry, repository, tag, digest), (reference.Registry, reference.Repository, reference.Tag, reference.Digest?.ToString()));
        Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
        Assert.Equal(reference.ToString(), ImageReference.Parse(reference.ToString()).ToString());
        Assert.True(ImageReference.TryParse(text, out _));
        string url = $"https://{registry}/v2/{repository}/manifests/{reference.Target}";
        if (registry.Length < 64) Assert.Equal($"/v2/{repository}/manifests/{reference.Target}", new Uri(url).AbsolutePath);
    }

    [Theory, MemberData(nameof(Invalid))]
    public void Anything_else_is_refused(string text, string id)
    {
        Assert.False(ImageReference.TryParse(text, out ImageReference? none));
        Assert.Null(none);
        MalformedException e = Assert.Throws<MalformedException>(() => ImageReference.Parse(text));
        if (id != "either") Assert.Equal(id, e.ErrorId);
        else Assert.True(e.ErrorId is "InvalidDigest" or "InvalidImageName");
        Assert.DoesNotContain(e.Message, c => char.IsControl(c));
    }

    [Fact]
    public void Null_is_refused() => Assert.Throws<MalformedException>(() => ImageReference.Parse(null!));

    [Theory]
    [InlineData("nginx", "nginx")]
    [InlineData("docker.io/fooo/bar", "fooo/bar")]
    [InlineData("library/foo/bar", "library/foo/bar")]
    [InlineData("127.0.0.1:8000/private/moonbase", "127.0.0.1:8000/private/moonbase")]
    [InlineData("docker.io/localhost/foo", "docker.io/localhost/foo")]
    [InlineData("docker.io/foo.bar/baz", "docker.io/foo.bar/baz")]
    public void The_familiar_name_is_short_but_never_names_another_repository(string text, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal(familiar, reference.FamiliarName);
        Assert.Equal(reference.Name, ImageReference.Parse(reference.FamiliarName).Name);
    }

    [Fact]
    public void With_tag_and_with_digest_replace_both()
    {
        ImageReference both = ImageReference.Parse($"a:1@sha256:{F64}");
        Assert.Equal("docker.io/library/a:2", both.WithTag("2").ToString());
        Assert.Equal($"docker.io/library/a@sha256:{F64}", both.WithDigest(both.Digest!).ToString());
        Assert.Throws<MalformedException>(() => both.WithTag("-x"));
        Assert.Throws<MalformedException>(() => both.WithTag(""));
    }
}
