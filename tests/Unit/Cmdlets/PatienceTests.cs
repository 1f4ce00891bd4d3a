using System.Diagnostics;
using OciTools.Completion;

namespace OciTools.UnitTests.Cmdlets;

public sealed class PatienceTests
{
    [Fact]
    public void What_answers_is_given_and_what_fails_gives_nothing()
    {
        Assert.Equal(["a", "b"], new Patience().Ask<string>(_ => Task.FromResult<IReadOnlyList<string>>(["a", "b"])));
        Assert.Empty(new Patience().Ask<string>(_ => throw new InvalidOperationException()));
        Assert.Empty(new Patience().Ask<string>(_ => Task.FromException<IReadOnlyList<string>>(new InvalidOperationException())));
    }

    [Fact]
    public void All_that_does_not_answer_is_waited_for_once_and_told_to_stop()
    {
        Patience patience = new();
        using CountdownEvent running = new(1);
        int started = 0;
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 0; i < 20; i++)
        {
            Assert.Empty(patience.Ask<string>(async token =>
            {
                Interlocked.Increment(ref started);
                running.AddCount();
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                    return ["never"];
                }
                finally
                {
                    running.Signal();
                }
            }));
        }

        // 20 times a fifth of a second would be four seconds
        Assert.InRange(watch.ElapsedMilliseconds, 150, 2000);
        running.Signal();
        Assert.True(running.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.InRange(started, 1, 19);
    }
}
