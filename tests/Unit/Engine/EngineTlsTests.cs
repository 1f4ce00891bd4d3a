using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OciTools.Adapters;
using OciTools.Stores.Engine;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Engine;

public sealed class EngineTlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ocitools-tls-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Over_TLS_the_files_of_DOCKER_CERT_PATH_prove_both_sides()
    {
        TestCertificates certificates = new();
        using X509Certificate2 client = certificates.Server("client");
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.pem"), certificates.Authority.ExportCertificatePem(), Stop);
        await File.WriteAllTextAsync(Path.Combine(_folder, "cert.pem"), client.ExportCertificatePem(), Stop);
        await File.WriteAllTextAsync(Path.Combine(_folder, "key.pem"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Stop);

        string? shown = null;
        using X509Certificate2 own = certificates.Server();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = own;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => (shown = certificate.Thumbprint) is not null;
        })));
        await using WebApplication server = builder.Build();
        server.Run(async context =>
        {
            context.Response.Headers["Api-Version"] = "1.51";
            await context.Response.WriteAsync("OK");
        });
        await server.StartAsync(Stop);
        int port = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

        EngineClient engine = await EngineClient.ConnectAsync(new ModuleAdapters(), EngineEndpoint.Find(ScriptedEngine.Environment(
            ("DOCKER_HOST", $"tcp://localhost:{port}"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", _folder))), Stop);

        Assert.Equal("1.51", engine.Version?.ToString());
        Assert.Equal(client.Thumbprint, shown);
    }

    [Fact]
    public async Task The_modules_own_connections_reach_a_socket()
    {
        await using ScriptedEngine engine = (await ScriptedEngine.StartAsync("1.51")).On("/images/app:1/json", EngineAnswers.Docker28Inspect);
        await using EngineStore store = await EngineStore.OpenAsync(new ModuleAdapters(), engine.Environment(), Stop);

        Assert.Equal("docker-daemon:app:1", (await store.ResolveAsync(ImageLocation.Parse("docker-daemon:app:1"), Stop)).ToString());
    }
}
