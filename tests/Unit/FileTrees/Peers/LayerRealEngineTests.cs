using System.Globalization;
using System.Security.Cryptography;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>
/// The layers made by hand once more, loaded by the Docker engine and taken out again by export. Runs where OCITOOLS_TEST_DOCKER_SOCKET
/// names the socket of an engine that may be filled with images.
/// </summary>
[Collection("Docker")]
public sealed class LayerRealEngineTests
{
    private const int AtOnce = 2;

    /// <summary>What the engine puts into every container.</summary>
    private static readonly string[] s_added = [".", ".dockerenv", "dev", "etc", "proc", "sys"];

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Layers_make_the_same_tree_as_in_Docker()
    {
        string? socket = Environment.GetEnvironmentVariable("OCITOOLS_TEST_DOCKER_SOCKET");
        Assert.SkipWhen(string.IsNullOrEmpty(socket), "OCITOOLS_TEST_DOCKER_SOCKET names no engine's socket");
        using TempFolder folder = new();
        using DockerSocket docker = new(socket!);
        IReadOnlyList<LayerCase> cases = LayerCases.All;
        KnownDifferences known = new("F3, layers as Docker loads and exports them");
        ParallelOptions options = new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForAsync(0, cases.Count, options, async (i, _) =>
            known.Check(cases[i], cases[i].Docker, await CompareAsync(docker, cases[i], Path.Join(folder.Path, i.ToString(CultureInfo.InvariantCulture)))));
        known.Report(atLeast: 60);
    }

    // what we refuse, Docker may take: umoci decides that
    private static async Task<string> CompareAsync(DockerSocket docker, LayerCase layers, string directory)
    {
        byte[][] tars = layers.Tars();
        SortedDictionary<string, string> ours;
        try
        {
            ours = FileFacts.OfTree(LayerMerging.Merge(tars));
        }
        catch (OciException)
        {
            return "";
        }

        string image = "ocitools-test-layers:" + Path.GetFileName(directory);
        try
        {
            byte[] exported = await docker.LoadAndExportAsync(Archive(tars, image), image);
            Directory.CreateDirectory(directory);
            Tool.Run("tar", ["-C", directory, "-xp", "--numeric-owner", "--xattrs", "--xattrs-include=*"], exported);
        }
        catch (InvalidOperationException e)
        {
            return "we take it, Docker says: " + e.Message;
        }

        SortedDictionary<string, string> theirs = FileFacts.OfDirectory(directory);
        foreach (string path in theirs.Keys.Where(p => s_added.Contains(p.Split('/')[0])).ToArray()) theirs.Remove(path);
        ours.Remove(".");
        return string.Join("; ", FileFacts.Differences(theirs, ours));
    }

    private static byte[] Archive(byte[][] layers, string image)
    {
        string diffIds = string.Join(',', layers.Select(l => $"\"sha256:{Convert.ToHexStringLower(SHA256.HashData(l))}\""));
        string names = string.Join(',', layers.Select((_, i) => $"\"{i}.tar\""));
        TarBytes archive = new();
        archive.File("config.json", $$"""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[{{diffIds}}] } }""");
        for (int i = 0; i < layers.Length; i++) archive.File($"{i}.tar", layers[i]);
        archive.File("manifest.json", $$"""[{"Config":"config.json","RepoTags":["{{image}}"],"Layers":[{{names}}]}]""");
        return archive.End();
    }
}
