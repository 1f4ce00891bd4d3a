using System.Diagnostics;
using OciTools.Commands;

namespace OciTools.UnitTests.Cmdlets;

public sealed class OrderedPumpTests
{
    private readonly Recorder _recorder = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void Results_keep_the_order_of_the_inputs(int throttle)
    {
        using OrderedPump pump = new(_recorder, throttle);
        for (int i = 0; i < 200; i++)
        {
            int number = i;
            pump.Run(number, false, async (item, token) =>
            {
                await Task.Delay(number * 7 % 5, token);
                item.Send(new PipelineMessage.Output($"{number}a"));
                await Task.Yield();
                item.Send(new PipelineMessage.Output($"{number}b"));
            });
        }

        pump.Finish();
        Assert.Equal(Enumerable.Range(0, 200).SelectMany(i => new[] { $"{i}a", $"{i}b" }), _recorder.Outputs);
    }

    [Fact]
    public void No_more_work_runs_at_once_than_the_throttle_allows()
    {
        int running = 0;
        int most = 0;
        using OrderedPump pump = new(_recorder, 4);
        for (int i = 0; i < 60; i++)
        {
            pump.Run(i, false, async (_, token) =>
            {
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                await Task.Delay(3, token);
                Interlocked.Decrement(ref running);
            });
        }

        pump.Finish();
        Assert.Equal(4, most);
    }

    [Fact]
    public void With_a_throttle_of_one_the_results_of_an_input_are_written_before_the_next_is_read()
    {
        using OrderedPump pump = new(_recorder, 1);
        for (int i = 0; i < 20; i++)
        {
            pump.Run(i, false, async (item, token) =>
            {
                await Task.Delay(1, token);
                item.Send(new PipelineMessage.Output("x"));
            });
            Assert.Equal(i + 1, _recorder.Outputs.Count);
        }
    }

    [Fact]
    public void A_failure_keeps_its_place_and_the_others_go_on()
    {
        using OrderedPump pump = new(_recorder, 4);
        for (int i = 0; i < 9; i++)
        {
            int number = i;
            pump.Run(number, false, (item, _) =>
            {
                if (number % 3 == 1) throw new InvalidOperationException($"{number}");
                item.Send(new PipelineMessage.Output($"{number}"));
                return Task.CompletedTask;
            });
        }

        pump.Finish();
        Assert.Equal(["0", "!1", "2", "3", "!4", "5", "6", "!7", "8"], _recorder.Outputs);
    }

    [Fact]
    public void Questions_are_asked_in_the_order_of_the_inputs_and_on_the_pipeline_thread()
    {
        int thread = Environment.CurrentManagedThreadId;
        using OrderedPump pump = new(_recorder, 8);
        for (int i = 0; i < 40; i++)
        {
            int number = i;
            pump.Run(number, true, async (item, token) =>
            {
                await Task.Delay((40 - number) % 6, token);
                bool yes = await item.AskAsync($"{number}", "do", token);
                item.IsPastQuestions = true;
                item.Send(new PipelineMessage.Output($"{number} {yes}"));
            });
        }

        pump.Finish();
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}"), _recorder.Questions);
        Assert.All(_recorder.Threads, t => Assert.Equal(thread, t));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i} {i % 2 == 0}"), _recorder.Outputs);
    }

    [Fact]
    public void The_next_input_is_asked_about_while_the_one_before_it_works()
    {
        TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using OrderedPump pump = new(_recorder, 8);
        pump.Run(0, true, async (item, token) =>
        {
            await item.AskAsync("0", "do", token);
            // until the pipeline thread has looked at the other question in vain, and sleeps
            await Task.Delay(100, token);
            item.IsPastQuestions = true;
            await next.Task.WaitAsync(TimeSpan.FromSeconds(20), token);
            item.Send(new PipelineMessage.Output("0"));
        });
        pump.Run(1, true, async (item, token) =>
        {
            await item.AskAsync("1", "do", token);
            item.IsPastQuestions = true;
            next.SetResult();
            item.Send(new PipelineMessage.Output("1"));
        });
        pump.Finish();
        Assert.Equal(["0", "1"], _recorder.Outputs);
    }

    [Fact]
    public void A_stop_ends_the_work_that_runs_and_the_wait_for_it()
    {
        int ended = 0;
        OrderedPump pump = new(_recorder, 4);
        for (int i = 0; i < 3; i++)
        {
            pump.Run(i, false, async (_, token) =>
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                finally
                {
                    Interlocked.Increment(ref ended);
                }
            });
        }

        using Timer timer = new(_ => pump.Cancel(), null, 50, Timeout.Infinite);
        Assert.ThrowsAny<OperationCanceledException>(() => pump.Finish());
        pump.Dispose();
        Assert.Equal(3, ended);
        Assert.Empty(_recorder.Outputs);
    }

    [Fact]
    public void A_question_that_comes_after_the_stop_does_not_hold_it_up()
    {
        OrderedPump pump = new(_recorder, 4);
        using ManualResetEventSlim stopped = new();
        Task<bool>? answer = null;
        pump.Run(0, true, (item, token) =>
        {
            stopped.Wait(CancellationToken.None);
            return answer = item.AskAsync("1", "do", token);
        });
        pump.Cancel();
        stopped.Set();
        Stopwatch clock = Stopwatch.StartNew();
        pump.Dispose();
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"the stop took {clock.Elapsed}");
        Assert.True(answer!.IsCanceled);
        Assert.Empty(_recorder.Questions);
    }

    [Fact]
    public async Task Every_report_of_progress_has_a_status_since_none_without_can_be_shown()
    {
        PipelineItem item = new("image", () => { });
        ProgressReport progress = new(item, "Exporting");
        progress.Expect(1 << 20);
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        progress.Advance(1 << 20);
        progress.Dispose();
        List<PipelineMessage.Progress> shown = [];
        while (item.TryTake(out PipelineMessage message)) shown.Add((PipelineMessage.Progress)message);
        Assert.Equal([false, true], shown.Select(p => p.Completed));
        Assert.All(shown, p => Assert.NotEqual("", DisplayText.Excerpt(p.Status)));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while (value > (seen = Volatile.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    private sealed class Recorder : IPipelineWriter
    {
        internal List<string> Outputs { get; } = [];

        internal List<string> Questions { get; } = [];

        internal List<int> Threads { get; } = [];

        public void Write(PipelineMessage message) => Outputs.Add(message switch
        {
            PipelineMessage.Output output => (string)output.Value,
            PipelineMessage.Failure failure => "!" + failure.Exception.Message,
            _ => "?",
        });

        public bool Ask(PipelineQuestion question)
        {
            Threads.Add(Environment.CurrentManagedThreadId);
            Questions.Add(question.Target);
            return int.Parse(question.Target, System.Globalization.CultureInfo.InvariantCulture) % 2 == 0;
        }
    }
}
