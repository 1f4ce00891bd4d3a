using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace OciTools.UnitTests.Support;

/// <summary>The program docker-registry with a storage of its own; a test that needs it where it is not there is skipped and says so.</summary>
internal sealed class RealRegistry : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private Process _process;

    private RealRegistry(bool hasSecret)
    {
        Port = FreePort.Take();
        File.WriteAllText(SettingsPath, $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: {{_folder.Path}}/data }, delete: { enabled: true } }
            http: { addr: {{Host}}, relativeurls: true{{(hasSecret ? ", secret: fixture" : "")}} }

            """);
        try
        {
            _process = Start();
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    internal int Port { get; }

    /// <summary>Host and port, as the registry part of a reference.</summary>
    internal string Host => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    internal Uri Address => new($"http://{Host}/");

    private string SettingsPath => Path.Join(_folder.Path, "registry.yml");

    private string Storage => Path.Join(_folder.Path, "data", "docker", "registry", "v2");

    /// <param name="hasSecret">Whether it has a secret of its own. Without one every start makes another, and no upload outlives it.</param>
    internal static async Task<RealRegistry> StartAsync(bool hasSecret = true)
    {
        RealRegistry registry = new(hasSecret);
        try
        {
            await registry.AnswersAsync().ConfigureAwait(false);
            return registry;
        }
        catch
        {
            await registry.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the process as a crash does (SIGKILL).</summary>
    internal async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>, over the same storage and on the same port.</summary>
    /// <param name="settings">Lines to add to its settings.</param>
    internal Task StartAgainAsync(string settings = "")
    {
        File.AppendAllText(SettingsPath, settings);
        _process = Start();
        return AnswersAsync();
    }

    /// <summary>Uploads a blob with a client that is not ours.</summary>
    internal async Task<Digest> AddBlobAsync(string repository, byte[] bytes)
    {
        Digest digest = Digest.Parse("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
        using HttpClient http = new() { BaseAddress = Address };
        using HttpResponseMessage started = await http.PostAsync(new Uri($"/v2/{repository}/blobs/uploads/", UriKind.Relative), null).ConfigureAwait(false);
        using HttpResponseMessage done = await http.PutAsync(new Uri($"{started.Headers.Location}&digest={digest}", UriKind.Relative), new ByteArrayContent(bytes)).ConfigureAwait(false);
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        return digest;
    }

    /// <summary>Whether exactly these bytes are served at a path, read with a client that is not ours.</summary>
    internal async Task<bool> ServesAsync(string path, byte[] expected)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.Add("Accept", [MediaTypes.OciManifest, MediaTypes.OciIndex]);
        using HttpResponseMessage response = await http.GetAsync(new Uri(Address, path)).ConfigureAwait(false);
        return response.IsSuccessStatusCode && (await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false)).AsSpan().SequenceEqual(expected);
    }

    /// <summary>How many blobs it stores, and the names of those whose bytes are other ones.</summary>
    internal (int Count, IReadOnlyList<string> Wrong) HashStorage()
    {
        List<string> wrong = [];
        int count = 0;
        string blobs = Path.Join(Storage, "blobs");
        if (!Directory.Exists(blobs)) return (0, wrong);
        foreach (string file in Directory.EnumerateFiles(blobs, "data", SearchOption.AllDirectories))
        {
            count++;
            using FileStream stream = File.OpenRead(file);
            string name = Path.GetFileName(Path.GetDirectoryName(file))!;
            if (Convert.ToHexStringLower(SHA256.HashData(stream)) != name) wrong.Add(name);
        }

        return (count, wrong);
    }

    /// <summary>Whether an upload to a repository has begun, now or before.</summary>
    internal bool HasUploads(string repository) => Directory.Exists(Path.Join(Storage, "repositories", repository, "_uploads"));

    /// <summary>The bytes that its open uploads have got so far.</summary>
    internal long UploadedBytes(string repository)
    {
        DirectoryInfo uploads = new(Path.Join(Storage, "repositories", repository, "_uploads"));
        try
        {
            return uploads.Exists ? uploads.EnumerateFiles("data", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // one has just ended
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        _folder.Dispose();
    }

    private Process Start()
    {
        Process process = Tool.Start(new ProcessStartInfo("docker-registry", ["serve", SettingsPath]) { RedirectStandardOutput = true, RedirectStandardError = true });
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task AnswersAsync()
    {
        using HttpClient http = new();
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri(Address, "/v2/")).ConfigureAwait(false);
                return;
            }
            catch (HttpRequestException) when (clock.Elapsed < TimeSpan.FromSeconds(20) && !_process.HasExited)
            {
                await Task.Delay(20).ConfigureAwait(false);
            }
        }
    }
}
