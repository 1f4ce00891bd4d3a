using System.Net;
using OciTools.Adapters;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.UnitTests.Support;

/// <summary>
/// Opens stores on fake registries, in an environment of its own: no proxy, no certs.d and no variable of this computer counts, and the
/// waits before requests are tried again are over at once. Of a real server these waits are what helps, so for one they take their time.
/// </summary>
internal sealed class RegistrySession
{
    internal const string Password = "CANARY-pass-0xA1";
    internal const string Token = "CANARY-token-0xB2";
    internal const string Identity = "CANARY-identity-0xC3";

    private static readonly string s_basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("alice:" + Password));

    internal RegistrySession(UserEnvironment? environment = null, TimeProvider? time = null) =>
        Adapters = new ModuleAdapters(time ?? new JumpingTime(DateTimeOffset.UtcNow), environment ?? Empty);

    internal static UserEnvironment Empty { get; } = new(_ => null, null);

    internal static RegistryCredential Alice { get; } = new("alice", Password, null, null, "a test");

    internal ModuleAdapters Adapters { get; }

    internal static RegistryAccess Access { get; } = new() { Environment = Empty, Certificates = new CertificateFolders(Empty, []) };

    internal static RegistryAccess AsAlice { get; } = Access with { Credential = new NetworkCredential("alice", Password) };

    internal RegistryStore Open(string host, RegistryAccess? access = null, ICredentialSource? credentials = null) =>
        new(host, Adapters, access ?? Access, credentials ?? FixedCredentials.None);

    internal static ImageLocation At(FakeRegistry registry, string name = "app:latest") => ImageLocation.Parse($"{registry.Host}/{name}");

    /// <summary>Whether anything that a server received holds a secret.</summary>
    internal static bool HoldsSecret(FakeRegistry registry) => registry.Requests.Any(request =>
        request.Everything.Contains("CANARY", StringComparison.Ordinal) || request.Everything.Contains(s_basic, StringComparison.Ordinal)
        || request.Header("Cookie") is not null || request.Header("Authorization") is not null);

    /// <summary>One of the three reading operations.</summary>
    internal static async Task RunAsync(string operation, RegistryStore store, ImageLocation location, Descriptor blob, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case "resolve":
                await store.ResolveAsync(location, cancellationToken);
                break;
            case "manifest":
                await store.ReadManifestAsync(location, cancellationToken);
                break;
            default:
                await using (Stream stream = await store.OpenBlobAsync(location, blob, cancellationToken)) await stream.CopyToAsync(Stream.Null, cancellationToken);
                break;
        }
    }

    internal static Descriptor DescriptorOf(byte[] bytes) => new("application/octet-stream", Digest.Compute(bytes), bytes.Length);

    /// <summary>Serves tokens at <c>/token</c> and wants one for everything else; then <paramref name="next"/> decides.</summary>
    internal static Func<ReceivedRequest, Fault?> Bearer(FakeRegistry registry, Func<ReceivedRequest, Fault?>? next = null, string? realm = null, int expires = 300) => request =>
    {
        if (request.Path == "/token") return Fault.Json(200, $$"""{"token":"{{Token}}","expires_in":{{expires}}}""");
        if (request.Header("Authorization") != "Bearer " + Token)
            return Fault.Challenge($"Bearer realm=\"{realm ?? registry.Address + "token"}\",service=\"fake\",scope=\"repository:{request.Path.Split('/')[2]}:pull\"");
        return next?.Invoke(request);
    };

    /// <summary>Wants Basic; then <paramref name="next"/> decides.</summary>
    internal static Func<ReceivedRequest, Fault?> Basic(Func<ReceivedRequest, Fault?>? next = null, string realm = "fake") => request =>
        request.Header("Authorization") == "Basic " + s_basic ? next?.Invoke(request) : Fault.Challenge($"Basic realm=\"{realm}\"");
}
