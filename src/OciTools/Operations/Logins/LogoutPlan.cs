using OciTools.Stores.Registry.Credentials;

namespace OciTools.Operations.Logins;

/// <summary>A login that would be removed.</summary>
public sealed class LogoutPlan
{
    internal LogoutPlan(ImageRegistry login, StoredLogin? stored)
    {
        Login = login;
        Stored = stored;
    }

    /// <summary>The login.</summary>
    public ImageRegistry Login { get; }

    internal StoredLogin? Stored { get; }

    /// <summary>The login in words, for a question to the user.</summary>
    public string Describe() =>
        $"{Login.Registry} as {(Login.UserName is { } user ? DisplayText.Excerpt(user, 60) : "the owner of a token")}, kept in {(Login.Source is { } source ? DisplayText.Excerpt(source) : "this process")}";
}
