namespace OciTools.Stores.Registry;

/// <summary>One request to a registry.</summary>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Repository">The repository, for scopes and credentials.</param>
/// <param name="Path">The path on the registry, made of validated parts only.</param>
/// <param name="What">What is asked for and where, for messages: <c>The manifest of docker.io/library/nginx:latest</c>.</param>
internal sealed record RegistryRequest(HttpMethod Method, string Repository, string Path, string What)
{
    /// <summary>The types that are taken; null for any.</summary>
    internal string? Accept { get; init; }

    /// <summary>The first byte that is wanted.</summary>
    internal long From { get; init; }

    /// <summary>The last byte that is wanted; null for all that follow.</summary>
    internal long? To { get; init; }
}
