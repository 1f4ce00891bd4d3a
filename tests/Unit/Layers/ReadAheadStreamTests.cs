using OciTools.Layers;

namespace OciTools.UnitTests.Layers;

public sealed class ReadAheadStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_gives_the_bytes_of_the_inner_stream_in_order()
    {
        byte[] bytes = new byte[1_000_003];
        new Random(3).NextBytes(bytes);
        foreach (int step in new[] { 1000, 131_072, 500_000 })
        {
            await using ReadAheadStream ahead = new(new MemoryStream(bytes));
            MemoryStream read = new();
            byte[] buffer = new byte[step];
            int count;
            while ((count = await ahead.ReadAsync(buffer, Token)) > 0) read.Write(buffer, 0, count);
            Assert.Equal(bytes, read.ToArray());
            Assert.Equal(0, await ahead.ReadAsync(buffer, Token));
        }
    }

    [Fact]
    public async Task Nothing_is_read_before_the_first_byte_is_asked_for_and_then_a_few_blocks_only()
    {
        ScriptedStream inner = new();
        await using ReadAheadStream ahead = new(inner);
        await Task.Delay(50, Token);
        Assert.Equal(0, inner.Given);
        await ahead.ReadExactlyAsync(new byte[1], Token);
        await Task.Delay(100, Token);
        Assert.InRange(inner.Given, 1, 1024 * 1024);
    }

    [Fact]
    public async Task A_failure_is_thrown_as_it_is_and_again_at_every_later_read()
    {
        InvalidDataException failure = new("broken");
        ScriptedStream inner = new() { Limit = 300_000, AtLimit = _ => throw failure };
        await using ReadAheadStream ahead = new(inner);
        await ahead.ReadExactlyAsync(new byte[262_144], Token);
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidDataException>(async () => await ahead.ReadExactlyAsync(new byte[1], Token)));
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidDataException>(async () => await ahead.ReadExactlyAsync(new byte[1], Token)));
    }

    [Fact]
    public async Task Closing_ends_a_read_that_waits_and_closes_the_inner_stream_after_it()
    {
        ScriptedStream inner = new() { Limit = 10, AtLimit = token => Task.Delay(Timeout.Infinite, token) };
        ReadAheadStream ahead = new(inner);
        Task<int> waiting = ahead.ReadAsync(new byte[1], Token).AsTask();
        await inner.IsWaiting.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await ahead.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal("ended, closed", inner.Events);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await ahead.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ahead.ReadExactlyAsync(new byte[1], Token));
    }

    [Fact]
    public async Task A_cancelled_read_leaves_the_stream_to_be_closed()
    {
        ScriptedStream inner = new() { Limit = 10, AtLimit = token => Task.Delay(Timeout.Infinite, token) };
        using CancellationTokenSource stop = new();
        ReadAheadStream ahead = new(inner);
        Task<int> waiting = ahead.ReadAsync(new byte[1], stop.Token).AsTask();
        await inner.IsWaiting.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(10), Token));
        await ahead.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal("ended, closed", inner.Events);
    }

    // Zeros without end, or until something happens.
    private sealed class ScriptedStream : Stream
    {
        private long _given;

        internal long Limit { get; init; } = long.MaxValue;

        internal Func<CancellationToken, Task> AtLimit { get; init; } = _ => Task.CompletedTask;

        internal long Given => Volatile.Read(ref _given);

        internal string Events { get; private set; } = "";

        internal TaskCompletionSource IsWaiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = (int)Math.Min(buffer.Length, Limit - _given);
            if (count == 0)
            {
                IsWaiting.TrySetResult();
                try
                {
                    await AtLimit(cancellationToken);
                }
                finally
                {
                    Events += "ended";
                }
            }

            Volatile.Write(ref _given, _given + count);
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            Events += ", closed";
            base.Dispose(disposing);
        }
    }
}
