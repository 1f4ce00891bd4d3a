namespace OciTools.Operations.Comparing;

/// <summary>Compares layers: the same tar has the same diff id, however it is stored.</summary>
internal static class LayerComparison
{
    internal static IEnumerable<ImageDifference> Compare(ImageDifference template, IReadOnlyList<ImageLayer> before, IReadOnlyList<ImageLayer> after)
    {
        foreach ((ImageLayer? left, ImageLayer? right, bool isMoved) in Alignment.Of(before, after, layer => layer.DiffId ?? layer.Digest ?? ""))
        {
            ImageLayer layer = right ?? left!;
            List<string> aspects = [];
            if (left is not null && right is not null)
            {
                if (left.Digest is not null && right.Digest is not null && left.Digest != right.Digest) aspects.Add("Digest");
                if (isMoved) aspects.Add("Position");
                if (aspects.Count == 0) continue;
            }

            yield return template with
            {
                Kind = "Layer",
                Change = left is null ? "Added" : right is null ? "Removed" : "Changed",
                Name = layer.DiffId ?? layer.Digest ?? "",
                Aspects = aspects,
                ReferenceValue = left?.Digest ?? left?.DiffId,
                DifferenceValue = right?.Digest ?? right?.DiffId,
                ReferenceSize = left?.Size,
                DifferenceSize = right?.Size,
                Layer = layer.Layer,
                CreatedBy = layer.CreatedBy,
            };
        }
    }
}
