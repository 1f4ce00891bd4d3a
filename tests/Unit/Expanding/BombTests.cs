using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using OciTools.Adapters;
using OciTools.Operations;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>Images that are small and want to be large stop at the limits, with no more on the disk than those allow and nothing in the end.</summary>
public sealed class BombTests
{
    private const string Gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    private const string Zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    private const int MiB = 1 << 20;
    private const long Cap = 16 * MiB;

    // the digest of nothing that is ever read to its end
    private static readonly string s_unknown = "sha256:" + new string('0', 64);

    [Fact]
    public async Task Bombs_stop_at_the_limit_and_leave_nothing()
    {
        using MountedFolder disk = MountedFolder.Memory(Cap + (2 * MiB));
        Figure figure = new("A6");
        foreach (Bomb bomb in Bombs()) await ExplodeAsync(figure, disk, bomb);
        figure.Report(12);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Bombs_stop_at_the_limits_that_nobody_has_set()
    {
        using MountedFolder disk = MountedFolder.Memory(1200L * MiB);
        Figure figure = new("A6, limits of their own");
        await ExplodeAsync(figure, disk, new("2 GiB of zeros, gzip", Zeros(2L << 30, Compress), Gzip, "TooLarge", null, 60));
        await ExplodeAsync(figure, disk, new("2 GiB of zeros, zstd", Zeros(2L << 30, CompressZstd), Zstd, "TooLarge", null, 60));
        await ExplodeAsync(figure, disk, new("five million entries and some", Entries(5_010_000), Gzip, "TooLarge", null, 300, "entries"));
        byte[] implied = Implied();
        await ExplodeAsync(figure, disk, new("directories that nothing stands for", TestGzip.Compress(implied), Gzip, "TooLarge", null, 60, "directories", implied));
        await ExplodeAsync(figure, disk, new("attributes of 600 MiB", Attributes(), Gzip, "TooLarge", null, 60, "attributes"));
        figure.Report(5);
    }

    [Fact]
    public async Task What_is_large_only_by_its_looks_comes_out_and_can_be_removed()
    {
        using MountedFolder disk = MountedFolder.Memory(Cap + (2 * MiB));
        Expansion expansion = new(disk.Path);
        string deep = string.Concat(Enumerable.Repeat("d/", 10_000));
        await expansion.RunAsync(new LayeredImage([Long('L', deep + "f").File("x", "deep").End()]), reading: LayeredImage.Reading with { MaximumSize = Cap });
        Assert.Equal("10001", Tool.Text("sh", "-c", "find \"$1\" -type d | wc -l", "sh", expansion.Path).Trim());
        OciTools.FileTrees.Expanding.LocalFolder.Remove(expansion.Path);

        foreach (string size in new[] { "1099511627776", "9223372036854775807" })
        {
            await expansion.RunAsync(new LayeredImage([Sparse(size, $"1\n{size}\n0\n")]));
            Assert.Equal($"{size} 0", Tool.Text("stat", "-c", "%s %b", expansion.Path + "/holes").Trim());
            OciTools.FileTrees.Expanding.LocalFolder.Remove(expansion.Path);
        }
    }

    private static IEnumerable<Bomb> Bombs()
    {
        yield return new("zeros, gzip", Zeros(64 * MiB, Compress), Gzip, "TooLarge");
        yield return new("zeros, zstd", Zeros(64 * MiB, CompressZstd), Zstd, "TooLarge");
        yield return new("zeros, many members of gzip", [.. Compress(Header(64 * MiB)), .. Enumerable.Repeat(Compress(new byte[128 * 1024]), 512).SelectMany(b => b)], Gzip, "TooLarge");
        yield return new("zeros, many frames of zstd", [.. CompressZstd(Header(64 * MiB)), .. Enumerable.Repeat(CompressZstd(new byte[128 * 1024]), 512).SelectMany(b => b)], Zstd, "TooLarge");
        yield return new("zeros behind the end of the tar", Compress([.. new TarBytes().File("a", "x").End(), .. new byte[64 * MiB]]), Gzip, "TooLarge");
        yield return new("zeros, not compressed", new TarBytes().File("zeros", new byte[17 * MiB]).End(), MediaTypes.OciLayer, "TooLarge");
        byte[] inner = Zeros(64 * MiB, Compress);
        yield return new("gzip in gzip, of zeros", Compress(inner), Gzip, "MalformedContent", Tar: inner);
        yield return new("gzip in gzip in gzip, of zeros", Compress(Compress(inner)), Gzip, "MalformedContent", Tar: Compress(inner));
        // RFC 8878, section 3.1.1: magic, descriptor without single segment, window descriptor of exponent 21 (2^31), then one raw block
        yield return new("zstd with a window of 2 GiB", [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 0x09, 0x00, 0x00, 0x41], Zstd, "MalformedContent");
        yield return new("entries without end", Compress([.. Enumerable.Repeat(Empty(), 40_000).SelectMany(b => b)]), Gzip, "TooLarge");
        yield return new("a depth of ten thousand", Long('L', string.Concat(Enumerable.Repeat("d/", 10_000)) + "f").File("x", "").End(), MediaTypes.OciLayer, "TooLarge", null);
        yield return new("a link of ten thousand segments", Long('K', string.Concat(Enumerable.Repeat("d/", 10_000))).Symlink("x", "").End(), MediaTypes.OciLayer, "MalformedContent", null);
        yield return new("a file of 1 TiB that is not there", new TarBytes().Entry("a", [], size: TarBytes.Base256(1L << 40)).End(), MediaTypes.OciLayer, "MalformedContent", null);
        yield return new("PAX records of 1 GiB", Zeros(1L << 30, Compress, 'x', 64 * MiB), Gzip, "TooLarge", null);
        yield return new("a GNU name of 1 GiB", Zeros(1L << 30, Compress, 'L', 64 * MiB), Gzip, "TooLarge", null);
        yield return new("PAX records of a little over 1 MiB", new TarBytes().Pax(("comment", new string('x', MiB))).File("a", "").End(), MediaTypes.OciLayer, "TooLarge", null);
        yield return new("metadata without end", new TarBytes().Raw([.. Enumerable.Repeat(new TarBytes().Pax(("comment", "x")).End(0), 1000).SelectMany(b => b)]).File("a", "").End(), MediaTypes.OciLayer, "MalformedContent", null);
        yield return new("300 attributes", new TarBytes().Pax([.. Enumerable.Range(0, 300).Select(i => ($"SCHILY.xattr.user.a{i}", "x"))]).File("a", "").End(), MediaTypes.OciLayer, "TooLarge", null);
        yield return new("a million pieces and one", Sparse("1000001", "1000001\n" + string.Concat(Enumerable.Range(0, 1_000_001).Select(i => $"{i}\n0\n"))), MediaTypes.OciLayer, "TooLarge", null);
        yield return new("300 links in a chain", Chain(), MediaTypes.OciLayer, "MalformedContent", null);
        yield return new("links that double the way", Doubling(), MediaTypes.OciLayer, "MalformedContent", null);
        yield return new("more than the disk has", Compress(new TarBytes().File("a", new byte[24 * MiB]).End()), Gzip, "WriteFailed", null);
    }

    private static async Task ExplodeAsync(Figure figure, MountedFolder disk, Bomb bomb)
    {
        long free = new DriveInfo(disk.Path).AvailableFreeSpace;
        LayeredImage image = new([(bomb.Stored, bomb.MediaType)], [bomb.Tar is { } tar ? Tool.Sha256(tar) : bomb.MediaType == MediaTypes.OciLayer ? Tool.Sha256(bomb.Stored) : s_unknown]);
        LayerReading reading = LayeredImage.Reading with { InflateZstd = new ModuleAdapters().Inflate, MaximumSize = bomb.MaximumSize };
        long start = Stopwatch.GetTimestamp();
        string? wrong = "taken";
        try
        {
            await new Expansion(disk.Path).RunAsync(image, reading: reading);
        }
        catch (OciException e)
        {
            wrong = e.ErrorId == bomb.ErrorId && e.Message.Contains(bomb.Reason, StringComparison.Ordinal) ? null : $"{e.ErrorId}: {e.Message}";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            wrong = e.ToString();
        }

        TimeSpan time = Stopwatch.GetElapsedTime(start);
        if (time > TimeSpan.FromSeconds(bomb.Seconds)) wrong = $"{wrong} and took {time}";
        string[] left = Expansion.FindIn(disk.Path, "%P")[1..];
        long lost = free - new DriveInfo(disk.Path).AvailableFreeSpace;
        if (left.Length > 0 || lost != 0) wrong = $"{wrong} and left {string.Join(", ", left)} and {lost} bytes";
        figure.Check(bomb.Name, wrong is null, wrong);
    }

    // one entry of so many zeros, of which so many are there
    private static byte[] Zeros(long size, Func<Action<Stream>, byte[]> compress, char type = '0', long? there = null) => compress(stream =>
    {
        stream.Write(Header(size, type));
        byte[] zeros = new byte[MiB];
        for (long written = 0; written < (there ?? size); written += MiB) stream.Write(zeros);
    });

    private static byte[] Entries(int count) => Compress(stream =>
    {
        // links, which wait until all layers are read, with names that do not compress well: nothing but their number is too large
        Random random = new(3);
        byte[] name = new byte[60];
        for (int i = 0; i < count; i++)
        {
            byte[] header = Empty('2');
            random.NextBytes(name);
            Encoding.ASCII.GetBytes($"{i}-{Convert.ToBase64String(name).Replace('/', '_')}").AsSpan(0, 80).CopyTo(header);
            TarBytes.FixChecksum(header);
            stream.Write(header);
        }
    });

    // a few megabytes of names that would take gigabytes as nodes of a tree
    private static byte[] Implied()
    {
        string deep = string.Concat(Enumerable.Repeat("/d", 2000));
        TarBytes tar = new();
        for (int i = 0; i < 4000; i++) tar.Entry("././@LongLink", [.. Encoding.ASCII.GetBytes($"{i}{deep}"), 0], 'L').Raw(Empty());
        return tar.End();
    }

    private static byte[] Attributes() => Compress(stream =>
    {
        byte[] entry = new TarBytes().Pax(("SCHILY.xattr.user.a", new string('x', 1_000_000))).Raw(Empty()).End(0);
        for (int i = 0; i < 700; i++) stream.Write(entry);
        stream.Write(new byte[1024]);
    });

    private static byte[] Header(long size, char type = '0') => new TarBytes().Entry("zeros", [], type, size: TarBytes.Octal(size)).End(0);

    private static byte[] Empty(char type = '0') => new TarBytes().Entry("a", [], type, type == '2' ? "b" : "").End(0);

    private static TarBytes Long(char type, string text) => new TarBytes().Entry("././@LongLink", [.. Encoding.ASCII.GetBytes(text), 0], type);

    private static byte[] Sparse(string size, string map)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(map);
        Array.Resize(ref bytes, (bytes.Length + 511) / 512 * 512);
        return new TarBytes().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "holes"), ("GNU.sparse.realsize", size)).Entry("GNUSparseFile.0/holes", bytes).End();
    }

    private static byte[] Chain()
    {
        TarBytes tar = new();
        for (int i = 0; i < 300; i++) tar.Symlink($"l{i}", $"l{i + 1}");
        return tar.Directory("l300").File("l0/f", "").End();
    }

    private static byte[] Doubling()
    {
        TarBytes tar = new();
        for (int i = 0; i < 60; i++) tar.Symlink($"l{i}", $"l{i + 1}/../l{i + 1}");
        return tar.Directory("l60").File("l0/f", "").End();
    }

    private static byte[] Compress(byte[] bytes) => Compress(stream => stream.Write(bytes));

    private static byte[] Compress(Action<Stream> write)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Optimal, leaveOpen: true)) write(gzip);
        return compressed.ToArray();
    }

    private static byte[] CompressZstd(byte[] bytes) => CompressZstd(stream => stream.Write(bytes));

    private static byte[] CompressZstd(Action<Stream> write)
    {
        using MemoryStream compressed = new();
        using (ZstdSharp.CompressionStream zstd = new(compressed, 3, leaveOpen: true)) write(zstd);
        return compressed.ToArray();
    }

    /// <summary>A layer that wants to be large.</summary>
    /// <param name="Name">What it is.</param>
    /// <param name="Stored">Its bytes.</param>
    /// <param name="MediaType">Its media type.</param>
    /// <param name="ErrorId">The error that it must end with.</param>
    /// <param name="MaximumSize">What the user allows; null for nothing special.</param>
    /// <param name="Seconds">How long that may take.</param>
    /// <param name="Reason">What the message must name.</param>
    /// <param name="Tar">What the blob inflates to; null where that is never known.</param>
    private sealed record Bomb(string Name, byte[] Stored, string MediaType, string ErrorId, long? MaximumSize = Cap, int Seconds = 10, string Reason = "", byte[]? Tar = null);
}
