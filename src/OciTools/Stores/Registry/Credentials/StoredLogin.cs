namespace OciTools.Stores.Registry.Credentials;

/// <summary>A login that Docker or the container tools keep, without its secret.</summary>
/// <param name="Registry">The host, as it is named in references.</param>
/// <param name="Repository">The namespace or repository that it is for; empty for the registry as a whole.</param>
/// <param name="UserName">The user; null where a token has none.</param>
/// <param name="Kind">What it is that is kept.</param>
/// <param name="Helper">The helper that has it; null where the file has it.</param>
/// <param name="File">The file that has it, or that names the helper.</param>
/// <param name="IsDocker">Whether the file is Docker's.</param>
public sealed record StoredLogin(string Registry, string Repository, string? UserName, CredentialKind Kind, string? Helper, string File, bool IsDocker)
{
    /// <summary>The file or the helper's program.</summary>
    public string Source => Helper is null ? File : CredentialHelper.ProgramOf(Helper);
}
