using System.Globalization;

namespace OciTools.Completion;

/// <summary>Completes the indexes of the layers of -Image, where they were listed in this process.</summary>
public sealed class LayerCompleter : ImageCompleter
{
    private protected override IEnumerable<Candidate> Find(ImageLocation image) =>
        KnownNames.LayersOf(image.ToString()).Select(layer => new Candidate(layer.Index.ToString(CultureInfo.InvariantCulture), About(layer)));

    private static string About(KnownLayer layer) => $"{(layer.Size is { } size ? DisplayText.Count(size, "byte") : "size unknown")}: {DisplayText.Excerpt(layer.CreatedBy)}";
}
