namespace OciTools.Stores.Registry;

/// <summary>One request to a registry.</summary>
/// <param name="Method">GET or HEAD to read; POST, PATCH, PUT or DELETE to change something.</param>
/// <param name="Repository">The repository, for scopes and credentials; empty for the registry as a whole.</param>
/// <param name="Path">The path on the registry, made of validated parts only.</param>
/// <param name="What">What is asked for and where, for messages: <c>The manifest of docker.io/library/nginx:latest</c>.</param>
internal sealed record RegistryRequest(HttpMethod Method, string Repository, string Path, string What)
{
    /// <summary>The request for a blob.</summary>
    internal static RegistryRequest ForBlob(ImageReference repository, Descriptor blob) =>
        new(HttpMethod.Get, repository.Repository, $"/v2/{repository.Repository}/blobs/{blob.Digest}", $"The blob {blob.Digest} of {repository.Name}");

    /// <summary>The types that are taken; null for any.</summary>
    internal string? Accept { get; init; }

    /// <summary>The first byte that is wanted.</summary>
    internal long From { get; init; }

    /// <summary>The last byte that is wanted; null for all that follow.</summary>
    internal long? To { get; init; }

    /// <summary>What is done with the repository.</summary>
    internal RegistryAction Action { get; init; }

    /// <summary>Another repository of the registry that a blob is taken from; null for none.</summary>
    internal string? Source { get; init; }

    /// <summary>What is sent; null for nothing.</summary>
    internal RegistryBody? Body { get; init; }

    /// <summary>Where the registry wants the rest of an upload to go; null for <see cref="Path"/>.</summary>
    internal Uri? Upload { get; init; }

    /// <summary>Whether 303 is the answer: there is a page for people, and not what was asked for. Otherwise it is followed.</summary>
    internal bool TakesSeeOther { get; init; }

    /// <summary>What a token must allow (Docker token authentication, scope), if the registry does not say it in other words.</summary>
    internal string Scope => Action switch
    {
        RegistryAction.Push => $"repository:{Repository}:pull,push{(Source is null ? "" : $" repository:{Source}:pull")}",
        RegistryAction.Delete => $"repository:{Repository}:delete,pull",
        RegistryAction.Catalog => "registry:catalog:*",
        RegistryAction.Login => "",
        _ => $"repository:{Repository}:pull",
    };

    /// <summary>What could not be done, for messages.</summary>
    internal string Done => Action switch { RegistryAction.Push => "written", RegistryAction.Delete => "deleted", RegistryAction.Login => "logged in to", _ => "read" };
}

/// <summary>What is done with a repository.</summary>
internal enum RegistryAction
{
    /// <summary>Something is read.</summary>
    Pull,

    /// <summary>Something is written.</summary>
    Push,

    /// <summary>Something is deleted.</summary>
    Delete,

    /// <summary>The repositories of the registry are listed.</summary>
    Catalog,

    /// <summary>A login is tried.</summary>
    Login,
}

/// <summary>The body of a request. It is opened anew for each try.</summary>
/// <param name="MediaType">What it is.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="OpenAsync">Opens it.</param>
internal sealed record RegistryBody(string MediaType, long Size, Func<CancellationToken, Task<Stream>> OpenAsync)
{
    /// <summary>The first byte of the upload that this one is, where the upload goes in pieces; null for all of it.</summary>
    internal long? Offset { get; init; }

    /// <summary>
    /// Whether the server is asked for its consent to the head of the request first (RFC 9110, 10.1.1): otherwise one that refuses it, because
    /// of its size or of its token, closes the connection under the body, and its answer is lost.
    /// </summary>
    internal bool AsksFirst { get; init; }
}
