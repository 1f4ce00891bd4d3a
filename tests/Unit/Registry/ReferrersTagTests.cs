using System.Text;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class ReferrersTagTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sha256", "sha256-", 71)]
    [InlineData("sha512", "sha512-", 71)]
    public void The_tag_of_a_subject_is_its_digest_as_far_as_it_goes_in(string algorithm, string start, int length)
    {
        Digest subject = Digest.Compute([1], algorithm);
        string tag = ReferrersTag.NameOf(subject);
        Assert.Equal(length, tag.Length);
        Assert.Equal(start + subject.Hex[..64], tag);
    }

    [Fact]
    public Task Many_that_attach_to_one_image_at_once_all_stay_on_its_list() => AttachAsync(rounds: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public Task Many_that_attach_to_one_image_at_once_all_stay_on_its_list_each_time() => AttachAsync(rounds: 20);

    private static async Task AttachAsync(int rounds)
    {
        await using RealRegistry registry = await RealRegistry.StartAsync();
        Figure figure = new("attached at once to a real registry");
        for (int round = 0; round < rounds; round++)
        {
            // clients that share nothing, as processes do
            RegistryStore[] clients = [.. Enumerable.Range(0, 16).Select(_ => new RegistrySession(time: TimeProvider.System).Open(registry.Host))];
            ImageLocation repository = ImageLocation.Parse($"{registry.Host}/race{round}:x");
            await PutBlobAsync(clients[0], repository);
            ManifestDocument subject = Artifact("image", null);
            await clients[0].PutManifestAsync(repository, subject, Stop);
            ManifestDocument[] artifacts = [.. Enumerable.Range(0, 16).Select(i => Artifact($"artifact {i}", subject))];
            await Task.WhenAll(clients.Select((client, i) => Task.Run(() => client.PutManifestAsync(client.Child(repository, artifacts[i].GetDigest()), artifacts[i], Stop), Stop)));
            List<string> listed = await ListAsync(registry, repository, subject);
            foreach (ManifestDocument artifact in artifacts) figure.Check($"round {round}, {artifact.Digest}", listed.Contains(artifact.Digest), "is not on the list");
            Assert.Equal(16, listed.Count);
        }

        figure.Report(16 * rounds);
    }

    [Fact]
    public Task What_is_removed_goes_off_its_list_while_others_attach_and_remove() => RemoveAsync(rounds: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public Task What_is_removed_goes_off_its_list_while_others_attach_and_remove_each_time() => RemoveAsync(rounds: 20);

    private static async Task RemoveAsync(int rounds)
    {
        await using RealRegistry registry = await RealRegistry.StartAsync();
        Figure figure = new("attached and removed at once in a real registry");
        for (int round = 0; round < rounds; round++)
        {
            RegistryStore[] clients = [.. Enumerable.Range(0, 16).Select(_ => new RegistrySession(time: TimeProvider.System).Open(registry.Host))];
            ImageLocation repository = ImageLocation.Parse($"{registry.Host}/removal{round}:x");
            await PutBlobAsync(clients[0], repository);
            ManifestDocument subject = Artifact("image", null);
            await clients[0].PutManifestAsync(repository, subject, Stop);
            ManifestDocument[] artifacts = [.. Enumerable.Range(0, 16).Select(i => Artifact($"artifact {i}", subject))];
            await Task.WhenAll(artifacts.Take(8).Select(artifact => clients[0].PutManifestAsync(clients[0].Child(repository, artifact.GetDigest()), artifact, Stop)));
            await Task.WhenAll(clients.Select((client, i) => Task.Run(async () =>
            {
                ImageLocation name = client.Child(repository, artifacts[i].GetDigest());
                if (i >= 8)
                {
                    await client.PutManifestAsync(name, artifacts[i], Stop);
                    return;
                }

                await client.RemoveAsync(name, Stop);
                await client.UnlistAsync(repository, subject.GetDigest(), [artifacts[i].GetDigest()], Stop);
            }, Stop)));
            List<string> listed = await ListAsync(registry, repository, subject);
            for (int i = 0; i < artifacts.Length; i++) figure.Check($"round {round}, {i}", listed.Contains(artifacts[i].Digest) == i >= 8, i < 8 ? "is on the list" : "is not on the list");
            Assert.Equal(8, listed.Count);
        }

        figure.Report(16 * rounds);
    }

    [Fact]
    public async Task A_list_that_still_names_what_was_taken_off_it_is_an_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        ManifestDocument subject = Artifact("image", null);
        Digest gone = Digest.Compute([7]);
        registry.AddManifest("app", $"sha256-{subject.GetDigest().Hex}", $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{gone}}","size":5}]}""", MediaTypes.OciIndex);
        uploads.Before = request => request.Method == "PUT" && request.Path.Contains("/manifests/sha256-", StringComparison.Ordinal) ? new Fault { Status = 201, Headers = new Dictionary<string, string?> { ["Docker-Content-Digest"] = null } } : null;
        RegistryAccess quick = RegistrySession.Access with { Pace = new OciTools.Stores.Http.BodyPace { Time = new JumpingTime(DateTimeOffset.UtcNow), IdleTimeout = Timeout.InfiniteTimeSpan } };
        RegistryStore store = new RegistrySession().Open(registry.Host, quick);

        // what it does not name needs no writing
        await store.UnlistAsync(RegistrySession.At(registry), subject.GetDigest(), [Digest.Compute([8])], Stop);
        await store.UnlistAsync(RegistrySession.At(registry), Digest.Compute([9]), [gone], Stop);
        Assert.DoesNotContain(registry.Requests, request => request.Method == "PUT");
        ConflictException error = await Assert.ThrowsAsync<ConflictException>(() => store.UnlistAsync(RegistrySession.At(registry), subject.GetDigest(), [gone], Stop));
        Assert.Equal("NotRemoved", error.ErrorId);
    }

    [Fact]
    public async Task Several_of_one_command_are_added_together()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry);
        RegistryStore store = new RegistrySession().Open(registry.Host);
        ImageLocation repository = RegistrySession.At(registry);
        ManifestDocument subject = Artifact("image", null);
        ManifestDocument[] artifacts = [.. Enumerable.Range(0, 20).Select(i => Artifact($"artifact {i}", subject))];
        await Task.WhenAll(artifacts.Select(artifact => store.PutManifestAsync(store.Child(repository, artifact.GetDigest()), artifact, Stop)));
        string tag = $"/v2/app/manifests/sha256-{subject.GetDigest().Hex}";
        Assert.InRange(registry.Requests.Count(request => request.Method == "PUT" && request.Path == tag), 1, 3);
        Assert.Equal(20, ((ImageIndex)ManifestDocument.Parse(registry.Content[tag], "the list")).Manifests.Count);
    }

    [Fact]
    public async Task A_registry_that_lists_by_itself_gets_no_tag()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        uploads.Before = request => request.Method == "PUT" && request.Path.Contains("/manifests/", StringComparison.Ordinal) ? new Fault { Status = 201, Headers = new Dictionary<string, string?> { ["OCI-Subject"] = "yes" } } : null;
        RegistryStore store = new RegistrySession().Open(registry.Host);
        ManifestDocument artifact = Artifact("an artifact", Artifact("image", null));
        await store.PutManifestAsync(RegistrySession.At(registry, "app:signature"), artifact, Stop);
        Assert.Equal([$"PUT /v2/app/manifests/{artifact.Digest}", "PUT /v2/app/manifests/signature"], uploads.Writes);
    }

    [Fact]
    public async Task An_entry_says_what_the_artifact_is_and_what_others_wrote_stays()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry);
        RegistryStore store = new RegistrySession().Open(registry.Host);
        ManifestDocument subject = Artifact("image", null);
        string tag = $"sha256-{subject.GetDigest().Hex}";
        string theirs = $$"""{"schemaVersion":2,"x-own":[1],"manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Digest.Compute([5])}}","size":5,"x-note":"caf\u00e9"}],"mediaType":"{{MediaTypes.OciIndex}}"}""";
        registry.AddManifest("app", tag, theirs, MediaTypes.OciIndex);
        ManifestDocument artifact = Artifact("an artifact", subject);
        await store.PutManifestAsync(RegistrySession.At(registry, "app:signature"), artifact, Stop);
        string after = Encoding.UTF8.GetString(registry.Content[$"/v2/app/manifests/{tag}"]);
        Assert.StartsWith("""{"schemaVersion":2,"x-own":[1],"manifests":[{""", after, StringComparison.Ordinal);
        Assert.Contains("\"x-note\":\"café\"", after, StringComparison.Ordinal);
        Assert.Contains($$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{artifact.Digest}}","size":{{artifact.Size}},"artifactType":"application/vnd.example","annotations":{"name":"an artifact"} }""".Replace("\"} }", "\"}}", StringComparison.Ordinal), after, StringComparison.Ordinal);

        // once more changes nothing
        await store.PutManifestAsync(RegistrySession.At(registry, "app:again"), artifact, Stop);
        Assert.Equal(after, Encoding.UTF8.GetString(registry.Content[$"/v2/app/manifests/{tag}"]));
    }

    [Fact]
    public async Task An_image_under_the_tag_of_a_list_is_not_overwritten()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        _ = new FakeUploads(registry);
        RegistryStore store = new RegistrySession().Open(registry.Host);
        ManifestDocument subject = Artifact("image", null);
        string tag = $"sha256-{subject.GetDigest().Hex}";
        registry.AddManifest("app", tag, Artifact("another", null).GetBytes(), MediaTypes.OciManifest);
        ConflictException error = await Assert.ThrowsAsync<ConflictException>(() => store.PutManifestAsync(RegistrySession.At(registry, "app:signature"), Artifact("an artifact", subject), Stop));
        Assert.Equal("TagExists", error.ErrorId);
        Assert.False(registry.Content.ContainsKey("/v2/app/manifests/signature"), "what has a tag is on the list");
    }

    [Fact]
    public async Task A_registry_that_does_not_keep_the_list_is_an_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeUploads uploads = new(registry);
        uploads.Before = request => request.Method == "PUT" && request.Path.Contains("/manifests/sha256-", StringComparison.Ordinal) ? new Fault { Status = 201 } : null;
        RegistryAccess quick = RegistrySession.Access with { Pace = new OciTools.Stores.Http.BodyPace { Time = new JumpingTime(DateTimeOffset.UtcNow) } };
        RegistryStore store = new RegistrySession().Open(registry.Host, quick);
        UnreachableException error = await Assert.ThrowsAsync<UnreachableException>(() => store.PutManifestAsync(RegistrySession.At(registry, "app:signature"), Artifact("an artifact", Artifact("image", null)), Stop));
        Assert.Equal("ReferrerNotListed", error.ErrorId);
    }

    [Fact]
    public async Task What_was_deleted_is_taken_off_a_list_that_the_registry_does_not_take_with_it()
    {
        await using RealRegistry registry = await RealRegistry.StartAsync();
        RegistryStore store = new RegistrySession().Open(registry.Host);
        ImageLocation repository = ImageLocation.Parse($"{registry.Host}/deleted:x");
        await PutBlobAsync(store, repository);
        ManifestDocument subject = Artifact("image", null);
        await store.PutManifestAsync(repository, subject, Stop);
        ManifestDocument first = Artifact("first", subject);
        await store.PutManifestAsync(store.Child(repository, first.GetDigest()), first, Stop);
        Assert.Equal([first.Digest], await ListAsync(registry, repository, subject));
        using HttpClient http = new();
        using HttpResponseMessage deleted = await http.DeleteAsync(new Uri($"http://{registry.Host}/v2/deleted/manifests/{first.Digest}"), Stop);
        Assert.True(deleted.IsSuccessStatusCode);
        ManifestDocument second = Artifact("second", subject);
        await store.PutManifestAsync(store.Child(repository, second.GetDigest()), second, Stop);
        Assert.Equal([second.Digest], await ListAsync(registry, repository, subject));
    }

    [Fact]
    public async Task What_is_deleted_while_the_list_is_looked_through_does_not_end_the_adding()
    {
        await using RealRegistry registry = await RealRegistry.StartAsync();
        await using UploadFront front = await UploadFront.StartAsync(registry);
        using HttpClient http = new();
        RegistryStore store = new RegistrySession().Open(front.Host);
        ImageLocation repository = ImageLocation.Parse($"{front.Host}/between:x");
        await PutBlobAsync(store, repository);
        ManifestDocument subject = Artifact("image", null);
        await store.PutManifestAsync(repository, subject, Stop);
        ManifestDocument[] artifacts = [.. Enumerable.Range(0, 5).Select(i => Artifact($"artifact {i}", subject))];
        foreach (ManifestDocument artifact in artifacts.Take(4)) await store.PutManifestAsync(store.Child(repository, artifact.GetDigest()), artifact, Stop);

        // before each of the first writes of the list another client deletes one more of what it names
        int deleted = 0;
        front.Lie = async request =>
        {
            if (request.Method != "PUT" || !request.Path.Contains("/manifests/sha256-", StringComparison.Ordinal) || deleted == 3) return null;
            using HttpResponseMessage answer = await http.DeleteAsync(new Uri($"http://{registry.Host}/v2/between/manifests/{artifacts[deleted++].Digest}"), Stop);
            Assert.True(answer.IsSuccessStatusCode);
            return null;
        };
        await store.PutManifestAsync(store.Child(repository, artifacts[4].GetDigest()), artifacts[4], Stop);
        Assert.Equal(3, deleted);
        Assert.Equal([artifacts[3].Digest, artifacts[4].Digest], await ListAsync(registry, repository, subject));
    }

    // read with a client that is not ours
    private static async Task<List<string>> ListAsync(RealRegistry registry, ImageLocation repository, ManifestDocument subject)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.Add("Accept", MediaTypes.OciIndex);
        string json = await http.GetStringAsync(new Uri($"http://{registry.Host}/v2/{repository.Reference!.Repository}/manifests/sha256-{subject.GetDigest().Hex}"), Stop);
        using System.Text.Json.JsonDocument list = System.Text.Json.JsonDocument.Parse(json);
        return [.. list.RootElement.GetProperty("manifests").EnumerateArray().Select(entry => entry.GetProperty("digest").GetString()!)];
    }

    private static Task PutBlobAsync(RegistryStore store, ImageLocation repository) =>
        store.PutBlobAsync(repository, new Descriptor(MediaTypes.OciEmpty, Digest.Compute("{}"u8), 2), null, _ => Task.FromResult<Stream>(new MemoryStream("{}"u8.ToArray())), Stop);

    private static ManifestDocument Artifact(string name, ManifestDocument? subject)
    {
        string empty = $$"""{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{Digest.Compute("{}"u8)}}","size":2}""";
        string refers = subject is null ? "" : $$""","subject":{"mediaType":"{{subject.MediaType}}","digest":"{{subject.Digest}}","size":{{subject.Size}}}""";
        return ManifestDocument.Parse(Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/vnd.example","config":{{empty}},"layers":[{{empty}}]{{refers}},"annotations":{"name":"{{name}}"} }"""), name);
    }
}
