using OciTools.Commands;
using OciTools.Operations;

namespace OciTools.UnitTests.Cmdlets;

public sealed class ProgressReportTests
{
    [Fact]
    public async Task What_takes_over_a_second_is_shown_with_its_parts_and_completed()
    {
        PipelineItem item = new("x", () => { });
        using (ProgressReport report = new(item, "Copying x"))
        {
            report.Expect(4 << 20);
            using IPartProgress part = report.StartPart("layer", 4 << 20);
            report.Advance(1 << 20);
            part.Advance(1 << 20);
            Assert.Empty(Taken(item));
            await Task.Delay(1100, TestContext.Current.CancellationToken);
            report.Advance(1 << 20);
            part.Advance(1 << 20);
            report.Advance(1 << 20);
            part.Advance(1 << 20);
        }

        List<PipelineMessage.Progress> shown = Taken(item);
        Assert.Equal(["Copying x", "layer", "layer", "Copying x"], shown.Select(p => p.Title));
        Assert.Equal(["2 of 4 MiB", "2 of 4 MiB", "Done", "Done"], shown.Select(p => p.Status));
        Assert.Equal([50, 50, 100, 100], shown.Select(p => p.Percent));
        Assert.Equal([false, false, true, true], shown.Select(p => p.Completed));
        Assert.Equal([-1, shown[0].Activity, shown[0].Activity, -1], shown.Select(p => p.Parent));
    }

    private static List<PipelineMessage.Progress> Taken(PipelineItem item)
    {
        List<PipelineMessage.Progress> taken = [];
        while (item.TryTake(out PipelineMessage message)) taken.Add((PipelineMessage.Progress)message);
        return taken;
    }
}
