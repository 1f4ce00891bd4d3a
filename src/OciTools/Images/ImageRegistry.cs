namespace OciTools;

/// <summary>A registry that there is a login for. It never holds the secret.</summary>
public sealed record ImageRegistry
{
    /// <summary>Host and port, as names of images begin with them.</summary>
    public required string Registry { get; init; }

    /// <summary>The namespace or repository that the login is for; null for the registry as a whole.</summary>
    public string? Repository { get; init; }

    /// <summary>The user; null where a token has none.</summary>
    public string? UserName { get; init; }

    /// <summary>With what one logs in.</summary>
    public CredentialKind Kind { get; init; }

    /// <summary>Where the login is kept.</summary>
    public CredentialPlace Place { get; init; }

    /// <summary>The file or the helper's program that has it; null for the memory of this process.</summary>
    public string? Source { get; init; }

    /// <summary>Hosts that may get the login as token servers; kept with the logins of this process only.</summary>
    public IReadOnlyList<string> TrustedRealms { get; init; } = [];

    /// <summary>The registry.</summary>
    public override string ToString() => Repository is null ? Registry : $"{Registry}/{Repository}";
}
