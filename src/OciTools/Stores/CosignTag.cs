namespace OciTools.Stores;

/// <summary>The tags by which cosign attaches documents to an image: <c>sha256-HEX.sig</c>, <c>.att</c> and <c>.sbom</c>.</summary>
internal static class CosignTag
{
    /// <summary>The ends of the tags.</summary>
    internal static IReadOnlyList<string> Suffixes { get; } = [".sig", ".att", ".sbom"];

    /// <summary>The tag for a subject.</summary>
    internal static string NameOf(Digest subject, string suffix) => $"{subject.Algorithm}-{subject.Hex}{suffix}";

    /// <summary>The subject that a tag names; null where it is none of these tags.</summary>
    internal static Digest? SubjectOf(string? tag)
    {
        foreach (string suffix in Suffixes)
        {
            if (tag?.EndsWith(suffix, StringComparison.Ordinal) != true) continue;
            string name = tag[..^suffix.Length];
            int dash = name.IndexOf('-', StringComparison.Ordinal);
            return dash > 0 && Digest.TryParse($"{name[..dash]}:{name[(dash + 1)..]}", out Digest? subject) ? subject : null;
        }

        return null;
    }
}
