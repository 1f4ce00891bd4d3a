using System.Globalization;

namespace OciTools.Operations.Layers;

/// <summary>Which layers of an image are meant: by index from the bottom, by digest, or by diff id.</summary>
public sealed class LayerSelection
{
    private readonly List<(string Text, int? Index, Digest? Digest)> _wanted = [];

    private LayerSelection()
    {
    }

    /// <summary>No layer at all: a row of a history was given that made none.</summary>
    public static LayerSelection None { get; } = new();

    /// <summary>Parses what the user named.</summary>
    /// <param name="layers">Indexes and digests; null or empty means all.</param>
    /// <exception cref="MalformedException">One is neither (<c>InvalidLayer</c>).</exception>
    public static LayerSelection Parse(IReadOnlyCollection<string>? layers)
    {
        LayerSelection selection = new();
        foreach (string text in layers ?? [])
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index)) selection._wanted.Add((text, index, null));
            else if (Digest.TryParse(text, out Digest? digest)) selection._wanted.Add((text, null, digest));
            else throw ErrorCatalogue.InvalidLayer.Error($"'{DisplayText.Excerpt(text, 100)}' is neither the index of a layer nor a digest.");
        }

        return selection;
    }

    /// <summary>The named layers of an image, in its order; all where none was named.</summary>
    /// <exception cref="NotFoundException">The image has no such layer (<c>LayerNotFound</c>).</exception>
    internal IReadOnlyList<ImageLayer> Of(IReadOnlyList<ImageLayer> layers, string image)
    {
        if (this == None) return [];
        if (_wanted.Count == 0) return layers;
        bool[] chosen = new bool[layers.Count];
        foreach ((string text, int? index, Digest? digest) in _wanted)
        {
            string? wanted = digest?.ToString();
            bool found = false;
            for (int i = 0; i < layers.Count; i++)
            {
                ImageLayer layer = layers[i];
                if (layer.Layer != index && (wanted is null || (layer.Digest != wanted && layer.DiffId != wanted))) continue;
                chosen[i] = found = true;
            }

            if (!found)
                throw ErrorCatalogue.LayerNotFound.Error($"{DisplayText.Excerpt(image)} has no layer {DisplayText.Excerpt(text, 100)}; it has {layers.Count switch { 0 => "none", 1 => "one, with the index 0", _ => $"{layers.Count}, with the indexes 0 to {layers.Count - 1}" }}.");
        }

        return [.. layers.Where((_, i) => chosen[i])];
    }
}
