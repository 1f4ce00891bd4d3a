namespace OciTools.Completion;

/// <summary>Completes tags of the repository of -Image, where they were listed in this process.</summary>
public sealed class TagCompleter : ImageCompleter
{
    private protected override IEnumerable<Candidate> Find(ImageLocation image) =>
        image is { Transport: ImageTransport.Registry, Reference: { } reference } ? KnownNames.TagsOf(reference.Name).Select(tag => new Candidate(tag, $"a tag of {reference.Name}")) : [];
}
