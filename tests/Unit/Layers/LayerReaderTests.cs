using System.IO.Compression;
using OciTools.Layers;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

public sealed class LayerReaderTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Compressions => ["none", "gzip", "zstd"];

    [Theory]
    [MemberData(nameof(Compressions))]
    public async Task A_layer_of_a_real_tar_gives_its_bytes_sizes_and_diff_id(string compression)
    {
        byte[] tar = RealTar();
        byte[] stored = compression == "none" ? tar : Tool.Run(compression, ["-c"], tar);
        string diffId = Tool.Sha256(tar);
        await using LayerReader reader = await OpenAsync(stored, null, Digest.Parse(diffId));
        MemoryStream content = new();
        await reader.Content.CopyToAsync(content, Token);

        Assert.Equal(tar, content.ToArray());
        Assert.Equal(compression, reader.Compression);
        Assert.Equal(diffId, reader.DiffId!.ToString());
        Assert.Equal(stored.Length, reader.StoredSize);
        Assert.Equal(tar.Length, reader.UncompressedSize);
    }

    [Theory]
    [InlineData("none", "application/vnd.oci.image.layer.v1.tar+gzip", "gzip", true)]
    [InlineData("gzip", "application/vnd.oci.image.layer.v1.tar+zstd", "zstd", true)]
    [InlineData("zstd", "application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip", true)]
    [InlineData("zstd", "application/vnd.oci.image.layer.v1.tar+zstd", "zstd", false)]
    [InlineData("gzip", "application/octet-stream", null, false)]
    public async Task The_bytes_decide_the_compression_and_a_wrong_media_type_is_told(string compression, string mediaType, string? declared, bool isMislabelled)
    {
        byte[] tar = SmallTar();
        await using LayerReader reader = await OpenAsync(Compress(compression, tar), mediaType, Digest.Compute(tar));
        await reader.DrainAsync(Token);
        Assert.Equal(compression, reader.Compression);
        Assert.Equal(declared, reader.DeclaredCompression);
        Assert.Equal(isMislabelled, reader.IsMislabelled);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Several_members_or_frames_are_one_layer(string compression)
    {
        byte[] tar = SmallTar();
        byte[] stored = [.. Compress(compression, tar.AsSpan(0, 700)), .. Compress(compression, []), .. Compress(compression, tar.AsSpan(700))];
        Assert.Equal(tar, await ReadAsync(stored, Digest.Compute(tar)));
    }

    [Fact]
    public async Task A_skippable_frame_before_and_after_zstd_frames_is_skipped()
    {
        byte[] tar = SmallTar();
        byte[] skippable = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
        Assert.Equal(tar, await ReadAsync([.. skippable, .. TestZstd.Compress(tar), .. skippable], Digest.Compute(tar)));
    }

    [Fact]
    public async Task Every_cut_of_a_layer_is_refused()
    {
        int tried = 0, held = 0;
        byte[] tar = RandomTar(200_000);
        foreach (string compression in new[] { "gzip", "zstd", "none" })
        {
            byte[] stored = Compress(compression, tar);
            Assert.Equal(tar, await ReadAsync(stored, null));
            for (int i = 0; i < 64; i++)
            {
                tried++;
                if (await RefusesAsync(stored[..(int)((long)stored.Length * i / 64)], null)) held++;
            }
        }

        output.WriteLine($"cut layers: tried {tried}, held {held}");
        Assert.Equal((192, 192), (tried, held));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8192)]
    public async Task A_gzip_of_two_members_is_refused_wherever_it_is_cut_but_between_them(int chunk)
    {
        byte[] tar = SmallTar();
        byte[] first = Compress("gzip", tar.AsSpan(0, 900));
        byte[] stored = [.. first, .. Compress("gzip", tar.AsSpan(900))];
        for (int length = 0; length < stored.Length; length++)
        {
            bool isRefused = await RefusesAsync(stored[..length], null, chunk);
            Assert.True(isRefused != (length == first.Length), $"cut at {length}");
        }
    }

    [Fact]
    public async Task A_gzip_header_that_is_cut_cannot_swallow_the_proof_that_it_is_not()
    {
        byte[] complete = Compress("gzip", SmallTar());
        int tried = 0, held = 0;
        for (int extra = 10; extra < 4200; extra += 200)
        {
            byte[] header = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, (byte)extra, (byte)(extra >> 8)];
            tried++;
            if (await RefusesAsync([.. complete, .. header], null)) held++;
        }

        // the length to be guessed is random, so a hit is possible once in 4,095 times
        output.WriteLine($"headers that swallow: tried {tried}, held {held}");
        Assert.InRange(held, tried - 1, tried);
    }

    [Fact]
    public async Task Members_that_end_at_any_place_of_a_buffer_are_read()
    {
        byte[] content = new byte[9000];
        new Random(5).NextBytes(content);
        for (int size = 8100; size < 8260; size++)
        {
            byte[] stored = [.. Store(content.AsSpan(0, size)), .. Store(content.AsSpan(size))];
            Assert.Equal(content, await ReadAsync(stored, Digest.Compute(content)));
        }
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public async Task Readers_of_any_step_get_the_same_bytes(string compression)
    {
        byte[] tar = RandomTar(20_000);
        byte[] stored = Compress(compression, tar);
        foreach (int step in new[] { 1, 2, 3, 31, 32, 33, 64, 65, 66, 4096, 100_000 })
        {
            foreach (bool isAsync in new[] { false, true })
            {
                await using LayerReader reader = await LayerReader.OpenAsync(
                    new ChunkStream(stored, step), "The layer", null, Digest.Compute(tar), TestZstd.Inflate, Token);
                MemoryStream content = new();
                byte[] buffer = new byte[step];
                int count;
                while ((count = isAsync ? await reader.Content.ReadAsync(buffer, Token) : reader.Content.Read(buffer)) > 0) content.Write(buffer, 0, count);
                Assert.Equal(tar, content.ToArray());
            }
        }
    }

    [Theory]
    [InlineData("gzip", "00")]
    [InlineData("gzip", "41")]
    [InlineData("gzip", "1F")]
    [InlineData("gzip", "1F8B")]
    [InlineData("gzip", "1F8B08000000000000FF")]
    [InlineData("gzip", "00000000000000000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("zstd", "00")]
    [InlineData("zstd", "28B52FFD")]
    [InlineData("zstd", "414141414141")]
    public async Task Bytes_after_the_last_member_or_frame_are_refused(string compression, string garbage)
    {
        byte[] tar = SmallTar();
        byte[] stored = [.. Compress(compression, tar), .. Convert.FromHexString(garbage)];
        MalformedException error = await Assert.ThrowsAsync<MalformedException>(() => ReadAsync(stored, Digest.Compute(tar)));
        Assert.Equal("MalformedContent", error.ErrorId);
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(-1)]
    [InlineData(-100)]
    public async Task A_changed_checksum_length_or_byte_of_gzip_is_refused(int offset)
    {
        byte[] stored = Compress("gzip", RandomTar(5000));
        stored[stored.Length + offset] ^= 1;
        MalformedException error = await Assert.ThrowsAsync<MalformedException>(() => ReadAsync(stored, null));
        Assert.Equal("MalformedContent", error.ErrorId);
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public async Task With_another_diff_id_the_last_byte_does_not_come(string compression)
    {
        byte[] tar = SmallTar();
        await using LayerReader reader = await OpenAsync(Compress(compression, tar), null, Digest.Compute([1]));
        byte[] buffer = new byte[tar.Length + 100];
        int count = 0;
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(async () =>
        {
            int read;
            while ((read = await reader.Content.ReadAsync(buffer.AsMemory(count), Token)) > 0) count += read;
        });
        Assert.Equal("DigestMismatch", error.ErrorId);
        Assert.InRange(count, 0, tar.Length - 1);
        Assert.Null(reader.DiffId);
    }

    [Fact]
    public async Task A_layer_without_bytes_is_refused()
    {
        MalformedException error = await Assert.ThrowsAsync<MalformedException>(() => ReadAsync([], null));
        Assert.Equal("MalformedContent", error.ErrorId);
    }

    [Fact]
    public async Task A_plain_tar_needs_its_end_mark_only_while_no_diff_id_proves_it()
    {
        byte[] tar = new TarBytes().File("a", "text").End(zeroBlocks: 0);
        Assert.Equal(tar, await ReadAsync(tar, Digest.Compute(tar)));
        await Assert.ThrowsAsync<MalformedException>(() => ReadAsync(tar, null));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task A_layer_that_inflates_out_of_all_proportion_is_refused_unless_its_size_is_allowed(string compression)
    {
        // a member of 16 MiB of zeros, as often as makes more than 1 GiB
        byte[] member = Compress(compression, new byte[1 << 24]);
        byte[] bomb = [.. Enumerable.Repeat(member, 65).SelectMany(m => m)];
        RefusedException error = await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            await using LayerReader reader = await OpenAsync(bomb, null, Digest.Compute([1]));
            await reader.DrainAsync(Token);
        });
        Assert.Equal("TooLarge", error.ErrorId);

        // one of the two algorithms shows that a size which is allowed counts more than the proportion
        if (compression == "gzip")
        {
            await using LayerReader allowed = await OpenAsync(bomb, null, null);
            allowed.MaximumSize = 65L << 24;
            await allowed.DrainAsync(Token);
            Assert.Equal(65L << 24, allowed.UncompressedSize);
        }

        await using LayerReader limited = await OpenAsync(member, null, null);
        limited.MaximumSize = (1 << 24) - 1;
        await Assert.ThrowsAsync<RefusedException>(() => limited.DrainAsync(Token));
    }

    [Fact]
    public async Task Zeros_inside_a_file_are_no_end_mark()
    {
        byte[] tar = new TarBytes().File("zeros", new byte[100_000]).End();
        Assert.True(await RefusesAsync(tar[..51_200], null));
    }

    [Fact]
    public async Task A_diff_id_of_sha512_is_proved_by_its_own_algorithm()
    {
        byte[] tar = SmallTar();
        Digest diffId = Digest.Compute(tar, "sha512");
        await using LayerReader reader = await OpenAsync(Compress("gzip", tar), null, diffId);
        Assert.Equal(diffId, await reader.DrainAsync(Token));
    }

    private static byte[] SmallTar() => new TarBytes().Directory("etc/").File("etc/motd", "hello\n").Symlink("etc/link", "motd").End();

    private static byte[] RandomTar(int size)
    {
        byte[] content = new byte[size];
        new Random(7).NextBytes(content);
        return new TarBytes().File("random", content).End();
    }

    private static byte[] RealTar()
    {
        using TempFolder folder = new();
        folder.Write("in/a", [1, 2, 3]);
        folder.Write("in/b/c", new byte[40_000]);
        string path = Path.Join(folder.Path, "out.tar");
        Tool.Run("tar", ["-C", Path.Join(folder.Path, "in"), "-cf", path, "."]);
        return File.ReadAllBytes(path);
    }

    private static byte[] Compress(string compression, ReadOnlySpan<byte> bytes)
    {
        if (compression == "none") return bytes.ToArray();
        if (compression == "zstd") return TestZstd.Compress(bytes);
        return Gzip(bytes, CompressionLevel.Optimal);
    }

    private static byte[] Store(ReadOnlySpan<byte> bytes) => Gzip(bytes, CompressionLevel.NoCompression);

    private static byte[] Gzip(ReadOnlySpan<byte> bytes, CompressionLevel level)
    {
        // .NET writes nothing at all for an empty member
        if (bytes.IsEmpty) return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        MemoryStream stored = new();
        using (GZipStream gzip = new(stored, level, leaveOpen: true)) gzip.Write(bytes);
        return stored.ToArray();
    }

    private static Task<LayerReader> OpenAsync(byte[] stored, string? mediaType, Digest? diffId, int chunk = int.MaxValue) =>
        LayerReader.OpenAsync(new ChunkStream(stored, chunk), "The layer", mediaType, diffId, TestZstd.Inflate, Token);

    private static async Task<byte[]> ReadAsync(byte[] stored, Digest? diffId, int chunk = int.MaxValue)
    {
        await using LayerReader reader = await OpenAsync(stored, null, diffId, chunk);
        MemoryStream content = new();
        await reader.Content.CopyToAsync(content, Token);
        return content.ToArray();
    }

    private static async Task<bool> RefusesAsync(byte[] stored, Digest? diffId, int chunk = int.MaxValue)
    {
        try
        {
            await ReadAsync(stored, diffId, chunk);
            return false;
        }
        catch (OciException e) when (e.ErrorId is "MalformedContent" or "DigestMismatch")
        {
            return true;
        }
    }
}
