using System.Formats.Tar;
using System.Text;
using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.UnitTests.Engine;

public sealed class EngineExportTests
{
    private static readonly ImageLocation s_app = ImageLocation.Parse("docker-daemon:app:1");

    private static readonly byte[][] s_layers = [Tar(("bottom", "one"u8.ToArray())), Tar(("middle", "two"u8.ToArray())), Tar(("top", "three"u8.ToArray()))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Layers_come_from_one_export_by_id_whoever_asks_and_how_often()
    {
        await using ScriptedEngine engine = await StartAsync(Archive());
        await using EngineStore store = await engine.OpenAsync();

        byte[][] read = await Task.WhenAll(new[] { 0, 1, 2, 1, 0 }.Select(async layer =>
        {
            await using Stream stream = await store.OpenUnverifiedLayerAsync(s_app, layer, Stop);
            using MemoryStream bytes = new();
            await stream.CopyToAsync(bytes, Stop);
            return bytes.ToArray();
        }));

        Assert.Equal([s_layers[0], s_layers[1], s_layers[2], s_layers[1], s_layers[0]], read);
        Assert.Equal([$"/v1.51/images/{Id}/get"], engine.Requests.Where(r => r.EndsWith("/get", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public async Task A_layer_that_the_image_has_not_is_refused_before_anything_is_exported(int layer)
    {
        await using ScriptedEngine engine = await StartAsync(Archive());
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.OpenUnverifiedLayerAsync(s_app, layer, Stop));

        Assert.Equal("LayerNotFound", error.ErrorId);
        Assert.DoesNotContain(engine.Requests, r => r.Contains("/get", StringComparison.Ordinal));
    }

    [Fact]
    public async Task On_containerds_store_only_the_platform_that_was_inspected_is_exported()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51"))
            .On("/images/app:1/json", EngineAnswers.ContainerdInspect)
            .On($"/images/{EngineAnswers.IndexDigest}/get", Archive());
        await using EngineStore store = await engine.OpenAsync();

        (await store.OpenUnverifiedLayerAsync(s_app, 0, Stop)).Dispose();

        string target = engine.Requests.Last();
        Assert.Equal("""{"os":"linux","architecture":"arm64","variant":"v8"}""", Uri.UnescapeDataString(target[(target.IndexOf("platform=", StringComparison.Ordinal) + 9)..]));
    }

    public static TheoryData<string, byte[], string> BadExports()
    {
        byte[] good = Archive();
        byte[] error = Encoding.UTF8.GetBytes("""{"errorDetail":{"message":"layer is gone"},"error":"layer is gone"}""" + "\r\n");
        byte[] cut = good[..(good.Length / 2)];
        return new TheoryData<string, byte[], string>
        {
            { "nothing", [], "MalformedContent" },
            { "cut inside", cut, "MalformedContent" },
            { "cut in a block", good[..^100], "MalformedContent" },
            { "without its end", good[..(good.AsSpan().LastIndexOfAnyExcept((byte)0) / 512 * 512 + 512)], "MalformedContent" },
            { "an error object alone", error, "ServerFailed" },
            { "an error object in the middle", [.. cut, .. error], "ServerFailed" },
            { "an error object behind the end", [.. good, .. error], "ServerFailed" },
        };
    }

    [Theory]
    [MemberData(nameof(BadExports))]
    public async Task An_export_that_is_short_or_ends_with_an_error_is_an_error(string what, byte[] export, string errorId)
    {
        await using ScriptedEngine engine = await StartAsync(export);
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.OpenUnverifiedLayerAsync(s_app, 0, Stop));

        Assert.True(errorId == error.ErrorId, $"{what}: {error.ErrorId}, {error.Message}");
        if (errorId == "ServerFailed") Assert.Contains("the engine says: layer is gone", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_an_export_is_an_error_and_the_next_call_exports_again()
    {
        int calls = 0;
        byte[] good = Archive();
        await using ScriptedEngine engine = await StartAsync([]);
        engine.On($"/images/{Id}/get", async context =>
        {
            bool isBroken = Interlocked.Increment(ref calls) == 1;
            await context.Response.Body.WriteAsync(isBroken ? good.AsMemory(0, good.Length / 2) : good, Stop);
            await context.Response.Body.FlushAsync(Stop);
            if (!isBroken) return;

            // the client must have begun to read, or it asks again by itself on another connection
            await Task.Delay(500, Stop);
            context.Abort();
        });
        await using EngineStore store = await engine.OpenAsync();

        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => store.OpenUnverifiedLayerAsync(s_app, 0, Stop));
        (await store.OpenUnverifiedLayerAsync(s_app, 0, Stop)).Dispose();

        Assert.Equal("ConnectionFailed", error.ErrorId);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task No_file_is_left_after_success_error_or_cancellation()
    {
        string[] before = Spools();
        byte[] good = Archive();
        using CancellationTokenSource cancel = new();
        await using ScriptedEngine engine = await StartAsync(good);
        EngineStore store = await engine.OpenAsync();
        (await store.OpenUnverifiedLayerAsync(s_app, 0, Stop)).Dispose();
        await store.DisposeAsync();

        engine.On($"/images/{Id}/get", async context =>
        {
            await context.Response.Body.WriteAsync(good.AsMemory(0, 1024), Stop);
            await context.Response.Body.FlushAsync(Stop);
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        store = await engine.OpenAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.OpenUnverifiedLayerAsync(s_app, 0, cancel.Token));
        await store.DisposeAsync();

        // Tests that run beside this one have spools too, but theirs go away.
        string[] left = [.. Spools().Except(before)];
        for (int i = 0; i < 100 && left.Length > 0; i++)
        {
            await Task.Delay(100, Stop);
            left = [.. left.Intersect(Spools())];
        }

        Assert.Empty(left);
    }

    [Fact]
    public async Task Of_many_images_few_files_are_kept_and_one_that_is_asked_for_again_is_exported_again()
    {
        string[] before = Spools();
        await using ScriptedEngine engine = await ScriptedEngine.StartAsync("1.51");
        for (int i = 0; i < 20; i++)
        {
            string id = $"sha256:{i:x64}";
            engine.On($"/images/app:{i}/json", Inspect(id)).On($"/images/{id}/get", Archive());
        }

        EngineStore store = await engine.OpenAsync();
        Stream open = await store.OpenUnverifiedLayerAsync(App(0), 1, Stop);
        IUnpackedImageStore export = await store.ExportAsync(App(1), Stop);
        Assert.Equal(3, (await export.InspectAsync(App(1), Stop)).Layers.Count);
        for (int i = 2; i < 20; i++) (await store.OpenUnverifiedLayerAsync(App(i), 0, Stop)).Dispose();
        if (OperatingSystem.IsLinux()) Assert.InRange(Spools().Except(before).Count(), 1, 9);

        // what is read goes on, and a place that was given out is still one
        using MemoryStream bytes = new();
        await using (open) await open.CopyToAsync(bytes, Stop);
        Assert.Equal(s_layers[1], bytes.ToArray());
        await using (Stream again = await export.OpenUnverifiedLayerAsync(App(1), 2, Stop)) await again.CopyToAsync(bytes, Stop);
        Assert.Equal([.. s_layers[1], .. s_layers[2]], bytes.ToArray());
        (await store.OpenUnverifiedLayerAsync(App(19), 0, Stop)).Dispose();
        Assert.Equal(21, engine.Requests.Count(r => r.EndsWith("/get", StringComparison.Ordinal)));
        Assert.Equal(2, engine.Requests.Count(r => r.EndsWith($"{1:x64}/get", StringComparison.Ordinal)));

        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.OpenUnverifiedLayerAsync(App(19), 0, Stop));

        static ImageLocation App(int i) => ImageLocation.Parse($"docker-daemon:app:{i}");
    }

    private static string Id => EngineAnswers.ImageId;

    // what this process holds open counts as well: on Unix a spool has no name
    private static string[] Spools()
    {
        IEnumerable<string> named = Directory.EnumerateFiles(Path.GetTempPath(), "ocitools-*");
        if (!OperatingSystem.IsLinux()) return [.. named];
        string[] open = [.. Directory.EnumerateFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget).OfType<string>()
            .Where(t => t.Contains("/ocitools-", StringComparison.Ordinal) && t.EndsWith("(deleted)", StringComparison.Ordinal))];
        return [.. named.Concat(open)];
    }

    private static async Task<ScriptedEngine> StartAsync(byte[] export) => (await ScriptedEngine.StartAsync("1.51"))
        .On("/images/app:1/json", Inspect(Id))
        .On($"/images/{Id}/get", export);

    private static string Inspect(string id) => $$"""{"Id":"{{id}}","Os":"linux","Architecture":"amd64","RootFS":{"Type":"layers","Layers":[{{DiffIds()}}] } }""";

    private static string DiffIds() => string.Join(',', s_layers.Select(l => $"\"{Digest.Compute(l)}\""));

    private static byte[] Archive()
    {
        byte[] config = Encoding.UTF8.GetBytes($$"""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[{{DiffIds()}}] } }""");
        string name = Digest.Compute(config).Hex + ".json";
        byte[] manifest = Encoding.UTF8.GetBytes($$"""[{"Config":"{{name}}","RepoTags":null,"Layers":["0/layer.tar","1/layer.tar","2/layer.tar"]}]""");
        return Tar([.. s_layers.Select((l, i) => ($"{i}/layer.tar", l)), (name, config), ("manifest.json", manifest)]);
    }

    private static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        using MemoryStream bytes = new();
        using (TarWriter writer = new(bytes, TarEntryFormat.Ustar, leaveOpen: true))
            foreach ((string name, byte[] content) in files)
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return bytes.ToArray();
    }
}
