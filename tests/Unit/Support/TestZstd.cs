using ZstdSharp;

namespace OciTools.UnitTests.Support;

/// <summary>zstd for tests, with the errors that the contract of inflating names.</summary>
internal static class TestZstd
{
    internal static Stream Inflate(Stream compressed) => new Translating(new DecompressionStream(compressed, leaveOpen: false));

    internal static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        using Compressor compressor = new(3);
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return compressor.Wrap(bytes).ToArray();
    }

    private sealed class Translating(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return inner.Read(buffer, offset, count);
            }
            catch (ZstdException e)
            {
                throw new InvalidDataException(e.Message, e);
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }
            catch (ZstdException e)
            {
                throw new InvalidDataException(e.Message, e);
            }
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
