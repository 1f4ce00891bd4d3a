using System.Text;
using System.Text.Json;
using OciTools.Stores.DockerArchive;
using OciTools.Stores.Files;

namespace OciTools.Stores.Engine;

/// <summary>
/// The exports of one store: the bytes of layers come from an engine only as a whole image in a tar. Each image is exported once, into
/// a temporary file that is gone when the store is closed or the process ends.
/// </summary>
internal sealed class EngineExports : IAsyncDisposable
{
    // An error in the middle of an export comes as a JSON object behind the bytes that were sent so far.
    private const int TailSize = 64 * 1024;
    private const int TarEnd = 1024;
    private static readonly byte[] s_errorStart = "{\"error"u8.ToArray();

    private readonly EngineClient _client;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Func<Stream, Stream> _inflateZstd;
    private readonly Dictionary<Digest, DockerArchiveStore> _archives = [];
    private bool _closed;

    internal EngineExports(EngineClient client, Func<Stream, Stream> inflateZstd)
    {
        _client = client;
        _inflateZstd = inflateZstd;
    }

    /// <summary>The export of an image as a store of its own; the first call exports it.</summary>
    internal async Task<DockerArchiveStore> ExportAsync(EngineImage image, ImageLocation location, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_archives.TryGetValue(image.Id, out DockerArchiveStore? archive)) return archive;
            FileStream file = Spool.Create();
            try
            {
                string what = $"export of {location}";
                await _client.CopyAsync($"images/{image.Id}/get{PlatformQuery(image)}", what, file, cancellationToken).ConfigureAwait(false);
                CheckEnd(file, what);
                archive = await DockerArchiveStore.OpenAsync(file, location, _inflateZstd, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await file.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            return _archives[image.Id] = archive;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        _closed = true;
        foreach (DockerArchiveStore archive in _archives.Values) await archive.DisposeAsync().ConfigureAwait(false);
        _archives.Clear();
        _gate.Release();
    }

    private static void CheckEnd(FileStream file, string what)
    {
        byte[] tail = new byte[Math.Min(file.Length, TailSize)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        file.Position = 0;

        ReadOnlySpan<byte> text = tail.AsSpan().TrimEnd("\r\n \t"u8);
        int start = text.LastIndexOf(s_errorStart);
        if (start >= 0 && text[^1] == (byte)'}')
            throw ErrorCatalogue.ServerFailed.Error($"The {what} ended with an error; the engine says: {EngineErrors.Message(text[start..].ToArray())}",
                recommendation: "The image may be incomplete in the engine; pull it again, or look into the log of the engine.");
        if (file.Length % 512 != 0 || tail.Length < TarEnd || tail.AsSpan(tail.Length - TarEnd).ContainsAnyExcept((byte)0))
            throw ErrorCatalogue.MalformedContent.Error($"The {what} was cut short: it has {file.Length} bytes and does not end as a tar does.");
    }

    // An image for several platforms would be exported whole, and fails where the engine holds some of them only.
    private string PlatformQuery(EngineImage image)
    {
        if (!image.IsManifestId || !_client.IsAtLeast(1, 48)) return "";
        ImageConfig config = image.Config;
        StringBuilder json = new($$"""{"os":{{Quote(config.OS)}},"architecture":{{Quote(config.Architecture)}}""");
        if (config.Variant is { } variant) json.Append($",\"variant\":{Quote(variant)}");
        if (config.OSVersion is { } version) json.Append($",\"os.version\":{Quote(version)}");
        return "?platform=" + Uri.EscapeDataString(json.Append('}').ToString());
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
