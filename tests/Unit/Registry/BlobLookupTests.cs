using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class BlobLookupTests
{
    private static readonly byte[] s_blob = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_HEAD_tells_the_size_of_a_blob()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        Assert.Equal(5000, await FindAsync(registry));
        Assert.Equal($"HEAD /v2/app/blobs/{Digest.Compute(s_blob)}", Assert.Single(registry.Requests).ToString());
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_no_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Assert.Null(await FindAsync(registry));
        registry.OnRequest = request => new Fault { Status = request.Method == "HEAD" ? 405 : 404 };
        Assert.Null(await FindAsync(registry));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(405)]
    [InlineData(501)]
    public async Task Where_HEAD_is_refused_the_head_of_a_GET_tells_the_size(int status)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = request => request.Method == "HEAD" ? new Fault { Status = status } : null;
        Assert.Equal(5000, await FindAsync(registry));
    }

    [Fact]
    public async Task Where_HEAD_tells_no_length_a_GET_may_and_else_the_size_is_unknown()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = request => request.Method == "HEAD" ? Fault.WithHeaders(("Content-Length", null)) : null;
        Assert.Equal(5000, await FindAsync(registry));
        registry.OnRequest = _ => Fault.WithHeaders(("Content-Length", null));
        Assert.Equal(-1, await FindAsync(registry));
    }

    [Theory]
    [InlineData(401, "Unauthorized")]
    [InlineData(500, "ServerFailed")]
    [InlineData(429, "RateLimited")]
    public async Task Other_answers_are_errors(int status, string errorId)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = _ => new Fault { Status = status, Headers = new Dictionary<string, string?> { ["Retry-After"] = "100" } };
        Assert.Equal(errorId, (await Assert.ThrowsAnyAsync<OciException>(() => FindAsync(registry))).ErrorId);
        Assert.Equal(errorId, (await Assert.ThrowsAnyAsync<OciException>(() => ReadPartAsync(registry, 0, 4))).ErrorId);
    }

    [Fact]
    public async Task Bytes_of_a_blob_are_asked_for_by_a_range()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        Assert.Equal(s_blob[..18], await ReadPartAsync(registry, 0, 18));
        Assert.Equal(s_blob[4996..], await ReadPartAsync(registry, 4996, 4));
        Assert.Equal(s_blob[4998..], await ReadPartAsync(registry, 4998, 100));
        Assert.Equal(["bytes=0-17", "bytes=4996-4999", "bytes=4998-5097"], registry.Requests.Select(r => r.Header("Range")));
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(400, null)]
    [InlineData(403, null)]
    [InlineData(416, null)]
    [InlineData(206, null)]
    [InlineData(206, "bytes 0-3/5000")]
    [InlineData(206, "bytes 4995-4999/5000")]
    [InlineData(206, "bytes 4996-4998/5000")]
    [InlineData(206, "items 4996-4999/5000")]
    public async Task What_is_not_the_range_asked_for_is_not_taken(int status, string? contentRange)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddBlob("app", s_blob);
        registry.OnRequest = _ => new Fault { Status = status, Body = _ => s_blob, Headers = new Dictionary<string, string?> { ["Content-Range"] = contentRange } };
        Assert.Null(await ReadPartAsync(registry, 4996, 4));
    }

    [Fact]
    public async Task A_blob_that_comes_whole_instead_is_not_read()
    {
        const int size = 256 * 1024 * 1024;
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        long sent = 0;
        TaskCompletionSource left = new();
        registry.OnRequest = _ => new Fault
        {
            Answer = async context =>
            {
                context.Response.ContentLength = size;
                byte[] block = new byte[64 * 1024];
                try
                {
                    while (sent < size && !context.RequestAborted.IsCancellationRequested)
                    {
                        await context.Response.Body.WriteAsync(block, context.RequestAborted);
                        await context.Response.Body.FlushAsync(context.RequestAborted);
                        sent += block.Length;
                        await Task.Delay(1, context.RequestAborted);
                    }
                }
                catch (OperationCanceledException)
                {
                }

                left.TrySetResult();
            },
        };
        Assert.Null(await ReadPartAsync(registry, size - 4, 4));
        await left.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        Assert.InRange(sent, 0, size / 4);
    }

    [Fact]
    public async Task Bytes_of_a_blob_that_is_not_there_are_an_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        Assert.Equal("BlobNotFound", (await Assert.ThrowsAsync<NotFoundException>(() => ReadPartAsync(registry, 0, 4))).ErrorId);
    }

    private static Task<long?> FindAsync(FakeRegistry registry) =>
        Open(registry).FindBlobAsync(RegistrySession.At(registry), RegistrySession.DescriptorOf(s_blob), Stop);

    private static Task<byte[]?> ReadPartAsync(FakeRegistry registry, long offset, int count) =>
        Open(registry).ReadUnverifiedPartAsync(RegistrySession.At(registry), RegistrySession.DescriptorOf(s_blob), offset, count, Stop);

    private static RegistryStore Open(FakeRegistry registry) => new RegistrySession().Open(registry.Host);
}
