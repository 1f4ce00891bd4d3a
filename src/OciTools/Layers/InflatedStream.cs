using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace OciTools.Layers;

/// <summary>
/// Inflates gzip members or zstd frames to the very end of the stored bytes, and fails if they are cut anywhere or followed by anything else.
/// </summary>
/// <remarks>
/// <see cref="GZipStream"/> takes a stream that was cut short for its end and ignores what follows the last member. So one more member
/// is added behind the stored bytes, whose content nobody can foresee: only if every member before it was complete does the inflated
/// stream end with that content. The length of the member's header is random too, or a stream that ends within a header
/// that claims to be longer could swallow it and join on.
/// </remarks>
internal sealed class InflatedStream : TailHoldingStream
{
    private const int MarkerLength = 32;

    private readonly StoredStream _stored;
    private readonly string _compression;
    private readonly string _what;
    private readonly byte[] _marker;
    private long _count;

    private InflatedStream(Stream inflated, StoredStream stored, string compression, string what, byte[] marker) : base(inflated, marker.Length)
    {
        _stored = stored;
        _compression = compression;
        _what = what;
        _marker = marker;
    }

    /// <summary>The most bytes to inflate; null for the rule of <see cref="Limits.InflatedFloor"/> and <see cref="Limits.InflatedRatio"/>.</summary>
    internal long? MaximumSize { get; set; }

    /// <summary>Opens what the first bytes say it is; content that is not compressed comes back as it is.</summary>
    /// <param name="stored">The bytes as they lie; closed with the result.</param>
    /// <param name="compression">One of the names of <see cref="LayerCompression"/>.</param>
    /// <param name="inflateZstd">Inflates zstd.</param>
    /// <param name="what">What is read and where it lies, for messages.</param>
    internal static Stream Open(StoredStream stored, string compression, Func<Stream, Stream> inflateZstd, string what)
    {
        switch (compression)
        {
            case LayerCompression.Gzip:
                byte[] marker = RandomNumberGenerator.GetBytes(MarkerLength);
                stored.AddTrailer(MarkerMember(marker));
                return new InflatedStream(new GZipStream(stored, CompressionMode.Decompress), stored, compression, what, marker);
            case LayerCompression.Zstd:
                return new InflatedStream(inflateZstd(stored), stored, compression, what, []);
            default:
                return stored;
        }
    }

    private protected override void Observe(ReadOnlySpan<byte> bytes)
    {
        _count += bytes.Length;
        if (MaximumSize is { } most ? _count - _marker.Length <= most : _count <= Limits.InflatedFloor) return;
        if (MaximumSize is null && _count / Limits.InflatedRatio <= _stored.SizeOrCount) return;
        throw ErrorCatalogue.TooLarge.Error(
            $"{_what} inflates to more than {_count - bytes.Length} bytes, out of {_stored.SizeOrCount} compressed ones.",
            recommendation: "Content that is so compressible is often made to fill a disk; allow its size with -MaximumSize if you trust it.");
    }

    private protected override int Finish(ReadOnlySpan<byte> held)
    {
        if (!held.SequenceEqual(_marker) || !IsDrained())
            throw ErrorCatalogue.MalformedContent.Error(
                $"{_what} is cut short, or followed by bytes that are not {_compression} (after {_stored.Count} compressed bytes).");
        return 0;
    }

    private protected override OciException? Translate(Exception error) => error is InvalidDataException or EndOfStreamException
        ? ErrorCatalogue.MalformedContent.Error($"{_what} is not valid {_compression}, near compressed byte {_stored.Count}: {DisplayText.Excerpt(error.Message, 100)}", error)
        : null;

    private bool IsDrained()
    {
        if (_stored.AtEnd) return true;
        Span<byte> probe = stackalloc byte[1];
        return _stored.Read(probe) == 0;
    }

    // RFC 1952: header with an extra field, one stored block of deflate (RFC 1951, 3.2.4), CRC, length
    private static byte[] MarkerMember(ReadOnlySpan<byte> marker)
    {
        int extra = RandomNumberGenerator.GetInt32(1, 4096);
        byte[] member = new byte[12 + extra + 5 + marker.Length + 8];
        Span<byte> rest = member;
        ((ReadOnlySpan<byte>)[0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF]).CopyTo(rest);
        BinaryPrimitives.WriteUInt16LittleEndian(rest[10..], (ushort)extra);
        RandomNumberGenerator.Fill(rest.Slice(12, extra));
        rest = rest[(12 + extra)..];
        rest[0] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(rest[1..], (ushort)marker.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(rest[3..], (ushort)~marker.Length);
        marker.CopyTo(rest[5..]);
        rest = rest[(5 + marker.Length)..];
        BinaryPrimitives.WriteUInt32LittleEndian(rest, Crc32(marker));
        BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], (uint)marker.Length);
        return member;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
