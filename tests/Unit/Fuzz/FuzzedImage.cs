using System.Text;
using OciTools.UnitTests.FileTrees.Peers;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Fuzz;

/// <summary>One image of a few layers in which one thing was changed by chance: a tar, compressed bytes, the config, the manifest.</summary>
internal sealed class FuzzedImage
{
    private static readonly Lazy<(byte[] Tar, byte[] Gzip, byte[] Zstd)[][]> s_seeds = new(MakeSeeds);

    /// <param name="random">Decides everything.</param>
    internal FuzzedImage(Random random)
    {
        (byte[] Tar, byte[] Gzip, byte[] Zstd)[][] seeds = s_seeds.Value;
        (byte[] Tar, byte[] Gzip, byte[] Zstd)[] layers = seeds[random.Next(seeds.Length)];
        if (random.Next(3) == 0) layers = [.. layers, .. seeds[random.Next(seeds.Length)]];
        Kind = random.Next(10) switch { < 6 => "tar", 6 => "gzip", 7 => "zstd", 8 => "config", _ => "manifest" };
        int victim = random.Next(layers.Length);
        // a change that is not followed by new digests has to be found; that of a manifest by the store, which is none here
        IsStale = random.Next(10) == 0 && Kind != "manifest";

        string[] diffIds = new string[layers.Length];
        HashSet<string> stale = [];
        StringBuilder descriptors = new();
        for (int i = 0; i < layers.Length; i++)
        {
            (byte[] tar, byte[] gzip, byte[] zstd) = layers[i];
            bool isVictim = i == victim;
            byte[] content = isVictim && Kind == "tar" ? Mutation.Tar(random, tar, seeds[random.Next(seeds.Length)][0].Tar) : tar;
            string compression = isVictim ? Kind : random.Next(4) switch { 0 => "gzip", 1 => "zstd", _ => "" };
            byte[] stored = compression switch { "gzip" => gzip, "zstd" => zstd, _ => content };
            if (isVictim && Kind == "tar" && random.Next(4) == 0) (compression, stored) = ("gzip", TestGzip.Compress(content));
            byte[] kept = stored;
            if (isVictim && Kind is "gzip" or "zstd") stored = Mutation.Bytes(random, stored);
            IsChanged |= !content.AsSpan().SequenceEqual(tar) || !kept.AsSpan().SequenceEqual(stored);
            diffIds[i] = $"\"{Digest.Compute(IsStale && isVictim ? tar : content)}\"";
            string digest = Digest.Compute(IsStale && isVictim && Kind != "tar" ? kept : stored).ToString();
            // a layer that is there twice has the changed bytes too
            if (isVictim || !stale.Contains(digest)) Store.AddLayerBytes(digest, stored);
            if (isVictim && IsStale) stale.Add(digest);
            string type = MediaTypes.OciLayer + (compression is "gzip" or "zstd" ? "+" + compression : "");
            descriptors.Append(i > 0 ? "," : "").Append($$"""{"mediaType":"{{type}}","digest":"{{digest}}","size":{{stored.Length}}}""");
        }

        byte[] config = Encoding.UTF8.GetBytes($$"""{"os":"linux","architecture":"amd64","config":{"Env":["A=1"]},"history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":[{{string.Join(',', diffIds)}}] } }""");
        string id = Digest.Compute(config).ToString();
        if (Kind == "config") config = Change(random, config, ref id);
        Store.AddLayerBytes(id, config);
        byte[] manifest = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{id}}","size":{{config.Length}}},"layers":[{{descriptors}}] }""");
        string name = Digest.Compute(manifest).ToString();
        if (Kind == "manifest") manifest = Change(random, manifest, ref name);
        Store.AddManifestBytes(name, manifest, MediaTypes.OciManifest, "1.0");
    }

    internal MemoryStore Store { get; } = new();

    /// <summary>What was changed.</summary>
    internal string Kind { get; }

    /// <summary>Whether anything is other than before.</summary>
    internal bool IsChanged { get; private set; }

    /// <summary>Whether the digests are those from before the change.</summary>
    internal bool IsStale { get; }

    private byte[] Change(Random random, byte[] document, ref string digest)
    {
        byte[] changed = Mutation.Text(random, document);
        if (!IsStale) digest = Digest.Compute(changed).ToString();
        IsChanged = !changed.AsSpan().SequenceEqual(document);
        return changed;
    }

    private static (byte[] Tar, byte[] Gzip, byte[] Zstd)[][] MakeSeeds()
    {
        List<byte[][]> images = [.. LayerCases.All.Select(c => c.Tars())];
        images.Add([Rich().End()]);
        images.AddRange(OfGnuTar().Select(tar => (byte[][])[tar, Rich().End()]));
        return [.. images.Select(layers => layers.Select(tar => (tar, TestGzip.Compress(tar), TestZstd.Compress(tar))).ToArray())];
    }

    private static TarBytes Rich() => new TarBytes()
        .Directory("d/").File("d/a", "one").File("d/b", new byte[1500])
        .Pax(("path", "d/" + new string('n', 150)), ("mtime", "-1.5"), ("SCHILY.xattr.user.a", "v"), ("SCHILY.xattr.security.capability", "\u0001\0\0\u0002"), ("uid", "70000"))
        .File("short", "long")
        .Entry("././@LongLink", Encoding.UTF8.GetBytes("d/" + new string('m', 200) + "\0"), 'L').File("short", "longer")
        .Pax(("linkpath", "../" + new string('t', 120))).Symlink("s", "t")
        .HardLink("h", "d/a").Entry("fifo", [], '6').Entry("g", Encoding.UTF8.GetBytes(TarBytes.Record("mtime", "12.5")), 'g')
        .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "hole"), ("GNU.sparse.realsize", "9000"))
        .File("GNUSparseFile.0/hole", [.. Encoding.ASCII.GetBytes("2\n0\n512\n8192\n808\n".PadRight(512, '\0')), .. new byte[1320]]);

    // every format that GNU tar writes, with names, links and holes that need its extensions
    private static List<byte[]> OfGnuTar()
    {
        List<byte[]> tars = [];
        if (!OperatingSystem.IsLinux()) return tars;
        using TempFolder folder = new();
        folder.Write("d/" + new string('x', 120), [1, 2, 3]);
        File.CreateSymbolicLink(Path.Join(folder.Path, "link"), new string('y', 130));
        using (FileStream sparse = File.Create(Path.Join(folder.Path, "sparse")))
        {
            sparse.SetLength(200_000);
            for (int at = 0; at < 6; at++)
            {
                sparse.Position = at * 30_000;
                sparse.WriteByte((byte)at);
            }
        }

        string[] common = ["-C", folder.Path, "-b", "1", "-S", "--sort=name", "--mtime=@1000000000", "--owner=0", "--group=0", "--numeric-owner"];
        const string Pax = "--pax-option=delete=atime,delete=ctime,exthdr.name=x";
        foreach (string[] format in (string[][])[["--format=gnu"], ["--format=oldgnu"], ["--format=pax", Pax, "--sparse-version=0.0"], ["--format=pax", Pax, "--sparse-version=0.1"], ["--format=pax", Pax, "--sparse-version=1.0"]])
            tars.Add(Tool.Run("tar", [.. common, .. format, "-c", "."]));
        return tars;
    }
}
