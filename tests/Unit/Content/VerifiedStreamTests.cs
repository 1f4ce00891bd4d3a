using System.Text;

namespace OciTools.UnitTests.Content;

public sealed class VerifiedStreamTests
{
    private static readonly byte[] s_bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("0123456789", 1000)));

    public static TheoryData<int, int, int, bool, bool> Shapes()
    {
        TheoryData<int, int, int, bool, bool> data = [];
        foreach (int length in new[] { 0, 1, 2, 3, 10_000 })
            foreach (int inner in new[] { 1, 7, 4096 })
                foreach (int outer in new[] { 1, 2, 5000, 20_000 })
                    foreach (bool known in new[] { true, false })
                        foreach (bool async in new[] { true, false })
                            data.Add(length, inner, outer, known, async);
        return data;
    }

    public static TheoryData<int, int, int, bool> Sized()
    {
        TheoryData<int, int, int, bool> data = [];
        foreach (var shape in Shapes())
            if (shape.Data.Item4) data.Add(shape.Data.Item1, shape.Data.Item2, shape.Data.Item3, shape.Data.Item5);
        return data;
    }

    [Theory, MemberData(nameof(Shapes))]
    public async Task Right_content_comes_through_whole_and_proved(int length, int inner, int outer, bool known, bool async)
    {
        byte[] content = s_bytes[..length];
        using VerifiedStream stream = Open(content, Digest.Compute(content), known ? length : -1, inner);
        (byte[] got, OciException? error) = await Drain(stream, outer, async);
        Assert.Null(error);
        Assert.Equal(content, got);
        Assert.Equal(length, stream.Position);
        Assert.Equal(0, stream.Read(new byte[5]));
    }

    [Theory, MemberData(nameof(Shapes))]
    public async Task The_last_byte_of_wrong_content_never_comes_out(int length, int inner, int outer, bool known, bool async)
    {
        byte[] content = s_bytes[..length];
        using VerifiedStream stream = Open(content, Digest.Compute("other"u8), known ? length : -1, inner);
        (byte[] got, OciException? error) = await Drain(stream, outer, async);
        Assert.Equal("DigestMismatch", Assert.IsType<IntegrityException>(error).ErrorId);
        Assert.True(got.Length < Math.Max(length, 1));
        Assert.Throws<IntegrityException>(() => stream.Read(new byte[5]));
    }

    [Theory, MemberData(nameof(Sized))]
    public async Task Content_that_is_longer_or_shorter_is_refused_for_good(int length, int inner, int outer, bool async)
    {
        byte[] content = s_bytes[..length];
        foreach (int difference in new[] { -1, 1, 2 })
        {
            if (length + difference < 0) continue;
            using VerifiedStream stream = Open(s_bytes.Concat(s_bytes).Take(length + difference).ToArray(), Digest.Compute(content), length, inner);
            (byte[] got, OciException? error) = await Drain(stream, outer, async);
            Assert.Equal("SizeMismatch", Assert.IsType<IntegrityException>(error).ErrorId);
            Assert.True(got.Length < Math.Max(length, 1));
            for (int i = 0; i < 3; i++) Assert.Throws<IntegrityException>(() => stream.Read(new byte[5]));
        }
    }

    [Theory]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public async Task The_digest_is_checked_by_its_own_algorithm(string algorithm)
    {
        using VerifiedStream stream = Open(s_bytes, Digest.Compute(s_bytes, algorithm), s_bytes.Length, 100);
        (byte[] got, OciException? error) = await Drain(stream, 999, true);
        Assert.Null(error);
        Assert.Equal(s_bytes, got);
    }

    [Theory]
    [InlineData(0, 10, true)]
    [InlineData(10, 10, true)]
    [InlineData(11, 10, false)]
    [InlineData(100_000, 10, false)]
    [InlineData(200_000, 200_000, true)]
    public async Task A_document_is_read_up_to_its_limit(int length, int limit, bool passes)
    {
        using ChunkedStream stream = new(new byte[length], 1000);
        if (passes) Assert.Equal(length, (await BoundedReading.ReadAllAsync(stream, limit, "x", TestContext.Current.CancellationToken)).Length);
        else Assert.Equal("TooLarge", (await Assert.ThrowsAsync<RefusedException>(() => BoundedReading.ReadAllAsync(stream, limit, "x", TestContext.Current.CancellationToken))).ErrorId);
    }

    private static VerifiedStream Open(byte[] content, Digest digest, long size, int chunk) =>
        new(new ChunkedStream(content, chunk), new Descriptor("text/plain", digest, size), "The content");

    private static async Task<(byte[] Got, OciException? Error)> Drain(VerifiedStream stream, int block, bool async)
    {
        using MemoryStream got = new();
        byte[] buffer = new byte[block];
        try
        {
            while (true)
            {
                int count = async ? await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) : stream.Read(buffer);
                if (count == 0) return (got.ToArray(), null);
                got.Write(buffer, 0, count);
            }
        }
        catch (OciException e)
        {
            return (got.ToArray(), e);
        }
    }

    private sealed class ChunkedStream(byte[] content, int chunk) : MemoryStream(content, false)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(chunk, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(chunk, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
