using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OciTools.Stores.Http;

namespace OciTools.UnitTests.Http;

public sealed class CertificateFoldersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ocitools-certs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_first_root_that_has_the_host_and_port_wins()
    {
        string[] roots = [Path.Combine(_folder, "a"), Path.Combine(_folder, "b")];
        string second = Directory.CreateDirectory(Path.Combine(roots[1], "reg.example.com:5000")).FullName;
        CertificateFolders folders = new(null, roots);
        Assert.Equal(second, folders.Find("reg.example.com:5000"));
        Assert.Equal(second, folders.Find("REG.example.com:5000"));
        string first = Directory.CreateDirectory(Path.Combine(roots[0], "reg.example.com:5000")).FullName;
        Assert.Equal(first, folders.Find("reg.example.com:5000"));
    }

    [Theory]
    [InlineData("reg.example.com")]
    [InlineData("reg.example.com:443")]
    [InlineData("evilreg.example.com:5000")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../certs")]
    [InlineData("a/../reg.example.com:5000")]
    public void Another_port_or_a_way_out_finds_nothing(string registry)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "certs", "reg.example.com:5000"));
        Assert.Null(new CertificateFolders(null, [Path.Combine(_folder, "certs")]).Find(registry));
    }

    [Theory]
    [InlineData("reg.example.com:5000", true, "reg.example.com5000")]
    [InlineData("[::1]:5000", true, "[1]5000")]
    [InlineData("reg.example.com:5000", false, "reg.example.com:5000")]
    public void Docker_on_windows_drops_the_colons(string registry, bool windows, string expected)
    {
        Assert.True(CertificateFolders.TryName(registry, windows, out string name));
        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData(".config/containers/certs.d")]
    [InlineData(".docker/certs.d")]
    [InlineData(".config/docker/certs.d")]
    public void The_home_folder_is_looked_at(string root)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, root, "reg.example.com")).FullName;
        Assert.Equal(folder, new CertificateFolders(new UserEnvironment(_ => null, _folder)).Find("reg.example.com"));
    }

    [Fact]
    public void Authorities_bundles_and_pairs_are_read()
    {
        using X509Certificate2 one = Certificate("one");
        using X509Certificate2 two = Certificate("two");
        using X509Certificate2 three = Certificate("three");
        Write("ca.crt", one.ExportCertificatePem());
        Write("bundle.crt", "some words\n" + two.ExportCertificatePem() + "\n" + three.ExportCertificatePem());
        File.WriteAllBytes(Path.Combine(_folder, "binary.crt"), one.RawData);
        using X509Certificate2 client = Certificate("client", out string key);
        Write("client.cert", client.ExportCertificatePem());
        Write("client.key", key);
        Write("README", "nothing");
        using CertificateFolder loaded = CertificateFolder.Load(_folder);
        Assert.Equal(["CN=one", "CN=two", "CN=three", "CN=one"], loaded.Authorities.Select(c => c.Subject));
        X509Certificate2 found = Assert.Single(loaded.Clients);
        Assert.Equal(client.Thumbprint, found.Thumbprint);
        Assert.True(found.HasPrivateKey);
    }

    [Theory]
    [InlineData("client.cert", null)]
    [InlineData("client.key", null)]
    [InlineData("client.cert", "other.key")]
    [InlineData("empty.crt", null)]
    [InlineData("garbage.crt", null)]
    public void Half_a_pair_or_a_file_without_certificate_is_an_error(string file, string? other)
    {
        using X509Certificate2 client = Certificate("client", out string key);
        foreach (string name in new[] { file, other }.OfType<string>())
            Write(name, name switch { "empty.crt" => "", "garbage.crt" => "-----BEGIN nothing", _ => name.EndsWith(".key", StringComparison.Ordinal) ? key : client.ExportCertificatePem() });
        OciException error = Assert.ThrowsAny<OciException>(() => CertificateFolder.Load(_folder));
        Assert.Equal("CertificateRefused", error.ErrorId);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foreign")]
    [InlineData("encrypted")]
    [InlineData("garbage")]
    public void A_key_that_does_not_fit_is_an_error_that_shows_nothing_of_it(string kind)
    {
        using X509Certificate2 client = Certificate("client");
        using RSA foreign = RSA.Create(2048);
        string key = kind switch
        {
            "foreign" => foreign.ExportPkcs8PrivateKeyPem(),
            "encrypted" => foreign.ExportEncryptedPkcs8PrivateKeyPem("pw", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)),
            _ => "hunter2",
        };
        Write("client.cert", client.ExportCertificatePem());
        Write("client.key", key);
        OciException error = Assert.ThrowsAny<OciException>(() => CertificateFolder.Load(_folder));
        Assert.Equal("CertificateRefused", error.ErrorId);
        Assert.DoesNotContain(key.Length > 100 ? key[60..90] : key, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_gone_is_a_read_error() =>
        Assert.Equal("ReadFailed", Assert.ThrowsAny<OciException>(() => CertificateFolder.Load(Path.Combine(_folder, "gone"))).ErrorId);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private static X509Certificate2 Certificate(string name) => Certificate(name, out _);

    private static X509Certificate2 Certificate(string name, out string key)
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        key = ecdsa.ExportPkcs8PrivateKeyPem();
        CertificateRequest request = new("CN=" + name, ecdsa, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
