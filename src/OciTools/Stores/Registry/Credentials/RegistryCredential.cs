using System.Text;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>What a registry or its token server is told about who asks. Its text never shows a secret.</summary>
/// <param name="UserName">The user; null where only a token is known.</param>
/// <param name="Password">The password or access token that goes with the user; null for none.</param>
/// <param name="IdentityToken">A refresh token, to be exchanged at the token server (OAuth2 <c>refresh_token</c>); null for none.</param>
/// <param name="RegistryToken">A bearer token that the registry takes as it is; null for none.</param>
/// <param name="Source">The file or helper that it comes from, for people.</param>
public sealed record RegistryCredential(string? UserName, string? Password, string? IdentityToken, string? RegistryToken, string Source)
{
    /// <summary>Hosts that may get this credential as token servers, besides those that the user trusts anyway.</summary>
    public IReadOnlyList<string> TrustedRealms { get; init; } = [];

    /// <summary>The user, which secrets there are, and the source.</summary>
    public override string ToString()
    {
        StringBuilder text = new(nameof(RegistryCredential));
        text.Append(" { UserName = ").Append(DisplayText.Excerpt(UserName, 100));
        if (Password is not null) text.Append(", Password = (hidden)");
        if (IdentityToken is not null) text.Append(", IdentityToken = (hidden)");
        if (RegistryToken is not null) text.Append(", RegistryToken = (hidden)");
        return text.Append(", Source = ").Append(DisplayText.Excerpt(Source)).Append(" }").ToString();
    }
}
