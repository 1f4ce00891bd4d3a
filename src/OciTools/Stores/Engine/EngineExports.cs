using System.Text;
using System.Text.Json;
using OciTools.Stores.DockerArchive;
using OciTools.Stores.Files;

namespace OciTools.Stores.Engine;

/// <summary>
/// The exports of one store: the bytes of layers come from an engine only as a whole image in a tar, which goes into a temporary file. Each
/// image is exported once, unless many others come in between: of those that nobody uses, the files of the last ones are kept. The files are
/// gone when the store and the streams from it are closed, or the process ends.
/// </summary>
internal sealed class EngineExports : IAsyncDisposable
{
    // An error in the middle of an export comes as a JSON object behind the bytes that were sent so far.
    private const int TailSize = 64 * 1024;
    private const int TarEnd = 1024;

    // each takes as much room on the disk as its image; images are not worked on in such numbers at once by default
    private const int MostUnused = 8;

    private static readonly byte[] s_errorStart = "{\"error"u8.ToArray();

    private readonly EngineClient _client;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Func<Stream, Stream> _inflateZstd;
    private readonly FewKept<Digest, DockerArchiveStore> _exports = new(MostUnused);

    internal EngineExports(EngineClient client, Func<Stream, Stream> inflateZstd)
    {
        _client = client;
        _inflateZstd = inflateZstd;
    }

    /// <summary>Uses the export of an image; the first call exports it. Streams that come out may be read when the call is over.</summary>
    internal async Task<T> UseAsync<T>(EngineImage image, ImageLocation location, Func<DockerArchiveStore, Task<T>> use, CancellationToken cancellationToken)
    {
        FewKept<Digest, DockerArchiveStore>.Kept export = _exports.TryTake(image.Id) ?? await ExportAsync(image, location, cancellationToken).ConfigureAwait(false);
        try
        {
            return await use(export.Thing).ConfigureAwait(false);
        }
        finally
        {
            await _exports.GiveBackAsync(export).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        await _exports.DisposeAsync().ConfigureAwait(false);
        _gate.Release();
    }

    private async Task<FewKept<Digest, DockerArchiveStore>.Kept> ExportAsync(EngineImage image, ImageLocation location, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_exports.TryTake(image.Id) is { } known) return known;
            FileStream file = Spool.Create();
            DockerArchiveStore archive;
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

            return _exports.Take(image.Id, () => archive);
        }
        finally
        {
            _gate.Release();
        }
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
