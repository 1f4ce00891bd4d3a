using System.Diagnostics;

namespace OciTools.UnitTests.Images;

public sealed class ImageConfigTests
{
    private const string RootFs = $$"""
        "rootfs":{"type":"layers","diff_ids":["{{Documents.D1}}"]}
        """;

    [Fact]
    public void Every_execution_parameter_is_read()
    {
        byte[] bytes = Documents.Bytes(Documents.Config);
        ImageConfig config = ImageConfig.Parse(bytes, "r/x:1");
        Assert.Equal(("r/x:1", "linux/arm64/v8:1", "A", "1:1", "/w", "SIGTERM"), (config.Image, config.Platform, config.Author, config.User, config.WorkingDir, config.StopSignal));
        Assert.Equal(["A=b"], config.EnvList);
        Assert.Equal("b", config.Env["A"]);
        Assert.Equal(["/e"], config.Entrypoint);
        Assert.Equal(["c"], config.Cmd);
        Assert.Equal(["8080/tcp"], config.ExposedPorts);
        Assert.Equal(["/v"], config.Volumes);
        Assert.Equal("m", config.Labels["l"]);
        Assert.Equal(["RUN x"], config.OnBuild);
        Assert.Equal(["/bin/sh"], config.Shell);
        Assert.Equal(["f"], config.OSFeatures);
        Assert.Equal([Documents.D1], config.DiffIds);
        Healthcheck health = config.Healthcheck!;
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), 3), (health.Interval, health.Timeout, health.StartPeriod, health.StartInterval, health.Retries));
        Assert.Equal("CMD x", health.ToString());
        ConfigHistory row = Assert.Single(config.History);
        Assert.Equal(("x", "A", "c", true), (row.CreatedBy, row.Author, row.Comment, row.EmptyLayer));
        Assert.Equal(new DateTime(2015, 10, 31, 22, 22, 54, DateTimeKind.Utc), row.Created!.Value.ToUniversalTime());
        Assert.Equal(DateTimeKind.Local, config.Created!.Value.Kind);
        Assert.Equal(new DateTime(2015, 10, 31, 22, 22, 56, DateTimeKind.Utc).AddTicks(159252), config.Created.Value.ToUniversalTime());
        Assert.Equal("sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), config.ImageId);
        Assert.True(config.IsExact);
    }

    [Fact]
    public void Only_os_architecture_and_rootfs_are_needed()
    {
        ImageConfig config = Parse("");
        Assert.Equal("linux/amd64", config.Platform);
        Assert.Null(config.Created);
        Assert.Null(config.Healthcheck);
        Assert.Null(config.StopSignal);
        Assert.Empty(config.Entrypoint);
        Assert.Empty(config.History);
    }

    [Fact]
    public void What_old_engines_wrote_is_taken()
    {
        ImageConfig config = Parse("""
            "id":"e5e5","parent":"bda3","container":"881b","docker_version":"1.10.3","Size":5,"container_config":{"Cmd":["/bin/sh"],"cmd":[]},"created":"2016-06-08T00:52:29.30472774Z",
            "config":{"Hostname":"e5","Domainname":"","User":"","AttachStdin":false,"Tty":false,"Image":"sha256:bd","Env":null,"Cmd":"sh","Entrypoint":"/docker-entrypoint.sh","Volumes":null,"ExposedPorts":null,"Labels":null,"OnBuild":null,"Shell":null,"Healthcheck":null,"WorkingDir":"","StopSignal":"","ArgsEscaped":true},
            "history":null,
            """);
        Assert.Equal(["sh"], config.Cmd);
        Assert.Equal(["/docker-entrypoint.sh"], config.Entrypoint);
        Assert.Empty(config.Volumes);
        Assert.Empty(config.Labels);
        Assert.Null(config.StopSignal);
        Assert.Empty(ImageConfig.Parse(Documents.Bytes("""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":null}}"""), "x").DiffIds);
    }

    [Fact]
    public void A_name_given_twice_in_the_environment_has_the_last_value_and_keeps_both_lines()
    {
        ImageConfig config = Parse("""
            "config":{"Env":["A=1","B","A=2","C=x=y","=z"],"Healthcheck":{"Test":["NONE"],"Interval":0,"Retries":-1},"Labels":{"a":null}},
            """);
        Assert.Equal(["A=1", "B", "A=2", "C=x=y", "=z"], config.EnvList);
        Assert.Equal(("2", "", "x=y", "z"), (config.Env["A"], config.Env["B"], config.Env["C"], config.Env[""]));
        Assert.Null(config.Healthcheck!.Interval);
        Assert.Equal(0, config.Healthcheck.Retries);
        Assert.Equal("", config.Labels["a"]);
    }

    // 150,000 names, and one of them again 300,000 times: gone through one after the other for each, they would take minutes
    [Fact]
    public void Names_given_over_and_over_cost_what_they_are_long()
    {
        string lines = string.Concat(Enumerable.Range(0, 150_000).Select(number => $"\"{number:x}\",")) + string.Concat(Enumerable.Repeat("\"249ef\",", 300_000));
        long start = Stopwatch.GetTimestamp();
        ImageConfig config = Parse($$"""
            "config":{"Env":[{{lines}}"last=1"]},
            """);
        Assert.Equal(150_001, config.Env.Count);
        Assert.Equal("1", config.Env[150_000]);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 30);
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("1970-01-01T01:00:00+01:00")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+05:00")]
    [InlineData("")]
    public void Times_that_stand_for_unknown_are_null(string text) => Assert.Null(Parse($"\"created\":\"{text}\",").Created);

    [Theory]
    [InlineData("2015-10-31T22:22:56Z", 22, 22, 56, 0)]
    [InlineData("2015-10-31T22:22:56.5Z", 22, 22, 56, 5_000_000)]
    [InlineData("2015-10-31T22:22:56.123456789Z", 22, 22, 56, 1_234_567)]
    [InlineData("2015-10-31T22:22:56.000000001Z", 22, 22, 56, 0)]
    [InlineData("2015-10-31T22:22:56.999999999Z", 22, 22, 56, 9_999_999)]
    [InlineData("2015-10-31T22:22:56.123456789012345678901234567890Z", 22, 22, 56, 1_234_567)]
    [InlineData("2015-10-31T20:52:56-01:30", 22, 22, 56, 0)]
    [InlineData("2015-11-01T00:22:56.25+02:00", 22, 22, 56, 2_500_000)]
    [InlineData("2015-10-31t22:22:56z", 22, 22, 56, 0)]
    public void A_time_is_read_to_the_tick_and_shown_local(string text, int hour, int minute, int second, int ticks)
    {
        DateTime created = Parse($"\"created\":\"{text}\",").Created!.Value;
        Assert.Equal(DateTimeKind.Local, created.Kind);
        Assert.Equal(new DateTime(2015, 10, 31, hour, minute, second, DateTimeKind.Utc).AddTicks(ticks), created.ToUniversalTime());
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2015-10-31")]
    [InlineData("2015-10-31T22:22:56")]
    [InlineData("2015-10-31T22:22Z")]
    [InlineData("2015-10-31 22:22:56Z")]
    [InlineData("2015-13-31T22:22:56Z")]
    [InlineData("2015-02-30T22:22:56Z")]
    [InlineData("2015-10-31T24:22:56Z")]
    [InlineData("2015-10-31T22:22:61Z")]
    [InlineData("2015-10-31T22:22:56.Z")]
    [InlineData("2015-10-31T22:22:56.5")]
    [InlineData("2015-10-31T22:22:56,5Z")]
    [InlineData("2015-10-31T22:22:56+0200")]
    [InlineData("2015-10-31T22:22:56+2:00")]
    [InlineData("2015-10-31T22:22:56+24:00")]
    [InlineData("2015-10-31T22:22:56 Z")]
    [InlineData(" 2015-10-31T22:22:56Z")]
    [InlineData("Sat, 31 Oct 2015 22:22:56 GMT")]
    [InlineData("10/31/2015T22:22:56Z")]
    [InlineData("12015-10-31T22:22:56Z")]
    [InlineData("1446330176")]
    public void Any_other_time_is_refused(string text) =>
        Assert.Equal("MalformedDocument", Assert.Throws<MalformedException>(() => Parse($"\"created\":\"{text}\",")).ErrorId);

    [Theory]
    [InlineData("sha256:bad")]
    [InlineData("")]
    [InlineData("../../etc")]
    public void A_diff_id_must_be_a_digest(string diffId) => Assert.Throws<MalformedException>(() =>
        ImageConfig.Parse(Documents.Bytes(Documents.Config.Replace(Documents.D1, diffId, StringComparison.Ordinal)), "x"));

    private static ImageConfig Parse(string more) => ImageConfig.Parse(Documents.Bytes("{" + more + "\"os\":\"linux\",\"architecture\":\"amd64\"," + RootFs + "}"), "x");
}
