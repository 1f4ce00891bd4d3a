using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OciTools.Stores;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>A server that ends its HTTP/2 connection every few requests, as nginx does, is not a failure.</summary>
public sealed class ClosingServerTests(ITestOutputHelper output)
{
    private const int AtOnce = 8;
    private const int ClosesAfter = 7;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task Requests_to_a_server_that_keeps_closing_its_connection_all_succeed() => AskAsync(times: 200);

    [Fact]
    [Trait("Category", "Slow")]
    public Task Many_requests_to_a_server_that_keeps_closing_its_connection_all_succeed() => AskAsync(times: 2000);

    private async Task AskAsync(int times)
    {
        Figure figure = new($"C14, operations over HTTP/2 whose connection is closed every {ClosesAfter} requests");
        using TempFolder folder = new();
        TestCertificates certificates = new();
        using X509Certificate2 certificate = certificates.Server();
        string pem = folder.Write("server.pem", Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
        string key = folder.Write("server.key", Encoding.ASCII.GetBytes(certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()));
        await using RealRegistry registry = await RealRegistry.StartAsync();
        await using NginxServer nginx = await NginxServer.StartAsync(
            _ => $$"""
                ssl_certificate {{pem}};
                ssl_certificate_key {{key}};
                keepalive_requests {{ClosesAfter}};
                client_max_body_size 0;
                location / { proxy_pass http://{{registry.Host}}; proxy_set_header Host $http_host; }
                """,
            "ssl http2");
        folder.Write($"certs.d/{nginx.Host}/ca.crt", Encoding.ASCII.GetBytes(certificates.Authority.ExportCertificatePem()));
        RegistryAccess access = RegistrySession.Access with { Certificates = new CertificateFolders(RegistrySession.Empty, [$"{folder.Path}/certs.d"]) };
        RegistryStore store = new RegistrySession(time: TimeProvider.System).Open(nginx.Host, access);
        ImageLocation location = ImageLocation.Parse($"{nginx.Host}/app:x");

        byte[] config = "{}"u8.ToArray();
        Descriptor empty = RegistrySession.DescriptorOf(config);
        await store.PutBlobAsync(location, empty, null, _ => Task.FromResult<Stream>(new MemoryStream(config)), Stop);
        ManifestDocument manifest = Manifest(empty, "the image");
        await store.PutManifestAsync(location, manifest, Stop);

        await Parallel.ForAsync(0, times, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Stop }, async (i, token) =>
        {
            string what = (i % 10) switch { < 5 => "resolve", < 7 => "read a manifest", 7 => "read a blob", 8 => "write a blob", _ => "write and delete a manifest" };
            try
            {
                figure.Check($"{i}, {what}", await RunAsync(what));
            }
            catch (OciException e)
            {
                figure.Check($"{i}, {what}", false, e.Message);
            }

            async Task<bool> RunAsync(string operation)
            {
                switch (operation)
                {
                    case "resolve":
                        return (await store.ResolveAsync(location, token)).Manifest!.Digest == manifest.Digest;
                    case "read a manifest":
                        return (await store.ReadManifestAsync(location, token)).Digest == manifest.Digest;
                    case "read a blob":
                        await using (Stream stream = await store.OpenBlobAsync(location, empty, token))
                        {
                            using MemoryStream read = new();
                            await stream.CopyToAsync(read, token);
                            return read.ToArray().AsSpan().SequenceEqual(config);
                        }

                    case "write a blob":
                        byte[] blob = new byte[100_000];
                        new Random(i).NextBytes(blob);
                        return !await store.PutBlobAsync(location, RegistrySession.DescriptorOf(blob), null, _ => Task.FromResult<Stream>(new MemoryStream(blob)), token);
                    default:
                        ManifestDocument own = Manifest(empty, $"{i}");
                        ImageLocation child = store.Child(location, own.GetDigest());
                        await store.PutManifestAsync(child, own, token);
                        return (await store.RemoveAsync(child, token)).State == RemovalState.Done;
                }
            }
        });

        string[][] requests = await nginx.RequestsAsync(times);
        Assert.All(requests.Where(r => r[4] != "0"), r => Assert.InRange(int.Parse(r[4], CultureInfo.InvariantCulture), 1, ClosesAfter));
        int http2 = requests.Count(r => r[5] == "HTTP/2.0");
        int closed = requests.Count(r => r[4] == $"{ClosesAfter}");
        output.WriteLine($"{http2} requests over HTTP/2, {closed} connections closed");
        Assert.InRange(http2, times, times * 2);
        Assert.InRange(closed, times / (ClosesAfter * 2), times);
        (int count, IReadOnlyList<string> wrong) = registry.HashStorage();
        Assert.InRange(count, times / 10, times);
        Assert.Empty(wrong);
        figure.Report(times);
    }

    private static ManifestDocument Manifest(Descriptor config, string note) => ManifestDocument.Parse(Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{config.Digest}}","size":2},"layers":[],"annotations":{"note":"{{note}}"} }"""), note);
}
