using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using OciTools.Operations;
using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.UnitTests.Engine;

/// <summary>
/// Compares with what the engines' own commands say. Runs where OCITOOLS_TEST_DOCKER_SOCKET or OCITOOLS_TEST_PODMAN_SOCKET names the
/// socket of an engine that may be filled with images, and a static busybox is installed.
/// </summary>
public abstract class RealEngineTests
{
    private const string Busybox = "/usr/bin/busybox";

    // What the truth about each is, the config in the engine's own archive says; here is only whether the engine's rows leave one way.
    private protected static (string Name, string Steps, bool IsOneWay)[] Images { get; } =
    [
        ("every-candidate", "ENV A=1 B=\"two words\"\nWORKDIR /srv/app\nRUN echo hello > greeting\nRUN rm greeting\nLABEL a=b\nCMD [\"-c\", \"echo hi\"]\n", true),
        ("no-candidate", "RUN echo hello > greeting\nRUN true\nENV A=1\nEXPOSE 80\nVOLUME /data\nUSER 1000:1000\nSTOPSIGNAL SIGINT\nENTRYPOINT [\"/bin/sh\"]\n", true),
        ("two-ways", "RUN echo hello > greeting\nRUN true\nRUN rm greeting\nHEALTHCHECK --interval=30s CMD /bin/true\nONBUILD RUN true\n", false),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("ocitools-real-").FullName;

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    private protected static void Report(string engine, int rows, int layers, int joined)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{engine}: {Images.Length} images, {rows} rows equal, {layers} layers proved, {joined} rows joined as the config has it");
        Assert.True(rows > 0 && layers > 0 && joined > 0);
    }

    private protected static void ExpectConfig(JsonElement inspect, ImageConfig config)
    {
        JsonElement run = inspect.GetProperty("Config");
        Assert.Equal(Text(inspect, "Architecture"), config.Architecture);
        Assert.Equal(Text(inspect, "Os"), config.OS);
        // engines write nanoseconds; a DateTime counts in hundreds of them, and one side rounds where the other cuts
        Assert.Equal(DateTimeOffset.Parse(Text(inspect, "Created"), CultureInfo.InvariantCulture).LocalDateTime, config.Created!.Value, TimeSpan.FromMicroseconds(1));
        Assert.Equal(Strings(inspect.GetProperty("RootFS"), "Layers"), config.DiffIds);
        Assert.Equal(Strings(run, "Env"), config.EnvList);
        Assert.Equal(Strings(run, "Cmd"), config.Cmd);
        Assert.Equal(Strings(run, "Entrypoint"), config.Entrypoint);
        Assert.Equal(Strings(run, "OnBuild"), config.OnBuild);
        Assert.Equal(Optional(run, "WorkingDir") ?? "", config.WorkingDir);
        Assert.Equal(Optional(run, "User") ?? "", config.User);
        Assert.Equal(Optional(run, "StopSignal"), config.StopSignal);
        JsonElement health = run.TryGetProperty("Healthcheck", out JsonElement inside) || inspect.TryGetProperty("Healthcheck", out inside) ? inside : default;
        Assert.Equal(health.ValueKind == JsonValueKind.Object ? Strings(health, "Test") : null, config.Healthcheck?.Test);
        Assert.Equal(Strings(inspect, "RepoDigests").Count, config.RegistryDigests.Count);
    }

    // The bytes of every layer have the digest that the engine's own command shows.
    private protected static async Task<int> ExpectLayersAsync(EngineStore store, UnpackedImage image)
    {
        for (int i = 0; i < image.Layers.Count; i++)
        {
            await using Stream layer = await store.OpenUnverifiedLayerAsync(image.Location, i, Stop);
            Assert.Equal(image.Layers[i].DiffId.Hex, Convert.ToHexStringLower(await SHA256.HashDataAsync(layer, Stop)));
        }

        return image.Layers.Count;
    }

    // The config in the archive that the engine's command saves knows which rows made a layer.
    private protected async Task<int> ExpectJoinAsync(string command, string[] save, string image, UnpackedImage unpacked, bool isOneWay)
    {
        string archive = Path.Combine(_folder, "image.tar");
        File.Delete(archive);
        await RunAsync(command, [.. save, archive, image]);
        string manifest = await RunAsync("tar", "-xOf", archive, "manifest.json");
        JsonElement config = Json(await RunAsync("tar", "-xOf", archive, Text(Json(manifest)[0], "Config")));
        List<int?> truth = [];
        int next = 0;
        foreach (JsonElement row in config.GetProperty("history").EnumerateArray())
            truth.Insert(0, row.TryGetProperty("empty_layer", out JsonElement empty) && empty.GetBoolean() ? null : next++);

        JoinedHistory history = HistoryJoin.Join(unpacked.EngineHistory!, [.. unpacked.Layers.Select(l => l.DiffId)], image);

        Assert.Null(history.Warning);
        Assert.Equal(isOneWay, history.Rows.All(r => r.JoinState is HistoryJoinState.Joined or HistoryJoinState.NoLayer));
        foreach ((int? expected, ImageHistoryEntry row) in truth.Zip(history.Rows))
        {
            if (row.JoinState == HistoryJoinState.Ambiguous) Assert.Null(row.DiffId);
            else Assert.Equal(expected, row.Layer);
        }

        return history.Rows.Count(r => r.JoinState == HistoryJoinState.Joined);
    }

    private protected static async Task ExpectListAsync(EngineStore store, string listed)
    {
        string[] expected = [.. listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
        List<string> images = [];
        await foreach (StoredImage image in store.ListAsync(Stop))
            images.Add($"{(image.Tag is null ? "<none>:<none>" : image.Location.EngineName)} {image.Engine!.Id}");
        Assert.Equal(expected, images.Order(StringComparer.Ordinal));
    }

    private protected static string Socket(string variable)
    {
        string? socket = Environment.GetEnvironmentVariable(variable);
        Assert.SkipWhen(string.IsNullOrEmpty(socket), $"{variable} names no engine's socket");
        Assert.SkipUnless(File.Exists(Busybox), $"there is no static busybox in {Busybox}");
        return socket;
    }

    private protected static Task<EngineStore> OpenAsync(string socket) =>
        EngineStore.OpenAsync(new SocketAdapters(), ScriptedEngine.Environment(("DOCKER_HOST", "unix://" + socket)), Stop);

    private protected async Task BuildAsync(string command, string[] arguments, string steps)
    {
        File.Copy(Busybox, Path.Combine(_folder, "busybox"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(_folder, "Dockerfile"), "FROM scratch\nADD busybox /bin/\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n" + steps, Stop);
        await RunAsync(command, arguments);
    }

    private protected async Task<string> RunAsync(string command, params string[] arguments)
    {
        ProcessStartInfo start = new(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.Environment["DOCKER_BUILDKIT"] = "0";
        start.Environment["DOCKER_CONFIG"] = _folder;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(Stop);
        string output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)}: {output}{await error}");
        return output;
    }

    private protected static JsonElement Json(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private protected static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static string? Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.GetString() is { Length: > 0 } text ? text : null;

    private static List<string> Strings(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => v.GetString()!)] : [];
}
