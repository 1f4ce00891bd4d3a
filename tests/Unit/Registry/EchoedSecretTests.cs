using System.Text.Json;
using OciTools.Stores.Registry.Credentials;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>Servers that repeat in their answers what they were sent: errors end in logs, secrets must not.</summary>
public sealed class EchoedSecretTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(403, "json")]
    [InlineData(400, "text")]
    [InlineData(200, "page")]
    [InlineData(404, "long")]
    public async Task A_password_that_the_answer_repeats_is_not_in_the_error(int status, string form)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        registry.OnRequest = RegistrySession.Basic(request => Answer(status, form, request.Header("Authorization") + " is alice:" + RegistrySession.Password));
        Exception? error = await Record.ExceptionAsync(() => new RegistrySession().Open(registry.Host, RegistrySession.AsAlice).ReadManifestAsync(RegistrySession.At(registry), Stop));
        Check(error, "Basic ***");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_the_answer_repeats_is_not_in_the_error(bool byTokenServer)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.AddImage("app", "latest", [1]);
        registry.OnRequest = request => byTokenServer && request.Path == "/token"
            ? Answer(400, "json", "you sent " + RegistrySession.Identity)
            : RegistrySession.Bearer(registry, r => Answer(403, "json", "you sent " + r.Header("Authorization")))(request);
        RegistryCredential credential = new("alice", null, RegistrySession.Identity, null, "a test");
        Exception? error = await Record.ExceptionAsync(() => new RegistrySession().Open(registry.Host, credentials: new FixedCredentials(credential)).ReadManifestAsync(RegistrySession.At(registry), Stop));
        Check(error, byTokenServer ? "you sent ***" : "you sent Bearer ***");
    }

    private static void Check(Exception? error, string shown)
    {
        string text = Assert.IsAssignableFrom<OciException>(error).ToString();
        Assert.Contains(shown, text, StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("alice:" + RegistrySession.Password)), text, StringComparison.Ordinal);
    }

    private static Fault Answer(int status, string form, string text) => form switch
    {
        "json" => Fault.Json(status, JsonSerializer.Serialize(new { errors = new[] { new { code = "DENIED", message = text } } })),
        "page" => new Fault { Status = status, Body = _ => System.Text.Encoding.UTF8.GetBytes($"<html>{text}</html>") },
        "long" => new Fault { Status = status, Body = _ => System.Text.Encoding.UTF8.GetBytes(new string('x', 150) + text) },
        _ => new Fault { Status = status, Body = _ => System.Text.Encoding.UTF8.GetBytes(text) },
    };
}
