namespace OciTools;

/// <summary>With what somebody logs in to a registry.</summary>
public enum CredentialKind
{
    /// <summary>A user with a password or an access token.</summary>
    Password,

    /// <summary>A refresh token, which the token server exchanges.</summary>
    IdentityToken,

    /// <summary>A bearer token that the registry takes as it is.</summary>
    RegistryToken,
}
