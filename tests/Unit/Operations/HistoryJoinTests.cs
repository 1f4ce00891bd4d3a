using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OciTools.Operations;
using OciTools.Stores;

namespace OciTools.UnitTests.Operations;

public sealed class HistoryJoinTests
{
    [Fact]
    public void Rows_that_are_not_empty_and_the_layers_are_joined_in_order_newest_first()
    {
        ImageConfig config = Config(2, ("ADD root", false), ("ENV a=b", true), ("RUN x", false), ("CMD y", true));

        JoinedHistory history = HistoryJoin.Join(config, [Layer(0, 10), Layer(1, 20)]);

        Assert.Null(history.Warning);
        Assert.Equal(
            ["CMD y NoLayer - 0", "RUN x Joined 1 20", "ENV a=b NoLayer - 0", "ADD root Joined 0 10"],
            history.Rows.Select(r => $"{r.CreatedBy} {r.JoinState} {r.Layer?.ToString() ?? "-"} {r.Size}"));
        Assert.Equal([null, Diff(1), null, Diff(0)], history.Rows.Select(r => r.DiffId));
        Assert.Equal([null, Blob(1), null, Blob(0)], history.Rows.Select(r => r.Digest));
    }

    [Fact]
    public void Without_a_manifest_the_diff_ids_are_joined_and_sizes_stay_unknown()
    {
        JoinedHistory history = HistoryJoin.Join(Config(1, ("ADD root", false), ("CMD y", true)), null);

        Assert.Equal([0L, null], history.Rows.Select(r => r.Size));
        Assert.Equal([null, Diff(0)], history.Rows.Select(r => r.DiffId));
        Assert.All(history.Rows, r => Assert.Null(r.Digest));
    }

    [Theory]
    [InlineData(1, 2)] // a layer more than rows
    [InlineData(3, 2)] // a row more than layers
    public void If_the_counts_differ_no_row_is_joined_and_the_layers_follow_without_a_command(int rows, int layers)
    {
        ImageConfig config = Config(layers, [.. Enumerable.Range(0, rows).Select(i => ($"RUN {i}", false)), ("CMD y", true)]);

        JoinedHistory history = HistoryJoin.Join(config, [.. Enumerable.Range(0, layers).Select(i => Layer(i, 10 + i))]);

        Assert.Contains(rows == 1 ? "has 1 row for layers" : $"has {rows} rows for layers", history.Warning, StringComparison.Ordinal);
        Assert.Contains($"{layers} layers", history.Warning, StringComparison.Ordinal);
        Assert.Equal(rows + 1 + layers, history.Rows.Count);
        Assert.Equal("CMD y", history.Rows[0].CreatedBy);
        Assert.Equal(HistoryJoinState.NoLayer, history.Rows[0].JoinState);
        Assert.All(history.Rows.Take(rows + 1), r => Assert.Null(r.Layer));
        Assert.All(history.Rows.Skip(1), r => Assert.Equal(HistoryJoinState.CountsDiffer, r.JoinState));
        Assert.Equal(Enumerable.Range(0, layers).Reverse().Cast<int?>(), history.Rows.Skip(rows + 1).Select(r => r.Layer));
        Assert.All(history.Rows.Skip(rows + 1), r => Assert.Equal("", r.CreatedBy));
    }

    [Fact]
    public void If_config_and_manifest_disagree_about_the_layers_nothing_is_joined()
    {
        JoinedHistory history = HistoryJoin.Join(Config(1, ("RUN a", false), ("RUN b", false)), [Layer(0, 1), Layer(1, 2)]);

        Assert.Contains("1 diff id,", history.Warning, StringComparison.Ordinal);
        Assert.Equal(4, history.Rows.Count);
        Assert.All(history.Rows, r => Assert.Null(r.DiffId));
        Assert.Equal([null, null, Blob(1), Blob(0)], history.Rows.Select(r => r.Digest));
    }

