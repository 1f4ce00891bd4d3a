using OciTools.Adapters;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>How blobs and manifests get into a registry.</summary>
public sealed class UploadTests
{
    private static readonly byte[] s_blob = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blob_takes_a_POST_and_a_PUT()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        Assert.False(await PutAsync(registry, s_blob));
        Assert.Equal(["POST /v2/team/app/blobs/uploads/", "PUT /v2/team/app/blobs/uploads/X"], uploads.Writes);
        ReceivedRequest put = registry.Requests.Last();
        Assert.Equal(s_blob, put.Body);
        Assert.Equal("300000", put.Header("Content-Length"));
        Assert.Equal("application/octet-stream", put.Header("Content-Type"));
        Assert.Equal(s_blob.LongLength, await Open(registry).FindBlobAsync(At(registry), Of(s_blob), Stop));
    }

    [Fact]
    public async Task An_empty_blob_is_written_too()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry);
        await PutAsync(registry, []);
        Assert.Equal("0", registry.Requests.Last().Header("Content-Length"));
    }

    // what a registry may say of where the upload goes, and what is made of it
    [Fact]
    public async Task An_upload_goes_where_the_registry_says_as_far_as_that_is_safe()
    {
        Figure figure = new("B3, Locations of uploads");
        await using FakeRegistry elsewhere = await FakeRegistry.StartAsync();
        (string Location, string? Error)[] forms =
        [
            ("{path}", null), ("{path}?_state=a%2Bb%3D", null), ("{path}?digest_hint=x&_state=%7B%22a%22%3A1%7D", null), ("{origin}{path}", null), ("{origin}{path}?_state=x", null), ("//{host}{path}", null),
            ("../uploads/{id}", null), ("{path}#part", null), ("{other}{path}", null),
            ("", "ProtocolViolation"), ("http://user:secret@{host}{path}", "RedirectRefused"), ("http://user@{host}{path}", "RedirectRefused"), ("ftp://{host}{path}", "RedirectRefused"),
            ("file://{path}", "RedirectRefused"), ("javascript:alert(1)", "RedirectRefused"), ("{path} x", "RedirectRefused"), ("{origin}\\{path}", "RedirectRefused"),
            ("http://169.254.169.254{path}", "RedirectRefused"), ("http://metadata.google.internal{path}", "RedirectRefused"), ("http://[fe80::1]{path}", "RedirectRefused"), ("http://", "RedirectRefused"),
        ];
        foreach ((string form, string? error) in forms)
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync();
            FakeUploads uploads = new(registry);
            FakeUploads other = new(elsewhere) { Before = request => request.Method == "PUT" ? new Fault { Status = 201, Body = _ => [] } : null };
            uploads.LocationOf = path => form.Replace("{path}", path, StringComparison.Ordinal).Replace("{id}", path[(path.LastIndexOf('/') + 1)..], StringComparison.Ordinal)
                .Replace("{origin}", registry.Address.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("{host}", registry.Host, StringComparison.Ordinal)
                .Replace("{other}", elsewhere.Address.ToString().TrimEnd('/'), StringComparison.Ordinal);
            string? found = null;
            try
            {
                await PutAsync(registry, s_blob, new RegistryAccess { Credential = new("canary-user", "canary-password") });
            }
            catch (OciException e)
            {
                found = e.ErrorId;
            }

            bool isKept = elsewhere.Requests.All(r => r.Header("Authorization") is null) && registry.Requests.All(r => !r.Path.Contains("secret", StringComparison.Ordinal));
            string query = registry.Requests.LastOrDefault(r => r.Method == "PUT")?.Query ?? "";
            bool isWhole = error is not null || form.Contains("{other}", StringComparison.Ordinal) || !form.Contains("_state", StringComparison.Ordinal) || query.Contains(form[form.IndexOf("_state", StringComparison.Ordinal)..], StringComparison.Ordinal);
            figure.Check(form, found == error && isKept && isWhole, $"{found}, {query}");
        }

        Assert.Contains(elsewhere.Requests, r => r.Method == "PUT" && r.Body.AsSpan().SequenceEqual(s_blob));
        figure.Report(20);
    }

    [Fact]
    public async Task What_is_too_large_for_one_request_goes_in_pieces()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry) { Before = request => request is { Method: "PUT", Body.Length: > 1_000_000 } ? new Fault { Status = 413 } : null };
        byte[] blob = [.. Enumerable.Range(0, 10_000_000).Select(i => (byte)(i * 17 >> 5))];
        await PutAsync(registry, blob);
        Assert.Equal(["0-4194303", "4194304-8388607", "8388608-9999999"], registry.Requests.Where(r => r.Method == "PATCH").Select(r => r.Header("Content-Range")));
        Assert.Equal(blob.LongLength, await Open(registry).FindBlobAsync(At(registry), Of(blob), Stop));
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_lost_upload_starts_anew_and_its_session_is_ended(int status)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        int failed = 0;
        FakeUploads uploads = new(registry) { Before = request => request.Method == "PUT" && Interlocked.Increment(ref failed) == 1 ? new Fault { Status = status } : null };
        await PutAsync(registry, s_blob);
        Assert.Equal(["POST", "PUT", "DELETE", "POST", "PUT"], uploads.Writes.Select(w => w.Split(' ')[0]));
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Fact]
    public async Task Three_lost_uploads_are_an_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry) { Before = request => request.Method == "PUT" ? new Fault { Status = 404 } : null };
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => PutAsync(registry, s_blob));
        Assert.Equal("UploadLost", error.ErrorId);
        Assert.Equal(3, uploads.Writes.Count(w => w.StartsWith("PUT", StringComparison.Ordinal)));
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Fact]
    public async Task An_answer_that_was_lost_on_its_way_is_found_out()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        uploads.Before = request =>
        {
            if (request.Method != "PUT") return null;
            registry.AddBlob("team/app", request.Body);
            return new Fault { Reset = true };
        };
        await PutAsync(registry, s_blob);
        Assert.Single(uploads.Writes, w => w.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_source_that_is_not_what_it_should_be_is_not_sent_twice_and_leaves_no_session()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        Descriptor wanted = new("application/octet-stream", Digest.Compute([1, 2, 3]), s_blob.Length);
        int opened = 0;
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => Open(registry).PutBlobAsync(At(registry), wanted, null, _ =>
        {
            opened++;
            return Task.FromResult<Stream>(new VerifiedStream(new MemoryStream(s_blob), wanted, "The blob"));
        }, Stop));
        Assert.Equal("DigestMismatch", error.ErrorId);
        Assert.Equal(1, opened);
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Theory]
    [InlineData(201, null)]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "UploadLost")]
    [InlineData(0, "ConnectionFailed")]
    public async Task What_an_upload_is_read_from_is_closed_whatever_comes_of_it(int status, string? expected)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry) { Before = request => request.Method == "PUT" && status != 201 ? new Fault { Status = status, Reset = status == 0 } : null };
        List<MemoryStream> opened = [];
        Exception? error = await Record.ExceptionAsync(() => Open(registry).PutBlobAsync(At(registry), Of(s_blob), null, _ =>
        {
            opened.Add(new MemoryStream(s_blob));
            return Task.FromResult<Stream>(opened[^1]);
        }, Stop));
        Assert.Equal(expected, (error as OciException)?.ErrorId);
        Assert.NotEmpty(opened);
        Assert.All(opened, stream => Assert.False(stream.CanRead));
    }

    [Fact]
    public async Task A_body_that_the_connection_sends_again_is_read_again()
    {
        List<MemoryStream> opened = [];
        RegistryBody body = new("application/octet-stream", s_blob.Length, _ =>
        {
            opened.Add(new MemoryStream(s_blob));
            return Task.FromResult<Stream>(opened[^1]);
        });
        using CancellationTokenSource stalled = new();
        using (UploadContent content = new(await body.OpenAsync(Stop), body, new BodyPace(), stalled))
        {
            for (int i = 0; i < 3; i++)
            {
                using MemoryStream sent = new();
                await content.CopyToAsync(sent, Stop);
                Assert.Equal(s_blob, sent.ToArray());
            }
        }

        Assert.Equal(3, opened.Count);
        Assert.All(opened, stream => Assert.False(stream.CanRead));
    }

    [Fact]
    public async Task A_registry_that_is_away_for_a_moment_before_an_upload_starts_is_asked_again()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        int failed = 0;
        FakeUploads uploads = new(registry) { Before = request => request.Method == "POST" && ++failed <= 2 ? new Fault { Reset = failed == 1, Status = 503 } : null };
        Assert.Null(await Open(registry).FindBlobAsync(At(registry), Of(s_blob), Stop));
        await PutAsync(registry, s_blob);
        Assert.Equal(["POST", "POST", "POST", "PUT"], uploads.Writes.Select(w => w.Split(' ')[0]));
    }

    [Theory]
    [InlineData("DIGEST_INVALID")]
    [InlineData("BLOB_UPLOAD_INVALID")]
    [InlineData("SIZE_INVALID")]
    public async Task An_upload_that_got_other_bytes_on_its_way_starts_anew(string code)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        int failed = 0;
        FakeUploads uploads = new(registry) { Before = request => request.Method == "PUT" && ++failed == 1 ? Fault.Json(400, $$"""{"errors":[{"code":"{{code}}","message":"m"}]}""") : null };
        await PutAsync(registry, s_blob);
        Assert.Equal(["POST", "PUT", "DELETE", "POST", "PUT"], uploads.Writes.Select(w => w.Split(' ')[0]));
    }

    [Fact]
    public async Task A_stopped_upload_leaves_no_session()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry) { Before = request => request.Method == "PUT" ? new Fault { Delay = TimeSpan.FromSeconds(30) } : null };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<bool> running = PutAsync(registry, s_blob, stop: stop.Token);
        while (uploads.Writes.Length < 2) await Task.Delay(10, Stop);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Fact]
    public async Task An_upload_that_is_stopped_while_its_session_is_opened_leaves_none()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry)
        {
            Before = request =>
            {
                if (request.Method == "POST") Thread.Sleep(300);
                return null;
            },
        };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<bool> running = PutAsync(registry, s_blob, stop: stop.Token);
        while (uploads.Writes.Length < 1) await Task.Delay(10, Stop);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["POST", "DELETE"], uploads.Writes.Select(w => w.Split(' ')[0]));
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Fact]
    public async Task A_registry_that_takes_something_else_is_not_believed()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        string other = Digest.Compute([9]).ToString();
        _ = new FakeUploads(registry)
        {
            Before = request => request.Method == "PUT" ? Fault.WithHeaders(("Docker-Content-Digest", other)) with { Status = 201 } : null,
        };
        Assert.Equal("DigestMismatch", (await Assert.ThrowsAnyAsync<OciException>(() => PutAsync(registry, s_blob))).ErrorId);
        ManifestDocument document = Manifest();
        Assert.Equal("DigestMismatch", (await Assert.ThrowsAnyAsync<OciException>(() => Open(registry).PutManifestAsync(At(registry), document, Stop))).ErrorId);
    }

    [Theory]
    [InlineData(true, 0, true, "POST")]
    [InlineData(false, 0, false, "POST,PUT")]
    [InlineData(false, 403, false, "POST,POST,PUT")]
    [InlineData(false, 405, false, "POST,POST,PUT")]
    public async Task A_blob_is_taken_from_another_repository_where_the_registry_does_so(bool mountable, int status, bool mounted, string writes)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry) { Before = request => status > 0 && request.Query.Contains("mount=", StringComparison.Ordinal) ? new Fault { Status = status } : null };
        if (mountable) uploads.Mountable.Add("other/app");
        ImageLocation source = ImageLocation.Parse($"{registry.Host}/other/app:1.0");
        Assert.Equal(mounted, await Open(registry).PutBlobAsync(At(registry), Of(s_blob), source, _ => Task.FromResult<Stream>(new MemoryStream(s_blob)), Stop));
        Assert.Equal(writes, string.Join(',', uploads.Writes.Select(w => w.Split(' ')[0])));
        Assert.Contains($"mount={Uri.EscapeDataString(Of(s_blob).Digest)}&from=other%2Fapp", registry.Requests.First().Query, StringComparison.Ordinal);
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Fact]
    public async Task What_is_there_is_not_sent_where_nothing_is_taken_from_another_repository()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        registry.AddBlob("team/app", s_blob);
        ImageLocation source = ImageLocation.Parse($"{registry.Host}/other/app:1.0");
        Assert.True(await Open(registry).PutBlobAsync(At(registry), Of(s_blob), source, _ => throw new InvalidOperationException("It was opened."), Stop));
        Assert.Equal(["POST", "DELETE"], uploads.Writes.Select(w => w.Split(' ')[0]));
        Assert.Equal(0, uploads.OpenSessions);
    }

    [Fact]
    public async Task A_token_is_asked_for_with_the_right_to_push()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Add("/token", """{"token":"abc","expires_in":300}"""u8.ToArray(), "application/json");
        _ = new FakeUploads(registry)
        {
            Before = request => request.Path.StartsWith("/v2/", StringComparison.Ordinal) && request.Header("Authorization") != "Bearer abc"
                ? Fault.Challenge($"Bearer realm=\"{registry.Address}token\",service=\"test\"")
                : null,
        };
        await PutAsync(registry, s_blob);
        ReceivedRequest token = Assert.Single(registry.Requests, r => r.Path == "/token");
        Assert.Contains("scope=repository%3Ateam%2Fapp%3Apull%2Cpush", token.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_that_may_not_be_read_is_not_mounted_from()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Add("/token", """{"token":"abc","expires_in":300}"""u8.ToArray(), "application/json");
        FakeUploads uploads = new(registry);
        uploads.Before = request => request.Path == "/token" ? request.Query.Contains("other", StringComparison.Ordinal) ? new Fault { Status = 403 } : null
            : request.Path.StartsWith("/v2/", StringComparison.Ordinal) && request.Header("Authorization") != "Bearer abc" ? Fault.Challenge($"Bearer realm=\"{registry.Address}token\",service=\"test\"")
            : null;
        ImageLocation source = ImageLocation.Parse($"{registry.Host}/other/app:1.0");
        Assert.False(await Open(registry).PutBlobAsync(At(registry), Of(s_blob), source, _ => Task.FromResult<Stream>(new MemoryStream(s_blob)), Stop));
        Assert.Equal(s_blob.LongLength, await Open(registry).FindBlobAsync(At(registry), Of(s_blob), Stop));
    }

    [Fact]
    public async Task A_manifest_is_written_with_its_exact_bytes_and_type()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        int failed = 0;
        _ = new FakeUploads(registry) { Before = request => request.Method == "PUT" && ++failed <= 2 ? new Fault { Status = 503 } : null };
        ManifestDocument document = Manifest();
        await Open(registry).PutManifestAsync(At(registry), document, Stop);
        ReceivedRequest put = registry.Requests.Last();
        Assert.Equal("PUT /v2/team/app/manifests/1.0", put.ToString());
        Assert.Equal(document.GetBytes(), put.Body);
        Assert.Equal(MediaTypes.OciManifest, put.Header("Content-Type"));
        Assert.Equal(3, failed);
    }

    [Fact]
    public async Task A_manifest_that_is_refused_says_why()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry)
        {
            Before = request => request.Method == "PUT" ? Fault.Json(400, """{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}""") : null,
        };
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => Open(registry).PutManifestAsync(At(registry), Manifest(), Stop));
        Assert.Equal("BlobNotFound", error.ErrorId);
        Assert.Contains("MANIFEST_BLOB_UNKNOWN (blob unknown to registry)", error.Message, StringComparison.Ordinal);
        Assert.Contains("written", error.Message, StringComparison.Ordinal);
    }

    private static ManifestDocument Manifest() => ManifestDocument.Parse(System.Text.Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Of(s_blob).Digest}}","size":{{s_blob.Length}}},"layers":[], "x":1}"""), "test");

    private static RegistryStore Open(FakeRegistry registry, RegistryAccess? access = null) => new(registry.Host, new ModuleAdapters(), access ?? new RegistryAccess(), FixedCredentials.None);

    private static ImageLocation At(FakeRegistry registry) => ImageLocation.Parse($"{registry.Host}/team/app:1.0");

    private static Descriptor Of(byte[] bytes) => new("application/octet-stream", Digest.Compute(bytes), bytes.Length);

    private static Task<bool> PutAsync(FakeRegistry registry, byte[] bytes, RegistryAccess? access = null, CancellationToken? stop = null) =>
        Open(registry, access).PutBlobAsync(At(registry), Of(bytes), null, _ => Task.FromResult<Stream>(new MemoryStream(bytes)), stop ?? Stop);
}
