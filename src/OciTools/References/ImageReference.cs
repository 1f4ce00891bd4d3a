using System.Diagnostics.CodeAnalysis;

namespace OciTools;

/// <summary>
/// The name of an image in a registry, by the grammar of the distribution project with Docker's rules for short names:
/// <c>nginx</c> means <c>docker.io/library/nginx:latest</c>. It is made by parsing only.
/// </summary>
public sealed class ImageReference : IEquatable<ImageReference>
{
    internal const string DockerHub = "docker.io";

    private const string DefaultTag = "latest";

    private ImageReference(string registry, string repository, string? tag, Digest? digest)
    {
        Registry = registry;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Host and port of the registry: <c>docker.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The path of the repository without the host, <c>library/</c> included.</summary>
    public string Repository { get; }

    /// <summary>The tag; null where the name gives only a digest.</summary>
    public string? Tag { get; }

    /// <summary>The digest; null where the name gives none.</summary>
    public Digest? Digest { get; }

    /// <summary>Registry and repository: the name without tag and digest.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>Parses <c>[registry/]repository[:tag][@digest]</c>. Without tag and digest the tag is <c>latest</c>.</summary>
    /// <param name="text">The name.</param>
    /// <exception cref="MalformedException">The text does not follow the grammar (<c>InvalidImageName</c>, or <c>InvalidDigest</c> for its digest).</exception>
    public static ImageReference Parse(string text)
    {
        (ImageReference? reference, string? problem, ErrorDefinition error) = Read(text);
        return reference ?? throw error.Error($"'{DisplayText.Excerpt(text)}' is not the name of an image: {problem}.");
    }

    /// <summary>Parses a name without throwing.</summary>
    /// <param name="text">The name.</param>
    /// <param name="reference">The reference, or null.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference) =>
        (reference = Read(text).Reference) is not null;

    /// <summary>The same repository, by digest alone.</summary>
    /// <param name="digest">The digest.</param>
    public ImageReference WithDigest(Digest digest) => new(Registry, Repository, null, digest);

    /// <summary>The same repository, by tag alone.</summary>
    /// <param name="tag">The tag.</param>
    /// <exception cref="MalformedException">The text is not a tag (<c>InvalidImageName</c>).</exception>
    public ImageReference WithTag(string tag) => ReferenceGrammar.IsTag(tag)
        ? new(Registry, Repository, tag, null)
        : throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(tag)}' is not a tag.");

    /// <summary>What a registry is asked for: the digest where there is one, else the tag.</summary>
    internal string Target => Digest?.ToString() ?? Tag!;

    /// <summary>
    /// The short form that Docker shows: without <c>docker.io/</c> and <c>library/</c>. A repository of Docker Hub whose first component
    /// would be taken for a host keeps its full name.
    /// </summary>
    internal string FamiliarName
    {
        get
        {
            if (Registry != DockerHub) return Name;
            const string Official = "library/";
            if (Repository.StartsWith(Official, StringComparison.Ordinal) && Repository.IndexOf('/', Official.Length) < 0)
                return Repository[Official.Length..];
            return ReferenceGrammar.LooksLikeRegistry(Repository.AsSpan(0, Repository.IndexOf('/', StringComparison.Ordinal))) ? Name : Repository;
        }
    }

    /// <summary>The canonical name: <c>registry/repository[:tag][@digest]</c>.</summary>
    public override string ToString() => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <inheritdoc/>
    public bool Equals(ImageReference? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ImageReference other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static (ImageReference? Reference, string? Problem, ErrorDefinition Error) Read(string? text)
    {
        ErrorDefinition bad = ErrorCatalogue.InvalidImageName;
        if (string.IsNullOrEmpty(text)) return (null, "it is empty", bad);
        if (OciTools.Digest.TryParse(text, out _))
            return (null, "a digest alone is an image id, not a repository; an image of the local engine is docker-daemon:sha256:…", bad);
        if (ReferenceGrammar.IsIdentifier(text)) return (null, "64 hexadecimal digits alone are an image id, not a repository", bad);

        string rest = text;
        Digest? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!OciTools.Digest.TryParse(rest[(at + 1)..], out digest))
                return (null, $"'{DisplayText.Excerpt(rest[(at + 1)..], 100)}' is not a sha256, sha384 or sha512 digest", ErrorCatalogue.InvalidDigest);
            rest = rest[..at];
        }

        (string registry, rest) = SplitRegistry(rest);
        string? tag = null;
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!ReferenceGrammar.IsTag(tag))
                return (null, $"'{DisplayText.Excerpt(tag, 150)}' is not a tag (letters, digits, '_', '.' and '-', at most 128, the first not '.' or '-')", bad);
        }

        if (!ReferenceGrammar.IsRegistry(registry))
            return (null, $"'{DisplayText.Excerpt(registry, 100)}' is not a registry host with an optional port", bad);
        if (registry == DockerHub && rest.Length > 0 && !rest.Contains('/', StringComparison.Ordinal)) rest = "library/" + rest;
        if (!ReferenceGrammar.IsRepository(rest)) return (null, Explain(rest), bad);
        if (rest.Length > ReferenceGrammar.RepositoryLimit)
            return (null, $"the repository has {rest.Length} characters where {ReferenceGrammar.RepositoryLimit} are allowed", bad);

        return (new ImageReference(registry, rest, tag ?? (digest is null ? DefaultTag : null), digest), null, bad);
    }

    // Docker's rule: what stands before the first slash is a host if it is localhost, has a period, a colon or an upper-case letter.
    private static (string Registry, string Remainder) SplitRegistry(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return (DockerHub, text);
        string first = text[..slash];
        if (!ReferenceGrammar.LooksLikeRegistry(first)) return (DockerHub, text);
        return (first == "index.docker.io" ? DockerHub : first, text[(slash + 1)..]);
    }

    private static string Explain(string repository) =>
        repository.AsSpan().ContainsAnyInRange('A', 'Z')
            ? $"the repository '{DisplayText.Excerpt(repository, 100)}' must be in lower case"
            : $"'{DisplayText.Excerpt(repository, 100)}' is not a repository (lower-case letters and digits, joined by '.', '_', '__' or '-', with '/' between components)";
}