    [Fact]
    public void Without_any_history_every_layer_is_a_row_without_a_command_and_nothing_is_wrong()
    {
        JoinedHistory ofConfig = HistoryJoin.Join(Config(2), [Layer(0, 10), Layer(1, 20)]);
        JoinedHistory ofEngine = HistoryJoin.Join([], [Tar(0), Tar(1)], "x");

        foreach (JoinedHistory history in new[] { ofConfig, ofEngine })
        {
            Assert.Null(history.Warning);
            Assert.Equal([1, 0], history.Rows.Select(r => r.Layer));
            Assert.Equal([Diff(1), Diff(0)], history.Rows.Select(r => r.DiffId));
            Assert.All(history.Rows, r => Assert.Equal(HistoryJoinState.NoHistory, r.JoinState));
        }

        Assert.Equal([20L, 10L], ofConfig.Rows.Select(r => r.Size));
    }

    [Theory]
    [InlineData("/bin/sh -c #(nop)  ENV a=b")]
    [InlineData("/bin/sh -c #(nop)  CMD [\"sh\"]")]
    [InlineData("/bin/sh -c #(nop)  LABEL a=b")]
    [InlineData("/bin/sh -c #(nop)  EXPOSE 80")]
    [InlineData("/bin/sh -c #(nop)  ENTRYPOINT [\"/x\"]")]
    [InlineData("/bin/sh -c #(nop)  USER nobody")]
    [InlineData("/bin/sh -c #(nop)  VOLUME [/data]")]
    [InlineData("/bin/sh -c #(nop)  STOPSIGNAL SIGTERM")]
    [InlineData("/bin/sh -c #(nop)  SHELL [/bin/ash -c]")]
    [InlineData("/bin/sh -c #(nop)  HEALTHCHECK &{[\"NONE\"] \"0s\"}")]
    [InlineData("/bin/sh -c #(nop)  ONBUILD RUN x")]
    [InlineData("/bin/sh -c #(nop)  MAINTAINER me")]
    [InlineData("/bin/sh -c #(nop)  ARG a")]
    [InlineData("cmd /S /C #(nop)  ENV a=b")]
    [InlineData("/bin/bash -o pipefail -c #(nop)  ENV a=b")]
    [InlineData("ENV a=b")]
    [InlineData("CMD [\"sh\"]")]
    [InlineData("ENTRYPOINT [\"/x\"]")]
    [InlineData("EXPOSE map[80/tcp:{}]")]
    [InlineData("HEALTHCHECK &{[\"NONE\"] \"0s\"}")]
    [InlineData("ARG VERSION=1")]
    public void An_instruction_that_only_changes_the_config_is_never_a_layer(string command)
    {
        JoinedHistory history = HistoryJoin.Join([Row(command, 0), Row("RUN y", 0), Row("ADD x", 5)], [Tar(0), Tar(1)], "x");

        Assert.Equal([HistoryJoinState.NoLayer, HistoryJoinState.Joined, HistoryJoinState.Joined], history.Rows.Select(r => r.JoinState));
        Assert.Equal([null, Diff(1), Diff(0)], history.Rows.Select(r => r.DiffId));
    }

    [Theory]
    [InlineData("/bin/sh -c #(nop) WORKDIR /x")]
    [InlineData("/bin/sh -c #(nop) COPY dir:0 in /x ")]
    [InlineData("/bin/sh -c rm -f /x")]
    [InlineData("/bin/sh -c rm -f /x; #(nop) ENV a=b")]
    [InlineData("WORKDIR /x")]
    [InlineData("RUN /bin/sh -c rm -f /x # buildkit")]
    [InlineData("COPY empty / # buildkit")]
    [InlineData("ENVOY=1")]
    [InlineData("")]
    public void A_row_without_size_that_may_have_made_a_layer_decides_by_the_counts_alone(string command)
    {
        EngineHistoryRow[] rows = [Row("ENV a=b", 0), Row(command, 0), Row("ADD x", 5)];

        Assert.Equal([null, null, Diff(0)], HistoryJoin.Join(rows, [Tar(0)], "x").Rows.Select(r => r.DiffId));
        Assert.Equal([null, Diff(1), Diff(0)], HistoryJoin.Join(rows, [Tar(0), Tar(1)], "x").Rows.Select(r => r.DiffId));
    }

