using OciTools.Stores;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Digests, sizes and headers that do not tell the truth, on every kind of object that is read.</summary>
public sealed class LyingRegistryTests(ITestOutputHelper output)
{
    private static readonly byte[] s_layer = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 31))];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private sealed record Lie(string Name, Fault Fault, Func<RegistryStore, FakeRegistry, Digest, Task> Read);

    private static byte[] Flip(byte[] bytes, int at)
    {
        byte[] changed = [.. bytes];
        changed[at % changed.Length] ^= (byte)(1 << (at % 8));
        return changed;
    }

    private static IEnumerable<Lie> Lies()
    {
        static Task ByTag(RegistryStore store, FakeRegistry registry, Digest digest) => store.ReadManifestAsync(RegistrySession.At(registry), Stop);
        static Task ByDigest(RegistryStore store, FakeRegistry registry, Digest digest) => store.ReadManifestAsync(RegistrySession.At(registry, $"app@{digest}"), Stop);
        static Task Resolve(RegistryStore store, FakeRegistry registry, Digest digest) => store.ResolveAsync(RegistrySession.At(registry, $"app@{digest}"), Stop);
        static Task Blob(RegistryStore store, FakeRegistry registry, Digest digest) =>
            RegistrySession.RunAsync("blob", store, RegistrySession.At(registry), RegistrySession.DescriptorOf(s_layer), Stop);

        foreach (string algorithm in new[] { "sha256", "sha384", "sha512" })
        {
            Fault other = Fault.WithHeaders(("Docker-Content-Digest", Digest.Compute([9], algorithm).ToString()));
            yield return new Lie($"tag with a wrong {algorithm}", other, ByTag);
            yield return new Lie($"digest with a wrong {algorithm}", other, ByDigest);
            yield return new Lie($"resolve with a wrong {algorithm}", other, Resolve);
        }

        for (int i = 0; i < 10; i++)
        {
            Digest near = Digest.Compute([(byte)i]);
            yield return new Lie($"resolve with another digest {i}", Fault.WithHeaders(("Docker-Content-Digest", near.ToString())), Resolve);
        }

        for (int i = 0; i < 20; i++)
        {
            int at = i * 37;
            yield return new Lie($"manifest by digest, bit flipped at {at}", new Fault { Body = b => Flip(b, at) }, ByDigest);
            yield return new Lie($"manifest by tag, bit flipped at {at} under the old digest", new Fault { Body = b => Flip(b, at) }, ByTag);
            yield return new Lie($"blob, bit flipped at {at * 7}", new Fault { Body = b => Flip(b, at * 7) }, Blob);
        }

        foreach (int length in new[] { 0, 1, 2, 50, 200 })
        {
            yield return new Lie($"manifest by digest, {length} bytes short", new Fault { Body = b => b[..Math.Max(0, b.Length - 1 - length)] }, ByDigest);
            yield return new Lie($"manifest by digest, {length} bytes long", new Fault { Body = b => [.. b, .. new byte[length + 1]] }, ByDigest);
            yield return new Lie($"manifest by digest, {length} blanks long", new Fault { Body = b => [.. b, .. Enumerable.Repeat((byte)' ', length + 1)] }, ByDigest);
            yield return new Lie($"blob, {length} bytes short", new Fault { Body = b => b[..^(length + 1)] }, Blob);
            yield return new Lie($"blob, {length} bytes long", new Fault { Body = b => [.. b, .. new byte[length + 1]] }, Blob);
        }

        yield return new Lie("blob of nothing", new Fault { Body = _ => [] }, Blob);
        yield return new Lie("manifest of nothing", new Fault { Body = _ => [] }, ByDigest);
        yield return new Lie("manifest without a digest header, changed", new Fault { Body = b => Flip(b, 3), Headers = new Dictionary<string, string?> { ["Docker-Content-Digest"] = null } }, ByDigest);
        yield return new Lie("manifest said to be compressed", Fault.WithHeaders(("Content-Encoding", "gzip")), ByTag);
        yield return new Lie("manifest said to be an index", Fault.WithHeaders(("Content-Type", MediaTypes.OciIndex)), ByTag);
        yield return new Lie("manifest said to be Docker's", Fault.WithHeaders(("Content-Type", MediaTypes.DockerManifest + "; charset=utf-8")), ByTag);
    }

    [Fact]
    public async Task Each_lie_is_refused()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        (Digest manifest, _, _) = registry.AddImage("app", "latest", s_layer);
        RegistryStore store = new RegistrySession().Open(registry.Host);
        int tried = 0, held = 0;
        foreach (Lie lie in Lies())
        {
            registry.OnRequest = null;
            await lie.Read(store, registry, manifest);
            registry.OnRequest = _ => lie.Fault;
            Exception? error = await Record.ExceptionAsync(() => lie.Read(store, registry, manifest));
            tried++;
            if (error is OciException { ErrorId: "DigestMismatch" or "SizeMismatch" or "AmbiguousDocument" or "ProtocolViolation" }) held++;
            else output.WriteLine($"{lie.Name}: {error?.ToString() ?? "taken"}");
        }

        output.WriteLine($"lies: tried {tried}, held {held}");
        Assert.Equal(tried, held);
        Assert.True(tried >= 100);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "TooLarge")]
    public async Task A_manifest_may_have_four_mebibytes_and_no_byte_more(int extra, string? errorId)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[]}""";
        registry.AddManifest("app", "latest", json + new string(' ', Limits.Manifest - json.Length + extra), MediaTypes.OciIndex);
        Exception? error = await Record.ExceptionAsync(() => new RegistrySession().Open(registry.Host).ReadManifestAsync(RegistrySession.At(registry), Stop));
        Assert.Equal(errorId, (error as OciException)?.ErrorId);
    }

    [Fact]
    public async Task The_size_of_a_HEAD_is_taken_only_where_nothing_was_encoded()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", s_layer);
        registry.OnRequest = _ => Fault.WithHeaders(("Content-Encoding", "gzip"));
        StoredImage image = await new RegistrySession().Open(registry.Host).ResolveAsync(RegistrySession.At(registry), Stop);
        Assert.Equal(-1, image.Manifest!.Size);
    }
}
