using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Web;

namespace OciTools.UnitTests.Support;

/// <summary>A token server for a real registry (distribution's token authentication, RS256) that knows Alice and gives tokens of a short life.</summary>
internal sealed class TokenServer : IAsyncDisposable
{
    // docker-registry takes a token so long after its end
    private const int Leeway = 60;

    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _certificate;
    private readonly FakeRegistry _server;
    private readonly TempFolder _folder = new();
    private readonly int _life;
    private readonly ConcurrentQueue<string> _given = new();

    private TokenServer(FakeRegistry server, int life)
    {
        CertificateRequest request = new("CN=fixture", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _server = server;
        _life = life;
        server.OnRequest = Answer;
    }

    /// <summary>Its host and port, for those who trust it.</summary>
    internal string Host => _server.Host;

    /// <summary>The lines of a registry's settings that make it ask for these tokens.</summary>
    internal string Settings => $$"""
        auth: { token: { realm: "{{_server.Address}}token", service: fixture, issuer: fixture, rootcertbundle: {{_folder.Write("root.crt", Encoding.ASCII.GetBytes(_certificate.ExportCertificatePem()))}} } }

        """;

    /// <param name="life">The seconds for which a token is good; rounding makes it one more at most.</param>
    internal static async Task<TokenServer> StartAsync(int life) => new(await FakeRegistry.StartAsync(), life);

    /// <summary>How many tokens it has given for a repository.</summary>
    internal int Given(string repository) => _given.Count(scope => scope.StartsWith($"repository:{repository}:", StringComparison.Ordinal));

    /// <summary>A token, as it is given out.</summary>
    internal string Token(string scope)
    {
        string[] parts = scope.Split(':');
        string access = parts.Length == 3 ? $$"""{"type":"{{parts[0]}}","name":"{{parts[1]}}","actions":[{{string.Join(',', parts[2].Split(',').Select(action => $"\"{action}\""))}}]}""" : "";
        double now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;
        string header = $$"""{"typ":"JWT","alg":"RS256","x5c":["{{Convert.ToBase64String(_certificate.RawData)}}"]}""";
        string claims = string.Create(CultureInfo.InvariantCulture,
            $$"""{"iss":"fixture","sub":"alice","aud":"fixture","iat":{{Math.Floor(now)}},"nbf":{{Math.Floor(now) - 10}},"exp":{{Math.Ceiling(now + _life) - Leeway}},"jti":"{{Guid.NewGuid():N}}","access":[{{access}}]}""");
        string text = $"{Url(Encoding.UTF8.GetBytes(header))}.{Url(Encoding.UTF8.GetBytes(claims))}";
        return $"{text}.{Url(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    private Fault Answer(ReceivedRequest request)
    {
        if (request.Header("Authorization") != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:" + RegistrySession.Password))) return new Fault { Status = 401 };
        string scope = HttpUtility.ParseQueryString(request.Query)["scope"] ?? "";
        _given.Enqueue(scope);
        return Fault.Json(200, $$"""{"token":"{{Token(scope)}}","expires_in":{{_life}}}""");
    }

    private static string Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