    [Fact]
    public void Where_two_rows_may_have_made_the_one_empty_layer_the_rows_above_the_first_of_them_are_ambiguous()
    {
        EngineHistoryRow[] rows = [Row("COPY y", 7), Row("RUN rm y", 0), Row("COPY x", 6), Row("WORKDIR /x", 0), Row("ADD root", 5)];

        JoinedHistory history = HistoryJoin.Join(rows, [Tar(0), Tar(1), Tar(2), Tar(3)], "x");

        Assert.Null(history.Warning);
        Assert.Equal(["Joined", "Ambiguous", "Ambiguous", "Ambiguous", "Joined"], history.Rows.Select(r => r.JoinState.ToString()));
        Assert.Equal([Diff(3), null, null, null, Diff(0)], history.Rows.Select(r => r.DiffId));
        Assert.Equal([7L, 0, 6, 0, 5], history.Rows.Select(r => r.EngineSize));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void If_the_engines_rows_cannot_fit_its_layers_none_is_joined_and_a_warning_says_so(int layers)
    {
        Digest[] diffIds = [.. Enumerable.Range(0, layers).Select(Tar)];

        JoinedHistory history = HistoryJoin.Join([Row("RUN x", 0), Row("ADD x", 5), Row("CMD", 0)], diffIds, "the image");

        Assert.Contains("1 to 2 rows", history.Warning, StringComparison.Ordinal);
        Assert.Equal(3 + layers, history.Rows.Count);
        Assert.All(history.Rows.Take(3), r => Assert.Null(r.DiffId));
        Assert.Equal(diffIds.Reverse().Select(d => d.ToString()), history.Rows.Skip(3).Select(r => r.DiffId!));
    }

    // The oracle tries every choice of rows that the engine's answer allows and keeps what all choices agree on.
    [Property(MaxTest = 500)]
    public Property An_engines_row_is_joined_exactly_where_all_possible_ways_agree()
    {
        Gen<(int[] Rows, int Layers)> cases =
            from rows in Gen.Choose(0, 2).ListOf(8)
            from count in Gen.Choose(1, 8)
            from layers in Gen.Choose(0, 8)
            select (rows.Take(count).ToArray(), layers);
        return Prop.ForAll(cases.ToArbitrary(), c =>
        {
            EngineHistoryRow[] rows = [.. c.Rows.Select(kind => kind switch { 0 => Row("ENV a=b", 0), 1 => Row("RUN x", 0), _ => Row("ADD x", 5) })];
            int?[] expected = EveryWay(c.Rows, c.Layers);

            JoinedHistory history = HistoryJoin.Join(rows, [.. Enumerable.Range(0, c.Layers).Select(Tar)], "x");

            Assert.Equal(expected, history.Rows.Take(rows.Length).Select(r => r.Layer));
        });
    }

    private static int?[] EveryWay(int[] kinds, int layers)
    {
        List<int?[]> ways = [];
        for (int choice = 0; choice < 1 << kinds.Length; choice++)
        {
            int?[] way = new int?[kinds.Length];
            int next = 0;
            bool allowed = true;
            for (int i = kinds.Length - 1; i >= 0; i--)
            {
                bool chosen = (choice >> i & 1) == 1;
                allowed &= kinds[i] switch { 0 => !chosen, 2 => chosen, _ => true };
                if (chosen) way[i] = next++;
            }

            if (allowed && next == layers) ways.Add(way);
        }

        return [.. Enumerable.Range(0, kinds.Length).Select(i => ways.Count > 0 && ways.TrueForAll(w => w[i] == ways[0][i]) ? ways[0][i] : null)];
    }

    private static EngineHistoryRow Row(string command, long size) => new(null, command, size, null, null, []);

    private static Digest Tar(int index) => Digest.Compute(Encoding.UTF8.GetBytes("tar " + index));

    private static string Diff(int index) => Tar(index).ToString();

    private static string Blob(int index) => Digest.Compute(Encoding.UTF8.GetBytes("blob " + index)).ToString();

    private static Descriptor Layer(int index, long size) => new(MediaTypes.OciLayerGzip, Digest.Parse(Blob(index)), size);

    private static ImageConfig Config(int layers, params (string Command, bool Empty)[] history) => new("docker.io/library/x:latest", null, null, new ConfigReader.RunConfig())
    {
        DiffIds = [.. Enumerable.Range(0, layers).Select(i => Diff(i).ToString())],
        History = [.. history.Select(h => new ConfigHistory(null, h.Command, null, null, h.Empty))],
    };
}
