using OciTools.Adapters;

namespace OciTools.UnitTests.Registry;

public sealed class ZstdTests(ITestOutputHelper output)
{
    private static readonly byte[] s_text = [.. Enumerable.Range(0, 400_000).Select(i => (byte)((i * i) >> 7))];

    private static byte[] Compressed()
    {
        using ZstdSharp.Compressor compressor = new(3);
        return compressor.Wrap(s_text).ToArray();
    }

    private static byte[] Inflate(byte[] frames)
    {
        using Stream stream = new ModuleAdapters().Inflate(new MemoryStream(frames));
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    [Fact]
    public void All_frames_are_inflated()
    {
        byte[] frame = Compressed();
        Assert.Equal(s_text, Inflate(frame));
        Assert.Equal([.. s_text, .. s_text], Inflate([.. frame, .. frame]));
    }

    [Fact]
    public void A_frame_cut_short_is_an_error()
    {
        byte[] frame = Compressed();
        int held = 0;
        for (int i = 0; i < 64; i++)
            if (Record.Exception(() => Inflate(frame[..Math.Max(1, frame.Length * i / 64)])) is InvalidDataException or EndOfStreamException) held++;
        output.WriteLine($"zstd cuts: tried 64, held {held}");
        Assert.Equal(64, held);
    }

    [Fact]
    public void A_window_over_the_limit_is_an_error()
    {
        // RFC 8878, section 3.1.1: magic, descriptor without single segment, window descriptor of exponent 18 (2^28), then one raw block
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 0x09, 0x00, 0x00, 0x41];
        Assert.IsType<InvalidDataException>(Record.Exception(() => Inflate(frame)));
        frame[5] = 17 << 3;
        Assert.Equal("A"u8.ToArray(), Inflate(frame));
    }
}
