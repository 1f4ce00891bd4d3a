namespace OciTools;

/// <summary>Where the login of a registry is kept.</summary>
public enum CredentialPlace
{
    /// <summary>In the memory of this process.</summary>
    Process,

    /// <summary>In a file of Docker or of the container tools.</summary>
    File,

    /// <summary>In a credential helper.</summary>
    Helper,
}
