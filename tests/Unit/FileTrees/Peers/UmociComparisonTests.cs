using OciTools.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>Layers made by hand, unpacked by umoci and merged by us: every path, type, mode, owner, time, size, link, name and content is the same.</summary>
public sealed class UmociComparisonTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Layers_make_the_same_tree_as_in_umoci()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") Assert.Skip("Only root on Linux can unpack owners and devices.");
        _ = Tool.Text("umoci", "--version");
        using TempFolder folder = new();
        string layout = Path.Join(folder.Path, "layout");
        IReadOnlyList<LayerCase> cases = LayerCases.All;
        TinyLayout.Write(layout, [.. cases.Select(c => c.Tars())]);
        string?[] refusals = new string?[cases.Count];
        await Parallel.ForAsync(0, cases.Count, Stop, (i, _) =>
        {
            try
            {
                Tool.Run("umoci", ["unpack", "--image", $"{layout}:case-{i}", Path.Join(folder.Path, $"bundle-{i}")]);
            }
            catch (InvalidOperationException e)
            {
                refusals[i] = e.Message;
            }

            return ValueTask.CompletedTask;
        });

        KnownDifferences known = new("F3, layers as umoci unpacks them");
        for (int i = 0; i < cases.Count; i++)
            known.Check(cases[i], cases[i].Umoci, Compare(cases[i], refusals[i], Path.Join(folder.Path, $"bundle-{i}", "rootfs")));
        known.Report(atLeast: 100);
    }

    private static string Compare(LayerCase layers, string? refusal, string directory)
    {
        FileTree tree;
        try
        {
            tree = LayerMerging.Merge(layers.Tars());
        }
        catch (OciException e)
        {
            return refusal is null ? "umoci takes it, we say: " + e.Message : "";
        }

        if (refusal is not null) return "we take it, umoci says: " + refusal;
        SortedDictionary<string, string> theirs = FileFacts.OfDirectory(directory);
        return string.Join("; ", FileFacts.Differences(theirs, FileFacts.OfTree(tree)));
    }
}
