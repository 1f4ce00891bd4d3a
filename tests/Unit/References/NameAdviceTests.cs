namespace OciTools.UnitTests.References;

public sealed class NameAdviceTests
{
    private static readonly OciException s_bad = ErrorCatalogue.InvalidImageName.Error("m");
    private static readonly OciException s_unreachable = ErrorCatalogue.ConnectionFailed.Error("m");

    [Theory]
    [InlineData("dockr-daemon:x", "docker-daemon:x")]
    [InlineData("docker-deamon:app:1.0", "docker-daemon:app:1.0")]
    [InlineData("Docker-Daemon:app", "docker-daemon:app")]
    [InlineData("docker_daemon:app", "docker-daemon:app")]
    [InlineData("podman://app", "docker-daemon:app")]
    [InlineData("containers-storage:app:1.0", "docker-daemon:app:1.0")]
    [InlineData("docker:x", "docker-daemon:x")]
    [InlineData("docker:x", "docker://x")]
    [InlineData("docker:nginx:1.27", "docker://nginx:1.27")]
    [InlineData("docker:/nginx", "docker://nginx")]
    [InlineData("dokcer://nginx", "docker://nginx")]
    [InlineData("oci-archiv:", "oci-archive:FILE:REF")]
    [InlineData("oci-archiv:./x.tar", "oci-archive:./x.tar")]
    [InlineData("ociarchive:x.tar:1.0", "oci-archive:x.tar:1.0")]
    [InlineData("docker-achive:x.tar", "docker-archive:x.tar")]
    [InlineData("docker-tarfile:x.tar", "docker-archive:x.tar")]
    [InlineData("oc:./layout", "oci:./layout")]
    [InlineData("OCI:./layout:1.0", "oci:./layout:1.0")]
    [InlineData("oci-layout://layout", "oci:layout")]
    [InlineData("https://registry.example.com/app:1.0", "write registry.example.com/app:1.0")]
    [InlineData("http://registry.example.com/app", "-PlainHttp")]
    public void A_wrong_transport_names_the_right_one(string name, string expected)
    {
        // both where the name cannot be read, and where it was taken for a repository of Docker Hub
        Assert.Contains(expected, Advice(ImageLocation.TryParse(name, out _) ? s_unreachable : s_bad, name), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nginx:1.27")]
    [InlineData("registry:2")]
    [InlineData("node:22")]
    [InlineData("mongo:8")]
    [InlineData("php:8")]
    [InlineData("odoo:17")]
    [InlineData("app")]
    [InlineData("localhost:5000/app:1.0")]
    [InlineData("docker:5000/app:1.0")]
    [InlineData("oci.example.com/app:1.0")]
    [InlineData("a b:c")]
    [InlineData(":")]
    [InlineData("")]
    public void Other_names_are_taken_for_no_transport(string name) =>
        Assert.Null(NameAdvice.For(ImageLocation.TryParse(name, out _) ? s_unreachable : s_bad, name, _ => false, _ => []));

    [Theory]
    [InlineData("app.tar", "app.tar", "./app.tar.")]
    [InlineData("app.tar:1.0", "app.tar", "./app.tar:1.0.")]
    [InlineData("out/images:app", "out/images", "./out/images:app.")]
    [InlineData("My App.tar", "My App.tar", "./My App.tar.")]
    public void A_name_that_is_a_file_here_is_to_be_written_as_a_path(string name, string file, string expected)
    {
        string advice = NameAdvice.For(ImageLocation.TryParse(name, out _) ? s_unreachable : s_bad, name, path => path == file, _ => [])!;
        Assert.EndsWith(expected, advice, StringComparison.Ordinal);
        Assert.Equal(ImageTransport.Path, ImageLocation.Parse(expected.TrimEnd('.')).Transport);
    }

    [Fact]
    public void A_tag_that_is_not_there_is_compared_with_those_that_were_listed()
    {
        string[] listed = ["1.26", "1.27", "1.27-alpine", "1.27.0", "1.27.1", "latest", "stable"];
        Assert.Contains("the nearest is stable.", Missing("app:stabel", listed), StringComparison.Ordinal);
        Assert.Contains("the nearest are 1.27", Missing("app:1.72", listed), StringComparison.Ordinal);
        Assert.Contains("the nearest is latest.", Missing("app:lastest", listed), StringComparison.Ordinal);
        // nobody has asked, none is near, or it was there and is not any more
        Assert.Equal("Get-ImageTag registry.example.com/app lists the tags that there are.", Missing("app:stabel", []));
        Assert.Equal("Get-ImageTag registry.example.com/app lists the tags that there are.", Missing("app:nothing-like-it", listed));
        Assert.Equal("Get-ImageTag registry.example.com/app lists the tags that there are.", Missing("app:stable", listed));
    }

    [Fact]
    public void Tags_are_named_only_where_it_is_the_tag_that_is_missing()
    {
        string[] listed = ["1.0"];
        Assert.Null(NameAdvice.For(ErrorCatalogue.ImageNotFound.Error("The manifest of registry.example.com/other:2.0 is not there."), "registry.example.com/app:1.1", _ => false, _ => listed));
        Assert.Null(NameAdvice.For(ErrorCatalogue.ServerFailed.Error("m"), "registry.example.com/app:1.1", _ => false, _ => listed));
        Assert.Null(NameAdvice.For(ErrorCatalogue.ImageNotFound.Error("m"), "oci:./layout:1.1", _ => true, _ => listed));
        Assert.Null(NameAdvice.For(ErrorCatalogue.InvalidLayer.Error("m"), "app.tar", _ => true, _ => listed));
    }

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("deamon", "daemon", 1)]
    [InlineData("ABC", "abc", 0)]
    [InlineData("ca", "abc", 3)]
    public void The_distance_of_two_words_is_the_one_of_the_books(string left, string right, int expected)
    {
        Assert.Equal(expected, Spelling.Distance(left, right, 9));
        Assert.Equal(expected, Spelling.Distance(right, left, 9));
    }

    [Fact]
    public void What_is_within_a_limit_does_not_depend_on_the_limit()
    {
        Random random = new(1);
        for (int i = 0; i < 5000; i++)
        {
            string left = Word();
            string right = Word();
            int distance = Spelling.Distance(left, right, 99);
            for (int limit = 0; limit <= 4; limit++) Assert.Equal(Math.Min(distance, limit + 1), Spelling.Distance(left, right, limit));
        }

        string Word() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "abc"[random.Next(3)]));
    }

    [Theory]
    [InlineData("nginx ")]
    [InlineData("\tnginx")]
    [InlineData("nginx\r\n")]
    public void White_space_around_a_name_is_named(string name) => Assert.Equal("There is white space around it: write 'nginx'.", Advice(s_bad, name));

    [Fact]
    public void An_engine_that_does_not_answer_is_no_wrong_name() => Assert.Equal("", Advice(s_unreachable, "docker-daemon:"));

    [Theory]
    [InlineData("dockr-daemon:a\u001bb")]
    [InlineData("http://\u0007")]
    [InlineData("a\nb.tar")]
    public void Nobody_is_told_to_write_control_characters(string name) => Assert.Null(NameAdvice.For(s_bad, name, _ => true, _ => []));

    private static string Advice(OciException error, string name) => NameAdvice.For(error, name, _ => false, _ => []) ?? "";

    private static string? Missing(string name, string[] listed) =>
        NameAdvice.For(ErrorCatalogue.ImageNotFound.Error($"The manifest of registry.example.com/{name} is not there: registry.example.com answered 404."), "registry.example.com/" + name, _ => false,
            repository => repository == "registry.example.com/app" ? listed : []);
}
