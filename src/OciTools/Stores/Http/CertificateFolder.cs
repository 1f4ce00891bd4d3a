using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OciTools.Stores.Http;

/// <summary>
/// The certificates of one registry: authorities that are trusted besides the system's (<c>*.crt</c>), and certificates to show as a
/// client (<c>*.cert</c>, each with its <c>*.key</c>). Half a pair, or a file that holds no certificate, is an error: silently left out it
/// would show as a failed connection that nobody can explain. A folder as <c>DOCKER_CERT_PATH</c> names it (<c>ca.pem</c>,
/// <c>cert.pem</c> with <c>key.pem</c>) is read as well.
/// </summary>
internal sealed class CertificateFolder : IDisposable
{
    private const string EngineAuthority = "ca.pem";
    private const string EngineClient = "cert.pem";
    private const string EngineKey = "key.pem";

    private CertificateFolder(string path, List<X509Certificate2> authorities, List<X509Certificate2> clients)
    {
        Path = path;
        Authorities = authorities;
        Clients = clients;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The authorities to trust besides the system's.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; }

    /// <summary>The client certificates, each with its private key.</summary>
    public IReadOnlyList<X509Certificate2> Clients { get; }

    /// <summary>Reads a folder.</summary>
    /// <param name="path">The folder, as <see cref="CertificateFolders.Find"/> gives it.</param>
    /// <exception cref="RefusedException">A certificate without its key, a key without its certificate, or a file that holds neither (<c>CertificateRefused</c>).</exception>
    /// <exception cref="ConflictException">The folder or a file in it cannot be read (<c>ReadFailed</c>).</exception>
    public static CertificateFolder Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        List<X509Certificate2> authorities = [];
        List<X509Certificate2> clients = [];
        try
        {
            string[] files = Directory.GetFiles(path);
            Array.Sort(files, StringComparer.Ordinal);
            foreach (string file in files)
            {
                if (file.EndsWith(".crt", StringComparison.Ordinal) || System.IO.Path.GetFileName(file) == EngineAuthority) AddAuthorities(file, authorities);
                else if (file.EndsWith(".cert", StringComparison.Ordinal)) clients.Add(Client(file, Partner(file, ".key", files)));
                else if (System.IO.Path.GetFileName(file) == EngineClient) clients.Add(Client(file, System.IO.Path.Combine(path, EngineKey)));
                else if (file.EndsWith(".key", StringComparison.Ordinal)) Partner(file, ".cert", files);
            }

            return new CertificateFolder(path, authorities, clients);
        }
        catch (Exception e)
        {
            foreach (X509Certificate2 certificate in authorities) certificate.Dispose();
            foreach (X509Certificate2 certificate in clients) certificate.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw ErrorCatalogue.ReadFailed.Error($"The certificates in {DisplayText.Excerpt(path)} cannot be read: {DisplayText.Excerpt(e.Message)}", e);
            throw;
        }
    }

    /// <summary>Name, size and time of each file in a folder, as they are now: where the text is the same, so are the certificates.</summary>
    internal static string StampOf(string path)
    {
        try
        {
            return string.Join('\n', new DirectoryInfo(path).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal)
                .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // whoever loads the folder says what is wrong with it
            return "";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (X509Certificate2 certificate in Authorities) certificate.Dispose();
        foreach (X509Certificate2 certificate in Clients) certificate.Dispose();
    }

    private static string Partner(string file, string extension, string[] files)
    {
        string partner = System.IO.Path.ChangeExtension(file, extension);
        if (Array.IndexOf(files, partner) >= 0) return partner;
        throw Refused(
            $"{DisplayText.Excerpt(file)} has no {DisplayText.Excerpt(System.IO.Path.GetFileName(partner))} beside it.",
            "A client certificate is a pair NAME.cert and NAME.key; the certificate of an authority is named NAME.crt.");
    }

    private static void AddAuthorities(string file, List<X509Certificate2> authorities)
    {
        byte[] bytes = Read(file);
        X509Certificate2Collection found = [];
        try
        {
            string text = Encoding.Latin1.GetString(bytes);
            if (text.Contains("-----BEGIN", StringComparison.Ordinal)) found.ImportFromPem(text);
            else found.Add(X509CertificateLoader.LoadCertificate(bytes));
        }
        catch (CryptographicException e)
        {
            throw Refused($"{DisplayText.Excerpt(file)} does not hold certificates: {DisplayText.Excerpt(e.Message)}", null, e);
        }

        if (found.Count == 0) throw Refused($"{DisplayText.Excerpt(file)} does not hold a certificate.", null);
        authorities.AddRange(found);
    }

    private static X509Certificate2 Client(string certificateFile, string keyFile)
    {
        string certificate = Encoding.Latin1.GetString(Read(certificateFile));
        string key = Encoding.Latin1.GetString(Read(keyFile));
        try
        {
            X509Certificate2 client = X509Certificate2.CreateFromPem(certificate, key);
            if (!OperatingSystem.IsWindows()) return client;
            // Windows does not use a key for TLS that lives in memory only.
            using (client) return X509CertificateLoader.LoadPkcs12(client.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // the message of the cause can only speak of the form, but the key has no business in it
            throw Refused(
                $"{DisplayText.Excerpt(certificateFile)} and {DisplayText.Excerpt(System.IO.Path.GetFileName(keyFile))} are not a certificate and its unencrypted private key in PEM form.",
                "Both must be PEM, the key without a passphrase, and belong together.");
        }
    }

    private static byte[] Read(string file)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.Length > Limits.CredentialDocument) throw Refused($"{DisplayText.Excerpt(file)} is larger than {Limits.CredentialDocument} bytes.", null);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static OciException Refused(string message, string? recommendation, Exception? inner = null) =>
        ErrorCatalogue.CertificateRefused.Error(message, inner, recommendation ?? "Put PEM certificates into the file, or remove it.");
}
