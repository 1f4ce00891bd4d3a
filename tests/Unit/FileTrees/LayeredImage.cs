using OciTools.Operations;
using OciTools.Operations.Files;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees;

/// <summary>An image of tars in memory, and what operations need to read it.</summary>
internal sealed class LayeredImage
{
    /// <param name="tars">The layers, the lowest first.</param>
    /// <param name="gzip">Whether they are stored compressed.</param>
    /// <param name="platform">The platform in the config.</param>
    /// <param name="diffIds">The diff ids in the config; null for those that the tars have.</param>
    internal LayeredImage(byte[][] tars, bool gzip = false, string platform = "\"os\":\"linux\",\"architecture\":\"amd64\"", string[]? diffIds = null)
        : this(
            [.. tars.Select(tar => gzip ? (TestGzip.Compress(tar), "application/vnd.oci.image.layer.v1.tar+gzip") : (tar, MediaTypes.OciLayer))],
            diffIds ?? [.. tars.Select(tar => Digest.Compute(tar).ToString())], platform)
    {
    }

    /// <param name="layers">The layers as they are stored, the lowest first.</param>
    /// <param name="diffIds">The diff ids in the config.</param>
    /// <param name="platform">The platform in the config.</param>
    internal LayeredImage((byte[] Stored, string MediaType)[] layers, string[] diffIds, string platform = "\"os\":\"linux\",\"architecture\":\"amd64\"")
    {
        Digests = [.. layers.Select(layer => Digest.Compute(layer.Stored).ToString())];
        for (int i = 0; i < layers.Length; i++) Store.AddLayerBytes(Digests[i], layers[i].Stored);
        Store.AddImageOf("1.0", [.. layers.Select((layer, i) => (Digests[i], layer.Stored.Length, layer.MediaType))], diffIds, platform);
        Places = new ImagePlaces(new FixedOpener(Store));
        Inspector = new ImageInspector(Places, Log);
    }

    internal MemoryStore Store { get; } = new();

    internal ImagePlaces Places { get; }

    internal ImageInspector Inspector { get; }

    internal KeptLog Log { get; } = new();

    internal string[] Digests { get; }

    internal static ImageLocation Name { get; } = ImageLocation.Parse("example.com/app:1.0");

    internal static LayerReading Reading { get; } = new(_ => throw new NotSupportedException(), null, NoProgress.Instance);

    /// <summary>The indexes of the layers that were asked for, in the order that they were.</summary>
    internal int[] LayersRead => [.. Store.Requests.Where(r => r.StartsWith("BLOB ", StringComparison.Ordinal)).Select(r => Array.IndexOf(Digests, r[5..])).Where(i => i >= 0)];

    /// <summary>Keeps another image beside this one.</summary>
    internal ImageLocation Add(string tag, params byte[][] tars)
    {
        string[] digests = [.. tars.Select(tar => Digest.Compute(tar).ToString())];
        for (int i = 0; i < tars.Length; i++) Store.AddLayerBytes(digests[i], tars[i]);
        Store.AddImageOf(tag, [.. tars.Select((tar, i) => (digests[i], tar.Length, MediaTypes.OciLayer))], digests);
        return ImageLocation.Parse("example.com/app:" + tag);
    }

    internal async Task<ImageFile[]> ListAsync(FileSelection? selection = null) =>
        [.. await new FileListing(Inspector, Reading).ListAsync(Name, null, selection ?? new FileSelection(), TestContext.Current.CancellationToken)];

    /// <summary>Paths, with a slash behind directories and the target behind links.</summary>
    internal async Task<string[]> PathsAsync() => [.. (await ListAsync()).Select(f => f.Type switch
    {
        "Directory" => f.FilePath.TrimEnd('/') + "/",
        "SymbolicLink" => $"{f.FilePath} -> {f.LinkTarget}",
        "HardLink" => $"{f.FilePath} = {f.LinkTarget}",
        _ => f.FilePath,
    })];

    internal async Task<string> ContentAsync(string path)
    {
        await using FileContents contents = new(_ => throw new NotSupportedException(), null);
        await using OpenedFiles found = await contents.OpenAsync(Inspector, Name, null, path, false, NoProgress.Instance, TestContext.Current.CancellationToken);
        await using Stream stream = Assert.Single(found.Files).Open();
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
