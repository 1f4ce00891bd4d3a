using System.Collections;

namespace OciTools.Completion;

/// <summary>
/// Completes names of images: those used in this process, tags that were listed, transports, images of the local engine, layouts and
/// archives on the disk. No registry is asked.
/// </summary>
public sealed class ImageNameCompleter : Completer
{
    private const string Engine = "docker-daemon:";

    private static readonly string[] s_files = ["oci:", "oci-archive:", "docker-archive:"];

    private static readonly Candidate[] s_transports =
    [
        new(Engine, "an image of the local Docker or Podman engine: docker-daemon:NAME:TAG"),
        new("oci:", "an image in an OCI layout: oci:DIRECTORY:REF"),
        new("oci-archive:", "an image in an OCI layout in a tar: oci-archive:FILE:REF"),
        new("docker-archive:", "an image in what docker save writes: docker-archive:FILE:NAME:TAG"),
        new("docker://", "an image in a registry, as without it: docker://NAME:TAG"),
    ];

    private protected override IEnumerable<Candidate> Find(string word, IDictionary bound)
    {
        Patience patience = new();
        foreach (string image in KnownNames.Images) yield return new Candidate(image, "used in this session");
        foreach (Candidate tag in Tags(word)) yield return tag;
        foreach (Candidate transport in s_transports) yield return transport;
        if (s_files.FirstOrDefault(transport => word.StartsWith(transport, StringComparison.Ordinal)) is { } files)
        {
            foreach (Candidate found in LayoutCandidates.Find(files, word[files.Length..], patience)) yield return found;
            yield break;
        }

        // where a completer finds nothing, PowerShell completes no path either
        if (word is ['.' or '/' or '~' or '\\', ..] or [_, ':', '/' or '\\', ..])
        {
            foreach (Candidate found in LayoutCandidates.Find("", word, patience)) yield return found;
            yield break;
        }

        foreach (string name in EngineNames.Get(patience))
        {
            yield return new Candidate(name, "an image of the local engine");
            if (word.Length > 0) yield return new Candidate(name[Engine.Length..], "in the registry; the local engine has an image of this name");
        }
    }

    // the tags of the repository that was typed, where they were listed
    private static IEnumerable<Candidate> Tags(string word)
    {
        int colon = word.LastIndexOf(':');
        if (colon <= word.LastIndexOf('/') || !ImageReference.TryParse(word[..colon], out ImageReference? repository)) return [];
        return KnownNames.TagsOf(repository.Name).Select(tag => new Candidate($"{word[..colon]}:{tag}", $"a tag of {repository.Name}"));
    }
}
