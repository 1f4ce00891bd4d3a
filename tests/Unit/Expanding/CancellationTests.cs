using System.Diagnostics;
using OciTools.Operations;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>An expansion that is stopped ends at once and leaves nothing, whatever it was at.</summary>
public sealed class CancellationTests : IDisposable
{
    private const int Folders = 60;

    private readonly MountedFolder? _memory = MountedFolder.TryMemory(256 << 20);
    private readonly Expansion _expansion;
    private readonly LayeredImage _image = Image();

    public CancellationTests() => _expansion = new Expansion(_memory?.Path ?? Directory.CreateTempSubdirectory("ocitools-test-").FullName);

    public void Dispose()
    {
        if (_memory is null) Directory.Delete(_expansion.Folder, recursive: true);
        else _memory.Dispose();
    }

    [Fact]
    public async Task Stopping_at_any_moment_takes_less_than_two_seconds_and_leaves_nothing()
    {
        Figure figure = new("F5");
        long bytes = _image.Digests.Sum(digest => (long)_image.Store.BytesOf(digest).Length);
        for (int i = 0; i < 40; i++)
        {
            using CancellationTokenSource stop = new();
            await StopAsync(figure, $"after {i}/40 of the bytes", stop, new StoppingProgress(stop, bytes * i / 40), (_, _, stream) => stream, () => { });
        }

        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource stop = new();
            string hanging = _image.Digests[i % 3];
            byte[] start = _image.Store.BytesOf(hanging)[..(int)(bytes / 100 * i)];
            await StopAsync(figure, $"while layer {i % 3} hangs at {start.Length}", stop, NoProgress.Instance,
                (descriptor, _, stream) => descriptor.Digest == hanging ? new HangingStream(start) : stream, () => stop.CancelAfter(i * 2));
        }

        for (int i = 0; i < 40; i++)
        {
            // the files may get their places faster than this looks
            for (int attempt = 0; ; attempt++)
            {
                using CancellationTokenSource stop = new();
                using CancellationTokenSource done = new();
                Task watching = Task.CompletedTask;
                bool isStopped = await StopAsync(attempt == 30 ? figure : null, $"with {i} directories in place", stop, NoProgress.Instance, (_, _, stream) => stream,
                    () => watching = Task.Run(() => Watch(i, stop, done.Token)));
                await done.CancelAsync();
                await watching;
                if (!isStopped && attempt < 30) continue;
                if (attempt < 30) figure.Check($"with {i} directories in place", true);
                break;
            }
        }

        figure.Report(100);
        Assert.Equal(Folders + 1, (await _expansion.RunAsync(_image)).Directories);
    }

    private async Task<bool> StopAsync(Figure? figure, string what, CancellationTokenSource stop, ITransferProgress progress, Func<Descriptor, int, Stream, Stream> change, Action start)
    {
        long stopped = 0;
        using CancellationTokenRegistration registration = stop.Token.Register(() => stopped = Stopwatch.GetTimestamp());
        FaultyStore store = new(_image.Store, change);
        string? wrong;
        try
        {
            start();
            ImageInspector inspector = new(new ImagePlaces(new FixedOpener(store)), _image.Log);
            await _expansion.RunAsync(_image, reading: LayeredImage.Reading with { Progress = progress }, cancellation: stop.Token, inspector: inspector);
            wrong = "not stopped";
            foreach (string made in Directory.GetDirectories(_expansion.Folder)) Directory.Delete(made, recursive: true);
            foreach (string made in Directory.GetFiles(_expansion.Folder)) File.Delete(made);
        }
        catch (OperationCanceledException)
        {
            TimeSpan time = Stopwatch.GetElapsedTime(stopped);
            wrong = time < TimeSpan.FromSeconds(2) ? null : $"ended {time} later";
        }

        string[] left = _expansion.Beside();
        if (left.Length > 0) wrong = $"{wrong} and left {string.Join(", ", left)}";
        if (store.Open > 0) wrong = $"{wrong} and {store.Open} streams are open";
        figure?.Check(what, wrong is null, wrong);
        Assert.True(wrong is null or "not stopped", $"{what}: {wrong}");
        return wrong is null;
    }

    private void Watch(int count, CancellationTokenSource stop, CancellationToken done)
    {
        string? partial = null;
        try
        {
            while (!done.IsCancellationRequested)
            {
                partial ??= Directory.GetDirectories(_expansion.Folder, ".root.*.partial").FirstOrDefault();
                if (partial is null || Directory.GetDirectories(partial).Length < count) continue;
                stop.Cancel();
                return;
            }
        }
        catch (DirectoryNotFoundException)
        {
            // it has its name already
        }
    }

    private static LayeredImage Image() => new([.. Enumerable.Range(0, 3).Select(layer =>
    {
        Random random = new(layer);
        TarBytes tar = new();
        byte[] content = new byte[4096];
        for (int i = 0; i < Folders * 3; i++)
        {
            random.NextBytes(content);
            tar.File($"d{i / 3}/{layer}-{i}", content);
        }

        return tar.End();
    })], gzip: true);
}
