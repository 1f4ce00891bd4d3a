using OciTools.Stores.Registry.Credentials;

namespace OciTools.Operations.Logins;

/// <summary>What a login would do.</summary>
public sealed class LoginPlan
{
    internal LoginPlan(string registry, RegistryCredential credential, string? storedIn)
    {
        Registry = registry;
        Credential = credential;
        StoredIn = storedIn;
    }

    /// <summary>Host and port of the registry.</summary>
    public string Registry { get; }

    /// <summary>Where it would be kept for others: a file, or the program of a helper; null where it is for this process only.</summary>
    public string? StoredIn { get; }

    internal RegistryCredential Credential { get; }

    /// <summary>The login in words, for a question to the user.</summary>
    public string Describe() =>
        $"{Registry} as {(Credential.UserName is { } user ? DisplayText.Excerpt(user, 60) : "the owner of the identity token")}, "
        + (StoredIn is null ? "for this process" : $"for this process and kept in {DisplayText.Excerpt(StoredIn)}");
}
