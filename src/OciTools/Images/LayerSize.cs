using System.Diagnostics.CodeAnalysis;

namespace OciTools;

/// <summary>The sizes of one layer of an image, in bytes.</summary>
public sealed record LayerSize : ImageLayer
{
    [SetsRequiredMembers]
    internal LayerSize(ImageLayer layer)
        : base(layer)
    {
    }
}
