using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace OciTools.UnitTests.References;

public sealed class ImageLocationTests
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Sha = "sha256:" + Hex;

    // input, transport, path or name, ref name, digest, position
    public static TheoryData<string, ImageTransport, string?, string?, string?, int?> Valid() => new()
    {
        { "nginx", ImageTransport.Registry, "docker.io/library/nginx:latest", null, null, null },
        { "docker://nginx:1.27", ImageTransport.Registry, "docker.io/library/nginx:1.27", null, null, null },
        { "docker://[::1]:5000/app", ImageTransport.Registry, "[::1]:5000/app:latest", null, null, null },
        { "docker://oci:5000/app", ImageTransport.Registry, "oci:5000/app:latest", null, null, null },
        { "docker://dir:5000/app", ImageTransport.Registry, "dir:5000/app:latest", null, null, null },
        { "docker:27", ImageTransport.Registry, "docker.io/library/docker:27", null, null, null },
        { "docker-daemon:nginx", ImageTransport.DockerDaemon, "nginx:latest", null, null, null },
        { "docker-daemon:nginx:1", ImageTransport.DockerDaemon, "nginx:1", null, null, null },
        { "docker-daemon:localhost:5000/a:1", ImageTransport.DockerDaemon, "localhost:5000/a:1", null, null, null },
        { "docker-daemon:docker.io/localhost/a:1", ImageTransport.DockerDaemon, "docker.io/localhost/a:1", null, null, null },
        { "docker-daemon:docker.io/library/sha256:" + Hex, ImageTransport.DockerDaemon, "docker.io/library/sha256:" + Hex, null, null, null },
        { "docker-daemon:a@" + Sha, ImageTransport.DockerDaemon, "a@" + Sha, null, null, null },
        { "docker-daemon:" + Sha, ImageTransport.DockerDaemon, Sha, null, Sha, null },
        { "docker-daemon:" + Hex, ImageTransport.DockerDaemon, Sha, null, Sha, null },
        { "oci:dir", ImageTransport.Oci, "dir", null, null, null },
        { "oci:dir:tag", ImageTransport.Oci, "dir", "tag", null, null },
        { "oci:/a/b:tag", ImageTransport.Oci, "/a/b", "tag", null, null },
        { "oci:./a:docker.io/library/nginx:1.27", ImageTransport.Oci, "./a", "docker.io/library/nginx:1.27", null, null },
        { "oci:dir:a/b:c@d+e", ImageTransport.Oci, "dir", "a/b:c@d+e", null, null },
        { "oci:dir:name@" + Sha, ImageTransport.Oci, "dir", "name@" + Sha, null, null },
        { "oci:dir@" + Sha, ImageTransport.Oci, "dir", null, Sha, null },
        { "oci:a@b@" + Sha, ImageTransport.Oci, "a@b", null, Sha, null },
        { "oci:a@b", ImageTransport.Oci, "a@b", null, null, null },
        { "oci:a@b:c", ImageTransport.Oci, "a@b", "c", null, null },
        { "oci:dir:@0", ImageTransport.Oci, "dir", null, null, 0 },
        { "oci:dir:@17", ImageTransport.Oci, "dir", null, null, 17 },
        { "oci:dir with space:t", ImageTransport.Oci, "dir with space", "t", null, null },
        { @"oci:C:\dir:tag", ImageTransport.Oci, @"C:\dir", "tag", null, null },
        { @"oci:C:\dir", ImageTransport.Oci, @"C:\dir", null, null, null },
        { "oci:c:/dir:tag", ImageTransport.Oci, "c:/dir", "tag", null, null },
        { "oci:C:/dir@" + Sha, ImageTransport.Oci, "C:/dir", null, Sha, null },
        { @"oci:C:\dir:@3", ImageTransport.Oci, @"C:\dir", null, null, 3 },
        { @"oci:\\server\share\d:tag", ImageTransport.Oci, @"\\server\share\d", "tag", null, null },
        { @"oci:\\?\C:\d:tag", ImageTransport.Oci, @"\\?\C:\d", "tag", null, null },
        { "oci:C:tag", ImageTransport.Oci, "C", "tag", null, null },
        { "oci:a::b", ImageTransport.Oci, "a:b", null, null, null },
        { "oci:a::b:c", ImageTransport.Oci, "a:b", "c", null, null },
        { "oci:a::b:c:d", ImageTransport.Oci, "a:b", "c:d", null, null },
        { "oci:a:::c", ImageTransport.Oci, "a:", "c", null, null },
        { "oci:a::::c", ImageTransport.Oci, "a::c", null, null, null },
        { "oci:a::", ImageTransport.Oci, "a:", null, null, null },
        { "oci:a@sha256::" + Hex, ImageTransport.Oci, "a@" + Sha, null, null, null },
        { "oci:a@sha256::" + Hex + "@" + Sha, ImageTransport.Oci, "a@" + Sha, null, Sha, null },
        { "oci:a::b:@2", ImageTransport.Oci, "a:b", null, null, 2 },
        { @"oci:C:\a::b:t", ImageTransport.Oci, @"C:\a:b", "t", null, null },
        { "oci-archive:x.tar", ImageTransport.OciArchive, "x.tar", null, null, null },
        { "oci-archive:x.tar:v1", ImageTransport.OciArchive, "x.tar", "v1", null, null },
        { "oci-archive:x.tar@" + Sha, ImageTransport.OciArchive, "x.tar", null, Sha, null },
        { "oci-archive:x.tar:@1", ImageTransport.OciArchive, "x.tar", null, null, 1 },
        { "docker-archive:x.tar", ImageTransport.DockerArchive, "x.tar", null, null, null },
        { "docker-archive:x.tar:nginx:1.27", ImageTransport.DockerArchive, "x.tar", "nginx:1.27", null, null },
        { "docker-archive:x.tar:localhost:5000/a:b", ImageTransport.DockerArchive, "x.tar", "localhost:5000/a:b", null, null },
        { "docker-archive:/t/x.tar:@1", ImageTransport.DockerArchive, "/t/x.tar", null, null, 1 },
        { @"docker-archive:C:\x.tar:nginx:1", ImageTransport.DockerArchive, @"C:\x.tar", "nginx:1", null, null },
        { "./x", ImageTransport.Path, "./x", null, null, null },
        { "../x", ImageTransport.Path, "../x", null, null, null },
        { "/x", ImageTransport.Path, "/x", null, null, null },
        { "~/x", ImageTransport.Path, "~/x", null, null, null },
        { "~", ImageTransport.Path, "~", null, null, null },
        { ".", ImageTransport.Path, ".", null, null, null },
        { "..", ImageTransport.Path, "..", null, null, null },
        { @".\x", ImageTransport.Path, @".\x", null, null, null },
        { @"..\x", ImageTransport.Path, @"..\x", null, null, null },
        { @"C:\x", ImageTransport.Path, @"C:\x", null, null, null },
        { "C:/x", ImageTransport.Path, "C:/x", null, null, null },
        { @"\\server\share", ImageTransport.Path, @"\\server\share", null, null, null },
        { @"\\?\C:\x", ImageTransport.Path, @"\\?\C:\x", null, null, null },
        { @"\x", ImageTransport.Path, @"\x", null, null, null },
        { "./x:tag", ImageTransport.Path, "./x", "tag", null, null },
        { "./x.tar:nginx:1", ImageTransport.Path, "./x.tar", "nginx:1", null, null },
        { "/x@" + Sha, ImageTransport.Path, "/x", null, Sha, null },
        { "/x:@2", ImageTransport.Path, "/x", null, null, 2 },
        { @"C:\x:tag", ImageTransport.Path, @"C:\x", "tag", null, null },
        { @"C:\x@" + Sha, ImageTransport.Path, @"C:\x", null, Sha, null },
        { "/x::y", ImageTransport.Path, "/x:y", null, null, null },
        { "//server/x", ImageTransport.Path, "//server/x", null, null, null },
    };

    [Theory, MemberData(nameof(Valid))]
    public void Every_form_means_its_place(string text, ImageTransport transport, string? pathOrName, string? refName, string? digest, int? position)
    {
        ImageLocation location = ImageLocation.Parse(text);
        string? actual = transport switch
        {
            ImageTransport.Registry => location.Reference!.ToString(),
            ImageTransport.DockerDaemon => location.EngineName,
            _ => location.Path,
        };
        Assert.Equal((transport, pathOrName, refName, digest, position),
            (location.Transport, actual, location.RefName, location.Digest?.ToString(), location.Position));
        AssertRoundTrip(location);
    }

    [Theory]
    [InlineData("")]
    [InlineData("docker://")]
    [InlineData("docker-daemon:")]
    [InlineData("docker-daemon:A")]
    [InlineData("docker-daemon:a b")]
    [InlineData("oci:")]
    [InlineData("oci::")]
    [InlineData("oci::tag")]
    [InlineData("oci:dir:")]
    [InlineData("oci:dir:@")]
    [InlineData("oci:dir:@x")]
    [InlineData("oci:dir:@-1")]
    [InlineData("oci:dir:@+1")]
    [InlineData("oci:dir:@ 1")]
    [InlineData("oci:dir:@99999999999")]
    [InlineData("oci:@" + Sha)]
    [InlineData("oci:dir@sha256:")]
    [InlineData("oci:dir@sha256:abc")]
    [InlineData("oci:dir@sha512:" + Hex)]
    [InlineData("oci:dir@" + Sha + ":tag")]
    [InlineData("oci:dir\0")]
    [InlineData("oci:dir\n:tag")]
    [InlineData("oci:dir:t\u001B[31m")]
    [InlineData("./x\u007F")]
    [InlineData("./x:")]
    [InlineData("/x@sha256:zz")]
    [InlineData("oci-archive:")]
    [InlineData("docker-archive:")]
    [InlineData("docker-archive:x.tar:")]
    [InlineData("containers-storage:alpine")]
    [InlineData("containers-storage:[overlay@/x]alpine")]
    [InlineData("dir:/x")]
    [InlineData("dir:x")]
    [InlineData("ostree:x@/y")]
    [InlineData("sif:x")]
    [InlineData("tarball:x")]
    [InlineData("https://ghcr.io/a/b")]
    [InlineData("http://localhost/a")]
    [InlineData("podman://a")]
    [InlineData("OCI:dir")]
    [InlineData("Docker://a")]
    [InlineData(Sha)]
    [InlineData(Hex)]
    public void What_is_no_name_is_refused(string text)
    {
        Assert.False(ImageLocation.TryParse(text, out _));
        MalformedException e = Assert.Throws<MalformedException>(() => ImageLocation.Parse(text));
        Assert.True(e.ErrorId is "InvalidImageName" or "InvalidDigest");
        Assert.DoesNotContain(e.Message, c => char.IsControl(c));
    }

    [Theory]
    [InlineData("nginx", "./nginx")]
    [InlineData("oci:dir", "./oci::dir")]
    [InlineData("docker://a/b", "./docker:://a/b")]
    [InlineData("~", "./~")]
    [InlineData("~/x", "./~/x")]
    [InlineData("C", "./C")]
    [InlineData("x:y.tar", "./x::y.tar")]
    [InlineData("/t/a:b", "/t/a::b")]
    [InlineData("/t/a:@1", "/t/a::@1")]
    [InlineData("/t/a@" + Sha, "/t/a@sha256::" + Hex)]
    [InlineData("/t/a::b", "/t/a::::b")]
    [InlineData("/t/a:", "/t/a::")]
    [InlineData(@"C:\a", @"C:\a")]
    [InlineData(@"C:\a:stream", @"C:\a::stream")]
    [InlineData(@"\\?\C:\a", @"\\?\C:\a")]
    [InlineData("/plain", "/plain")]
    [InlineData("./plain", "./plain")]
    public void The_text_of_a_literal_path_names_that_path_and_nothing_else(string path, string text)
    {
        ImageLocation location = ImageLocation.FromPath(path);
        Assert.Equal(text, location.ToString());
        ImageLocation again = ImageLocation.Parse(text);
        Assert.Equal((ImageTransport.Path, location.Path, null, null, null), (again.Transport, again.Path, again.RefName, again.Digest, again.Position));
        foreach (ImageTransport transport in new[] { ImageTransport.Oci, ImageTransport.OciArchive, ImageTransport.DockerArchive })
            AssertRoundTrip(location.WithTransport(transport).WithAbsolutePath(path).WithName("docker.io/library/a:1"));
    }

    [Fact]
    public void An_empty_path_is_refused() => Assert.Throws<MalformedException>(() => ImageLocation.FromPath(""));

    [Theory]
    [InlineData("@3")]
    [InlineData(":x")]
    [InlineData("")]
    [InlineData("a\u001B[2J")]
    [InlineData("a\nb")]
    public void A_ref_name_that_would_be_read_as_something_else_yields_to_the_digest(string hostile)
    {
        ImageLocation layout = ImageLocation.Parse("oci:/d");
        Digest digest = Digest.Parse(Sha);
        Assert.Equal("oci:/d@" + Sha, layout.WithName(hostile, digest).ToString());
        Assert.Equal("oci:/d:@4", layout.WithName(hostile, null, 4).ToString());
        Assert.Throws<MalformedException>(() => layout.WithName(hostile));
        AssertRoundTrip(layout.WithName("C").WithTransport(ImageTransport.Oci).WithAbsolutePath("C"));
        AssertRoundTrip(ImageLocation.Parse("oci:C").WithName("/x"));
    }

    [Property(MaxTest = 3000)]
    public Property Whatever_parses_prints_a_text_that_parses_to_the_same_place() => Prop.ForAll(Texts(), text =>
    {
        if (ImageLocation.TryParse(text, out ImageLocation? location)) AssertRoundTrip(location);
    });

    [Property(MaxTest = 3000)]
    public Property Whatever_path_and_ref_name_are_put_together_print_as_themselves() => Prop.ForAll(Texts(), Texts(), (path, refName) =>
    {
        if (path.Length == 0 || path.Any(char.IsControl)) return;
        ImageLocation location = ImageLocation.FromPath(path);
        AssertRoundTrip(location);
        if (!ImageLocation.CanWrite(refName)) return;
        AssertRoundTrip(location.WithName(refName));
        AssertRoundTrip(location.WithTransport(ImageTransport.Oci).WithAbsolutePath(path).WithName(refName));
    });

    private static Arbitrary<string> Texts() => Gen.Elements("a", "b", "C", "nginx", ":", "::", "@", "/", "\\", ".", "..", "~", "oci:", "docker://", "docker-daemon:",
        "oci-archive:", "docker-archive:", "dir:", "sha256:", Sha, Hex, "@0", "@12", "C:\\", "D:/", "\\\\?\\", "localhost", "host.io", "5000", "[::1]", "library/", "docker.io/", "-", "_", "é", " ", "\n", "%3A", "latest")
        .ListOf().Select(parts => string.Concat(parts.Take(7))).ToArbitrary();

    private static void AssertRoundTrip(ImageLocation location)
    {
        string text = location.ToString();
        ImageLocation again = ImageLocation.Parse(text);
        Assert.Equal(location, again);
        Assert.Equal(location.GetHashCode(), again.GetHashCode());
        Assert.Equal(text, again.ToString());
        Assert.Equal((location.Transport, location.RefName, location.Digest, location.Position), (again.Transport, again.RefName, again.Digest, again.Position));
        Assert.Equal(location.Reference?.Name, again.Reference?.Name);
        if (location.Path is { Length: > 1 }) Assert.Equal(location.Path, again.Path);
    }
}
