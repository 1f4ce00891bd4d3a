using System.Collections.Concurrent;
using OciTools.Operations.Copying;
using OciTools.Stores;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class BlobQueueTests
{
    private static readonly byte[] s_content = [1, 2, 3];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_fails_or_is_stopped_leaves_the_blob_to_those_who_wait_for_it()
    {
        int tried = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            CountingTarget target = new();
            using BlobQueue queue = new();
            Descriptor[] blobs = [.. Enumerable.Range(0, 4).Select(i => new Descriptor(MediaTypes.OciLayer, Digest.Compute([(byte)i]), 1))];
            (string Repository, Descriptor Blob, int Fate)[] wishes = [.. Enumerable.Range(0, 60).Select(_ => ($"r{random.Next(3)}", blobs[random.Next(4)], random.Next(4)))];
            (bool IsThere, Exception? Failure)[] ends = await Task.WhenAll(wishes.Select(wish => WantAsync(queue, target, wish.Repository, wish.Blob, wish.Fate, seed)));
            for (int i = 0; i < wishes.Length; i++)
            {
                tried++;
                // none has the failure of another, and who has none has the blob
                if (wishes[i].Fate > 1) Assert.Null(ends[i].Failure);
                if (ends[i].Failure is null) Assert.True(ends[i].IsThere);
                else Assert.True(wishes[i].Fate == 0 ? ends[i].Failure is OciException : ends[i].Failure is OperationCanceledException, ends[i].Failure!.ToString());
            }

            Assert.InRange(target.MostAtOnce, 1, Limits.LayersAtOnce);
            Assert.False(target.IsOverlapping);
            // once to each repository, and once more for each who wanted it again
            Assert.All(target.Sent, sent => Assert.InRange(sent.Value, 1, 1 + wishes.Count(wish => wish.Fate == 3 && CountingTarget.Key(wish.Repository, wish.Blob) == sent.Key)));
        }

        Assert.Equal(3600, tried);
    }

    [Fact]
    public async Task A_document_that_was_forgotten_is_written_once_more()
    {
        CountingTarget target = new();
        using BlobQueue queue = new();
        ManifestDocument document = ManifestDocument.Parse("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"""u8.ToArray(), "m");
        ImageLocation name = ImageLocation.Parse($"registry.example.com/app@{document.Digest}");
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => queue.PutDocumentAsync(target, name, document, Stop)));
        Assert.Equal(1, target.Documents);
        queue.Forget(target, name);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => queue.PutDocumentAsync(target, name, document, Stop)));
        Assert.Equal(2, target.Documents);
    }

    // 0 fails where it is its turn, 1 is stopped while it waits or sends, 2 wants the blob, 3 wants it again whatever is there
    private static async Task<(bool IsThere, Exception? Failure)> WantAsync(BlobQueue queue, CountingTarget target, string repository, Descriptor blob, int fate, int seed)
    {
        ImageLocation name = ImageLocation.Parse($"registry.example.com/{repository}:1.0");
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        if (fate == 1) end.CancelAfter(TimeSpan.FromMilliseconds(seed % 8));
        ContentOpener open = (_, _) => fate == 0 ? throw ErrorCatalogue.ReadFailed.Error("m") : Task.FromResult<Stream>(new MemoryStream(s_content));
        try
        {
            await Task.Yield();
            if (fate == 3) await queue.PutAgainAsync(target, name, blob, open, end.Token);
            else await queue.PutAsync(target, name, blob, null, open, end.Token);
            return (target.Has(name, blob), null);
        }
        catch (Exception e) when (e is OciException or OperationCanceledException)
        {
            return (target.Has(name, blob), e);
        }
    }

    // counts what is asked of it
    private sealed class CountingTarget : WrittenTarget
    {
        private readonly ConcurrentDictionary<string, bool> _blobs = new();
        private readonly ConcurrentDictionary<string, int> _running = new();
        private int _atOnce;
        private int _documents;

        internal int MostAtOnce { get; private set; }

        internal bool IsOverlapping { get; private set; }

        internal int Documents => _documents;

        /// <summary>How often each blob came to a repository.</summary>
        internal ConcurrentDictionary<string, int> Sent { get; } = new();

        internal bool Has(ImageLocation name, Descriptor blob) => _blobs.ContainsKey(Key(name.Reference!.Repository, blob));

        public override async Task<bool> HasBlobAsync(ImageLocation location, Descriptor descriptor, CancellationToken cancellationToken)
        {
            await Task.Delay(1, cancellationToken);
            return Has(location, descriptor);
        }

        public override async Task<bool> PutBlobAsync(ImageLocation location, Descriptor descriptor, ImageLocation? source, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
        {
            // what is taken from elsewhere must be there
            if (source is not null && !Has(source, descriptor)) throw new InvalidOperationException("The source has no such blob.");
            lock (_running)
            {
                MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
                if (_running.AddOrUpdate(descriptor.Digest, 1, (_, count) => count + 1) > 1) IsOverlapping = true;
            }

            try
            {
                await using Stream content = await open(cancellationToken);
                await Task.Delay(1, cancellationToken);
                _blobs[Key(location.Reference!.Repository, descriptor)] = true;
                Sent.AddOrUpdate(Key(location.Reference!.Repository, descriptor), 1, (_, count) => count + 1);
                return source is not null;
            }
            finally
            {
                lock (_running)
                {
                    _atOnce--;
                    _running[descriptor.Digest]--;
                }
            }
        }

        public override async Task PutManifestAsync(ImageLocation location, ManifestDocument document, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _documents);
            await Task.Delay(1, cancellationToken);
        }

        internal static string Key(string repository, Descriptor blob) => $"{repository} {blob.Digest}";
    }
}
