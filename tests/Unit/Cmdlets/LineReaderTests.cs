using OciTools.Commands;

namespace OciTools.UnitTests.Cmdlets;

public sealed class LineReaderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_are_those_of_NET()
    {
        const string Letters = "a\r\n";
        int tried = 0;
        for (int number = 0; number < Math.Pow(Letters.Length, 7); number++)
        {
            string text = "";
            for (int rest = number; rest > 0; rest /= Letters.Length) text += Letters[rest % Letters.Length];
            foreach (int piece in (int[])[1, 2, 100])
            {
                LineReader lines = new(new PieceReader(text, piece), 100, "The text");
                using StringReader expected = new(text);
                for (string? line = ""; line is not null;)
                {
                    line = await expected.ReadLineAsync(Stop);
                    Assert.Equal(line, await lines.ReadAsync(Stop));
                }

                tried++;
            }
        }

        Assert.Equal(3 * 2187, tried);
    }

    [Fact]
    public async Task A_line_without_an_end_ends_with_an_error()
    {
        const long Most = 1_000_000;
        using EndlessReader endless = new();
        RefusedException error = await Assert.ThrowsAsync<RefusedException>(async () => await new LineReader(endless, Most, "The text").ReadAsync(Stop));
        Assert.Equal("TooLarge", error.ErrorId);
        Assert.InRange(endless.Given, Most, 2 * Most);
    }

    // gives so many characters at a time
    private sealed class PieceReader(string text, int piece) : TextReader
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            int count = Math.Min(piece, text.Length - _at);
            text.AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return new ValueTask<int>(count);
        }
    }

    private sealed class EndlessReader : TextReader
    {
        internal long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill('x');
            Given += buffer.Length;
            return new ValueTask<int>(buffer.Length);
        }
    }
}
