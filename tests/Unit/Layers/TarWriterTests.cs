using System.Text;
using OciTools.Layers.Tar;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

public sealed class TarWriterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_alike_by_GNU_tar_and_by_the_own_reader()
    {
        List<TarHeader> input = [.. Entries()];
        byte[] tar = Write(input);
        List<TarHeader> read = await TarListing.ReadAsync(tar, Token);
        Assert.Equal(TarListing.Own(input), TarListing.Own(read));
        Assert.Equal(input.Select(Rest), read.Select(Rest));

        using TempFolder folder = new();
        folder.Write("a.tar", tar);
        Assert.Equal(TarListing.Own(input), TarListing.Gnu(folder.Path)["a.tar"]);
    }

    internal static byte[] Write(IEnumerable<TarHeader> headers)
    {
        MemoryStream output = new();
        using TarWriter writer = new(output);
        foreach (TarHeader header in headers)
        {
            writer.WriteHeader(header);
            writer.WriteData(Content(header.Size));
            writer.EndEntry();
        }

        writer.End();
        Assert.Equal(writer.Position, output.Length);
        return output.ToArray();
    }

    private static byte[] Content(long size)
    {
        byte[] content = new byte[size];
        for (int i = 0; i < content.Length; i++) content[i] = (byte)((i * 31) + (i >> 9));
        return content;
    }

    private static string Rest(TarHeader header)
    {
        string attributes = string.Join(";", header.Attributes.Concat(header.PlatformRecords).Select(a => Convert.ToHexString(a.Name.Span) + "=" + Convert.ToHexString(a.Value.Span)));
        return $"{header.Size} {string.Join(";", header.Segments)} {Convert.ToHexString(header.RawUserName.Span)} {Convert.ToHexString(header.RawGroupName.Span)} {attributes}";
    }

    private static IEnumerable<TarHeader> Entries()
    {
        TarHeader file = new() { Kind = TarEntryKind.File, RawName = "file"u8.ToArray(), Mode = 420, ModifiedSeconds = 1_700_000_000 };
        yield return file;
        foreach (int length in (int[])[1, 99, 100, 101, 150, 155, 156, 200, 255, 256, 257, 300, 4000])
        {
            byte[] name = Encoding.ASCII.GetBytes(new string('n', length));
            yield return file with { RawName = name, Size = length };
            byte[] deep = [.. name];
            for (int i = 9; i < deep.Length - 1; i += 10) deep[i] = (byte)'/';
            yield return file with { RawName = deep };
            yield return file with { Kind = TarEntryKind.SymbolicLink, RawLink = name };
            yield return file with { Kind = TarEntryKind.HardLink, RawLink = deep };
            yield return file with { Kind = TarEntryKind.Directory, RawName = (byte[])[.. deep, (byte)'/'], Mode = 493 };
        }

        foreach (byte[] name in (byte[][])[[0xFF, 0xFE], Encoding.UTF8.GetBytes("caf\u00E9"), "a\nb"u8.ToArray(), "a=b"u8.ToArray(), " a "u8.ToArray(), [.. "x/"u8, 0x80]])
        {
            yield return file with { RawName = name, RawUserName = name, RawGroupName = name };
            yield return file with { Kind = TarEntryKind.SymbolicLink, RawName = name, RawLink = name };
            yield return file with { Attributes = [new TarAttribute(name, name), new TarAttribute("user.x"u8.ToArray(), new byte[300])] };
        }

        yield return file with { PlatformRecords = [new TarAttribute("MSWINDOWS.fileattr"u8.ToArray(), "32"u8.ToArray()), new TarAttribute("LIBARCHIVE.creationtime"u8.ToArray(), "1.5"u8.ToArray())] };
        foreach (int mode in (int[])[0, 0xFFF, 0x800, 0x400, 0x200, 0x1FF]) yield return file with { Mode = mode };
        foreach (uint id in (uint[])[0, 1, 2097151, 2097152, int.MaxValue, uint.MaxValue]) yield return file with { UserId = id, GroupId = uint.MaxValue - id };
        foreach (long seconds in (long[])[0, -1, -86400, 0x1_FFFF_FFFF, 0x2_0000_0000, -62135596800, 253402300800, 4_000_000_000_000])
            foreach (int nanoseconds in (int[])[0, 1, 500_000_000, 999_999_999, 120_000_000])
                yield return file with { ModifiedSeconds = seconds, ModifiedNanoseconds = nanoseconds };
        foreach ((uint major, uint minor) in ((uint, uint)[])[(0, 0), (1, 3), (4095, 1048575), (2097151, 2097152), (0xFFFFF, 0xFFFFFF)])
        {
            yield return file with { Kind = TarEntryKind.CharacterDevice, DeviceMajor = major, DeviceMinor = minor };
            yield return file with { Kind = TarEntryKind.BlockDevice, DeviceMajor = major, DeviceMinor = minor };
        }

        yield return file with { Kind = TarEntryKind.Fifo };
        foreach (int size in (int[])[1, 511, 512, 513, 200_000]) yield return file with { Size = size };
        yield return file with { IsSparse = true, RealSize = 0 };
        yield return file with { IsSparse = true, RealSize = 1L << 40 };
        yield return file with { IsSparse = true, RealSize = 5000, Size = 1024 + 5, Segments = [new SparseSegment(512, 512), new SparseSegment(2048, 512), new SparseSegment(4995, 5)] };
        yield return file with
        {
            RawName = Encoding.ASCII.GetBytes(new string('s', 300)), IsSparse = true, RealSize = 1L << 33, Size = 512 * 200,
            Segments = [.. Enumerable.Range(0, 200).Select(i => new SparseSegment(i * 4096L, 512))],
        };
    }
}
