namespace OciTools;

/// <summary>What somebody may have meant by a name that led to no image. It looks at the text and at what it is told, and asks nobody.</summary>
public static class NameAdvice
{
    private const int MostTags = 5;
    private const string Engine = "docker-daemon:";
    private const string Layout = "oci:";
    private const string LayoutArchive = "oci-archive:";
    private const string DockerArchive = "docker-archive:";
    private const string Registry = "docker://";

    private static readonly Dictionary<string, string> s_words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["docker-daemon"] = Engine, ["oci"] = Layout, ["oci-archive"] = LayoutArchive, ["docker-archive"] = DockerArchive,
        // what other tools call the same places
        ["containers-storage"] = Engine, ["podman"] = Engine, ["oci-layout"] = Layout, ["ocidir"] = Layout, ["docker-tarfile"] = DockerArchive, ["tarball"] = DockerArchive,
        ["http"] = "", ["https"] = "",
    };

    /// <summary>What to write instead, in one or a few sentences; null where nothing else seems to be meant.</summary>
    /// <param name="error">What the name led to.</param>
    /// <param name="name">The name as it was written.</param>
    /// <param name="isImageFile">Whether a file or a layout lies at a path; relative paths are the user's.</param>
    /// <param name="tagsOf">The tags of a repository that are known already; it must not fetch them.</param>
    public static string? For(OciException error, string name, Func<string, bool> isImageFile, Func<string, IReadOnlyCollection<string>> tagsOf)
    {
        ArgumentNullException.ThrowIfNull(error);
        ArgumentNullException.ThrowIfNull(isImageFile);
        ArgumentNullException.ThrowIfNull(tagsOf);
        if (string.IsNullOrEmpty(name) || !IsAboutName(error)) return null;
        ImageReference? reference = null;
        if (ImageLocation.TryParse(name, out ImageLocation? location))
        {
            if (location.Transport != ImageTransport.Registry) return null;
            reference = location.Reference;
        }
        else if (!IsUnreadable(error))
        {
            // a place that is no image, such as the engine itself
            return null;
        }

        List<string> advice = [];
        if (location is null && name.Trim() is var bare && bare.Length < name.Length && ImageLocation.TryParse(bare, out _)) return $"There is white space around it: write '{DisplayText.Excerpt(bare, 200)}'.";
        // nobody can write what cannot be shown
        if (name.Any(char.IsControl)) return null;
        if (!name.StartsWith(Registry, StringComparison.Ordinal))
        {
            if (PathIn(name, isImageFile) is { } path) advice.Add($"There is a file or layout '{DisplayText.Excerpt(path, 100)}' here: for it write ./{DisplayText.Excerpt(name)}.");
            // a registry may be called like a transport
            if (reference is null or { Registry: ImageReference.DockerHub } && ForTransport(name) is { } transport) advice.Add(transport);
        }

        if (reference is { Digest: null, Tag: { } tag } && error.ErrorId == ErrorCatalogue.ImageNotFound.Id && error.Message.Contains($"{reference.Name}:{tag} ", StringComparison.Ordinal))
            advice.Add(ForTag(reference, tag, tagsOf(reference.Name)));
        return advice.Count == 0 ? null : string.Join(' ', advice);
    }

    /// <summary>The transport that a name seems to begin with, and how it is written; null where it seems to begin with none.</summary>
    /// <param name="name">The name, which was not taken for one with a transport.</param>
    private static string? ForTransport(string name)
    {
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || name.AsSpan(0, colon).ContainsAny('/', '\\')) return null;
        string word = name[..colon];
        string rest = DisplayText.Excerpt(name[(colon + 1)..].TrimStart('/'), 200);
        if (word.Equals("docker", StringComparison.OrdinalIgnoreCase))
            return $"For an image of the local engine write {Engine}{Or(rest, "NAME")}, for one in a registry {Or(rest, "NAME")} alone or {Registry}{Or(rest, "NAME")}.";
        if (!s_words.TryGetValue(word, out string? meant))
        {
            if (Spelling.Nearest(word, [.. s_words.Keys, "docker"], 1) is not [var nearest]) return null;
            int most = nearest.Length > 6 ? 3 : 1;
            if (Spelling.Distance(word, nearest, most) > most) return null;
            meant = nearest == "docker" ? Registry : s_words[nearest];
        }

        return meant switch
        {
            Engine => $"For an image of the local engine write {Engine}{Or(rest, "NAME:TAG")}.",
            Layout => $"For an image in an OCI layout write {Layout}{Or(rest, "DIRECTORY:REF")}.",
            LayoutArchive => $"For an image in an OCI archive write {LayoutArchive}{Or(rest, "FILE:REF")}.",
            DockerArchive => $"For an image that docker save has written write {DockerArchive}{Or(rest, "FILE:NAME:TAG")}.",
            Registry => $"For an image in a registry write {Registry}{Or(rest, "NAME:TAG")}.",
            _ => $"Leave out {word}://{(word.Equals("http", StringComparison.OrdinalIgnoreCase) ? ", and add -PlainHttp for a registry that speaks http" : "")}: write {Or(rest, "REGISTRY/REPOSITORY:TAG")}.",
        };
    }

    private static string ForTag(ImageReference reference, string tag, IReadOnlyCollection<string> known)
    {
        if (known.Count > 0 && !known.Contains(tag) && Spelling.Nearest(tag, known, MostTags) is { Count: > 0 } near)
            return $"Of the tags that were listed {(near.Count == 1 ? "the nearest is" : "the nearest are")} {DisplayText.Excerpt(string.Join(", ", near))}.";
        return $"Get-ImageTag {reference.FamiliarName} lists the tags that there are.";
    }

    private static bool IsAboutName(OciException error) =>
        error.Kind is ErrorKind.Unauthorized or ErrorKind.Forbidden or ErrorKind.Unreachable or ErrorKind.Timeout or ErrorKind.Protocol
        || IsUnreadable(error) || error.ErrorId == ErrorCatalogue.ImageNotFound.Id;

    private static bool IsUnreadable(OciException error) => error.ErrorId == ErrorCatalogue.InvalidImageName.Id || error.ErrorId == ErrorCatalogue.InvalidDigest.Id;

    // the whole name, or what stands before the first colon
    private static string? PathIn(string name, Func<string, bool> isImageFile)
    {
        if (isImageFile(name)) return name;
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && isImageFile(name[..colon]) ? name[..colon] : null;
    }

    private static string Or(string text, string placeholder) => text.Length > 0 ? text : placeholder;
}
